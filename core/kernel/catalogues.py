"""Keeps the message files: extraction from the sources and the list of what is not translated.

Owns: the `.po` files of this repository's packages. Never loses a translation: a text that has gone stays in
the file as obsolete and comes back with its text, also when it moves to another package.
"""

import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from core.kernel.i18n import DEFAULT, HOUSE, LOCALES, MESSAGES, TOPS

__all__ = ["conflicts", "extract_all", "main", "problems"]

KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "N_": None,
    "t": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
METHODS: Final = {".py": "python", ".html": "jinja2", ".txt": "jinja2"}
EXTENSIONS: Final = {"extensions": "jinja2.ext.i18n,jinja2.ext.do,jinja2.ext.loopcontrols", "silent": "false"}
SKIPPED: Final = {"static", "locales", "migrations", "__pycache__", "node_modules"}
HEADER: Final = """\
msgid ""
msgstr ""
"Language: {locale}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals={plurals}; plural={rule};\\n"

"""
_PLACEHOLDER: Final = re.compile(r"\{(\w+)[^{}]*\}|%\((\w+)\)")


def sources(house: Path, tops: Sequence[str] = TOPS) -> dict[Path, list[Path]]:
    """List the files that may hold texts, by the package whose message file they belong to.

    That is the nearest folder above the file with a `plugin.py`, else the folder right below the top one.
    """
    found: dict[Path, list[Path]] = defaultdict(list)
    for top in tops:
        for path in sorted((house / top).rglob("*")):
            parts = path.relative_to(house).parts
            if path.suffix not in METHODS or SKIPPED.intersection(parts):
                continue
            if path.suffix != ".py" and "templates" not in parts:
                continue
            found[_package(house, path)].append(path)
    return dict(found)


def _package(house: Path, path: Path) -> Path:
    top = house / path.relative_to(house).parts[0]
    for folder in path.parents:
        if (folder / "plugin.py").is_file():
            return folder
        if folder == top:
            break
    below = path.relative_to(top).parts
    return top / below[0] if len(below) > 1 else top


def template(files: Sequence[Path]) -> Catalog:
    """Collect the texts of some source files."""
    catalogue = Catalog(charset="utf-8")
    for path in files:
        method = METHODS[path.suffix]
        options = EXTENSIONS if method == "jinja2" else {"encoding": "utf-8"}
        with path.open("rb") as file:
            for _, message, _, context in extract(method, file, keywords=KEYWORDS, options=options):
                catalogue.add(message, context=context)
    return catalogue


def _read(path: Path, locale: str) -> Catalog:
    if not path.is_file():
        return Catalog(locale=locale, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=locale, charset="utf-8")


def _write(path: Path, catalogue: Catalog, locale: str) -> bool:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    header = HEADER.format(locale=locale, plurals=catalogue.num_plurals, rule=catalogue.plural_expr)
    content = header.encode() + buffer.getvalue().strip() + b"\n"
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


def _all_messages(catalogue: Catalog) -> Iterator[Message]:
    yield from (message for message in catalogue if message.id)
    yield from catalogue.obsolete.values()


def _name(message: Message) -> tuple[str | None, str]:
    return (message.context, message.id if isinstance(message.id, str) else message.id[0])


def _is_done(message: Message) -> bool:
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    return bool(texts) and all(texts) and not message.fuzzy


def _known(house: Path, locale: str, tops: Sequence[str]) -> dict[tuple[str | None, str], Any]:
    """Collect every finished translation there is, for texts that move between packages."""
    known: dict[tuple[str | None, str], Any] = {}
    for path in sorted(_files(house, locale, tops)):
        for message in _all_messages(_read(path, locale)):
            if _is_done(message):
                known.setdefault(_name(message), message.string)
    return known


def _files(house: Path, locale: str, tops: Sequence[str] = TOPS) -> list[Path]:
    return [path for top in tops for path in (house / top).rglob(MESSAGES.format(locale=locale))]


def extract_all(house: Path = HOUSE, tops: Sequence[str] = TOPS) -> list[Path]:
    """Bring all message files up to date with the sources; return those that changed."""
    changed: list[Path] = []
    packages = sources(house, tops)
    for locale in (code for code in LOCALES if code != DEFAULT):
        known = _known(house, locale, tops)
        tail = MESSAGES.format(locale=locale)
        for package, files in sorted(packages.items()):
            found, path = template(files), package / tail
            if not len(found) and not path.is_file():
                continue
            catalogue = _read(path, locale)
            catalogue.update(found, no_fuzzy_matching=True, update_creation_date=False)
            for message in (one for one in catalogue if one.id):
                text = known.get(_name(message))
                if not _is_done(message) and isinstance(text, tuple) == isinstance(message.id, tuple):
                    message.string = text if text else message.string
            if _write(path, catalogue, locale):
                changed.append(path)
    return changed


def _placeholders(text: str) -> set[str]:
    return {first or second for first, second in _PLACEHOLDER.findall(text)}


def _fits(message: Message) -> bool:
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
    wanted = {name for text in ids for name in _placeholders(text)}
    # A plural form may name the number in words, so it may lack `n`.
    return all(_placeholders(str(text)) | {"n"} == wanted | {"n"} for text in texts)


def problems(house: Path = HOUSE, tops: Sequence[str] = TOPS) -> list[str]:
    """List texts that are missing, fuzzy, or whose placeholders differ from the source's."""
    found: list[str] = []
    for locale in (code for code in LOCALES if code != DEFAULT):
        for package, files in sorted(sources(house, tops).items()):
            catalogue = _read(package / MESSAGES.format(locale=locale), locale)
            where = package.relative_to(house).as_posix()
            for source in (one for one in template(files) if one.id):
                message = catalogue.get(source.id, source.context)
                if message is None or not _is_done(message):
                    state = "fuzzy" if message is not None and message.fuzzy else "missing"
                    found.append(f"{locale} {where}: {state}: {_name(source)[1]!r}")
                elif not _fits(message):
                    found.append(f"{locale} {where}: other placeholders: {_name(source)[1]!r}")
    return found


def conflicts(house: Path = HOUSE) -> list[str]:
    """List texts that two packages translate differently: one word per thing, or a context."""
    seen: dict[Any, tuple[Any, Path]] = {}
    found: list[str] = []
    for locale in (code for code in LOCALES if code != DEFAULT):
        for path in sorted(_files(house, locale)):
            for message in (one for one in _read(path, locale) if one.id and _is_done(one)):
                texts = message.string if isinstance(message.string, tuple) else (message.string,)
                first, where = seen.setdefault((locale, _name(message)), (texts, path))
                if first[0] != texts[0]:
                    names = [one.relative_to(house).as_posix() for one in (where, path)]
                    found.append(f"{_name(message)[1]!r}: {first[0]} ({names[0]}), {texts[0]} ({names[1]})")
    return found


def main(arguments: Sequence[str]) -> int:
    """Run `extract` or `check`; `check` fails when anything is not translated or contradicts itself.

    With the folder of a package it is about that package alone, wherever it lies.
    """
    match list(arguments):
        case ["extract", *folder] if len(folder) <= 1:
            house, tops = _place(folder)
            for path in extract_all(house, tops):
                sys.stdout.write(f"updated {path.relative_to(house).as_posix()}\n")
            return 0
        case ["check", *folder] if len(folder) <= 1:
            house, tops = _place(folder)
            found = problems(house, tops) + ([] if folder else conflicts())
            sys.stdout.writelines(f"{line}\n" for line in found)
            return 1 if found else 0
    sys.stderr.write("usage: python -m core.kernel.i18n extract|check [PACKAGE]\n")
    return 2


def _place(folder: Sequence[str]) -> tuple[Path, Sequence[str]]:
    if not folder:
        return HOUSE, TOPS
    package = Path(folder[0]).resolve()
    return package.parent, (package.name,)
