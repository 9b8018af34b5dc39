"""Which fields show: the server decides like the page, for any answers."""

from __future__ import annotations

import json
import os
import random
import re
import secrets
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import sync_playwright

from plugins.marketing.forms import tickets
from plugins.marketing.forms.definition import Condition, Field, completed, faults, shown
from tests.e2e.conftest import CHROMIUM

SCRIPT = Path(__file__).parents[4] / "plugins/marketing/forms/static/marketing_forms/conditions.js"
KEYS = ("a", "b", "c", "d")
TEXTS = (
    "",
    " ",
    "x",
    "X",
    "xy",
    " x\n",
    "是",
    "true",
    "1",
    "é",
    "É",
    "\u00a0",
    "a,b",
    "ß",
    "İ",
    "\x1c",
    "\ufeff",
)
OPS = ("is", "is_not", "contains", "filled", "empty")
CASES = 3_000
SEED = int(os.environ.get("GUANXI_SEED", secrets.randbelow(10**6)))


def case(rng: random.Random) -> tuple[list[Field], dict[str, Any]]:
    """Some fields with conditions on each other, and answers to them."""
    fields = []
    for key in KEYS:
        rules = [
            Condition(field=rng.choice((*KEYS, "nowhere")), op=rng.choice(OPS), value=rng.choice(TEXTS))  # type: ignore[arg-type]
            for _ in range(rng.randrange(4))
        ]
        fields.append(Field(label=key, key=key, show_if=rules))
    values: dict[str, Any] = {}
    for key in rng.sample(KEYS, rng.randrange(5)):
        several = [rng.choice(TEXTS) for _ in range(rng.randrange(4))]
        values[key] = several if rng.random() < 0.3 else rng.choice(TEXTS)
    return fields, values


def test_page_and_server_agree() -> None:
    rng = random.Random(SEED)
    cases = [case(rng) for _ in range(CASES)]
    mine = [sorted(shown(fields, values)) for fields, values in cases]
    asked = [[msgspec.to_builtins(fields), values] for fields, values in cases]
    script = SCRIPT.read_text("utf-8").replace("export function", "function")
    question = f"""(cases) => {{ {script}
        return JSON.stringify(cases.map(([fields, values]) => [...shown(fields, values)].sort())); }}"""
    theirs = json.loads(evaluated(question, asked))
    wrong = [found for found in zip(asked, mine, theirs, strict=True) if found[1] != found[2]]
    assert wrong == [], f"seed {SEED}"


def evaluated(function: str, *values: Any) -> str:
    """What a browser makes of a function."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        found = browser.new_page().evaluate(function, *values)
        browser.close()
    return str(found)


def test_what_a_hidden_field_says_counts_for_nothing() -> None:
    fields = [
        Field(label="a", key="a"),
        Field(label="b", key="b", show_if=[Condition(field="a", value="yes")]),
        Field(label="c", key="c", show_if=[Condition(field="b", op="filled")]),
    ]
    assert shown(fields, {"a": "no", "b": "x"}) == {"a"}
    assert shown(fields, {"a": "yes", "b": "x"}) == {"a", "b", "c"}


def test_keys_are_spelt_and_nothing_looks_ahead() -> None:
    fields = completed(
        [Field(label="公司 名称"), Field(label="公司 名称"), Field(label="Homepage"), Field(label="?")]
    )
    keys = [field.key for field in fields]
    assert len(set(keys)) == 4
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", key) for key in keys)
    assert "homepage" not in keys
    ahead = [Field(label="x", key="x", show_if=[Condition(field="y")]), Field(label="y", key="y")]
    assert [error.path for error in faults(ahead)] == ["fields.0.show_if.0.field"]
    twice = [Field(label="x", key="x", target="name"), Field(label="x", key="x", target="name", type="email")]
    assert {error.path for error in faults(twice)} == {"fields.1.key", "fields.1.target"}


def test_the_proof_of_the_page_is_what_the_server_wants() -> None:
    script = SCRIPT.with_name("proof.js").read_text("utf-8").replace("export ", "")
    ticket = "v1.abc-DEF_123" * 9
    proof = evaluated(f"(ticket) => {{ {script}\nreturn prove(ticket, 12); }}", ticket)
    assert tickets.is_proof(ticket, proof, 12)
    assert not tickets.is_proof(ticket, "-1", 1)
