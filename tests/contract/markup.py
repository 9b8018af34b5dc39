"""What a page says and asks for, read from its markup."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

SILENT = frozenset({"script", "style", "svg", "kbd", "code", "template"})
SAID = frozenset(
    {"aria-label", "title", "placeholder", "alt", "data-confirm", "hx-confirm", "aria-description"}
)
LOADS = {
    "script": "src",
    "img": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "form": "action",
    "use": "href",
}
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
NAMES = re.compile(r"\S+@\S+|https?://\S+|\S*/\S*|[A-Za-z]+[-_.]?\d[\w.-]*")
WORD = re.compile(r"[A-Za-z][A-Za-z'’]{2,}")
KNOWN = frozenset(
    {
        "Guanxi",
        "WhatsApp",
        "Excel",
        "English",
        "JavaScript",
        "Ctrl",
        "Alt",
        "Shift",
        "Esc",
        "Enter",
        "Tab",
        "Webhook",
    }
)


@dataclass
class Markup(HTMLParser):
    """One page or fragment."""

    html: str
    texts: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    lang: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html.replace("<wbr>", ""))
        self.wrong += [
            f"the id {name!r} twice" for name in sorted({i for i in self.ids if self.ids.count(i) > 1})
        ]
        self.wrong += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.lang = values.get("lang", "") if tag == "html" else self.lang
        if "id" in values:
            self.ids.append(values["id"])
        self._note(tag, values)
        self.texts += [values[name] for name in SAID & values.keys()]
        self.wrong += [
            f"{name} on <{tag}>" for name in values if name == "style" or re.match(r"on[a-z]+$", name)
        ]
        self.wrong += [
            f"{name}={text!r}" for name, text in values.items() if text.lower().startswith("javascript:")
        ]
        self.wrong += [f"{name} on <{tag}>" for name in values if name.startswith("hx-on")]

    def _note(self, tag: str, values: dict[str, str]) -> None:
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in LOADS and values.get(LOADS[tag]):
            self.loads.append(values[LOADS[tag]])
        if tag == "script":
            if values.get("src"):
                self.scripts.append(values["src"])
            elif values.get("type") not in {"application/json", "importmap"}:
                self.wrong.append("an inline <script>")
        if tag == "style":
            self.wrong.append("an inline <style>")
        if tag == "link" and values.get("rel") == "stylesheet":
            self.styles.append(values["href"])
        if tag == "input" and values.get("type") in {"submit", "button", "reset"}:
            self.texts.append(values.get("value", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong.append(f"</{tag}> closes <{self.open[-1] if self.open else 'nothing'}>")

    def handle_data(self, data: str) -> None:
        if data.strip() and not SILENT & set(self.open):
            self.texts.append(" ".join(data.split()))

    @property
    def foreign(self) -> list[str]:
        """What it would load from other hosts."""
        return [url for url in self.loads if urlsplit(url).netloc]

    @property
    def latin(self) -> list[str]:
        """The texts with words in Latin letters: untranslated, in a Chinese page with Chinese data."""
        return [
            text
            for text in self.texts
            if any(_is_english(word) for word in WORD.findall(NAMES.sub(" ", text)))
        ]


def _is_english(word: str) -> bool:
    return word not in KNOWN and not word.isupper()
