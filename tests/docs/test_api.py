"""Runs the examples of docs/api.md in their order and compares what comes back with what the page says."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLE = re.compile(r"```sh\n(.*?)```\s+```http\n(.*?)```", re.S)
HEREDOC = re.compile(r" <<'END'\n(.*?)\nEND\n", re.S)
MORE = re.compile(r"([,{])\s*…(?=\s*})")
VARIABLE = re.compile(r"\$([A-Z]+)")


@dataclass
class Call:
    """A curl command, as far as the page uses curl."""

    url: str = ""
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None


def read(command: str) -> Call:
    """Read the last command of a block."""
    typed = HEREDOC.search(command)
    words = shlex.split(HEREDOC.sub("\n", command).replace("\\\n", " ").split("curl ", 1)[1])
    call, rest = Call(), iter(words)
    for word in rest:
        if word == "-X":
            call.method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            call.headers[name] = value
        elif word in {"--json", "--data-binary"}:
            call.body = next(rest)
            call.method = "POST" if call.method == "GET" else call.method
            if word == "--json":
                call.headers["Content-Type"] = "application/json"
        else:
            call.url = word
    if call.body == "@-" and typed:
        call.body = typed[1]
    return call


def expected(text: str) -> Any:
    """Read a shortened answer: `…` beside keys allows more of them, as a value anything."""
    return json.loads(MORE.sub(r'\1 "…": 0', text.replace('"…"', '"*"')))


def compare(shown: Any, got: Any, known: dict[str, str], at: str = "") -> None:
    """Compare an answer with the page, and learn the variables that the page names."""
    if isinstance(shown, dict):
        assert isinstance(got, dict), at
        wanted = {key: value for key, value in shown.items() if key != "…"}
        assert wanted.keys() <= got.keys(), f"{at}: {wanted.keys() - got.keys()} in {got}"
        assert "…" in shown or wanted.keys() == got.keys(), (
            f"{at}: {got.keys() - wanted.keys()} are not shown"
        )
        for key, value in wanted.items():
            compare(value, got[key], known, f"{at}.{key}")
    elif isinstance(shown, list):
        assert len(shown) == len(got), f"{at}: {got}"
        for number, (one, other) in enumerate(zip(shown, got, strict=True)):
            compare(one, other, known, f"{at}.{number}")
    elif isinstance(shown, str) and (variable := VARIABLE.fullmatch(shown)):
        assert known.setdefault(variable[1], got) == got, at
    elif shown != "*":
        assert shown == got, at


async def test_every_example_does_what_the_page_says(ann, drain):
    page = PAGE.read_text("utf-8")
    examples = EXAMPLE.findall(page)
    assert len(examples) == page.count("```sh") == page.count("```http")
    known = {"GUANXI": "http://guanxi.test/api/v1", "KEY": ann.key}
    for command, answer in examples:
        await drain()
        filled = VARIABLE.sub(
            lambda found: known.get(found[1], found[0]), command.split("KEY=gx_live_…\n")[-1]
        )
        call = read(filled)
        got = await ann.api.request(call.method, call.url, headers=call.headers, content=call.body)
        head, _, body = answer.partition("\n\n")
        status, *headers = head.strip().splitlines()
        assert got.status_code == int(status.split()[0]), f"{command}\n{got.status_code} {got.text}"
        for name, _, value in (header.partition(": ") for header in headers):
            assert got.headers[name] == value, command
        if body.strip():
            compare(expected(body), got.json(), known, command)
