"""The operator's page names every setting, and no command that does not exist."""

import re
from pathlib import Path

import click

from core.cli.main import guanxi

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operator.md").read_text("utf-8")
READ = re.compile(r'reader\.get\("([A-Z_]+)"')


def commands_of(page: str) -> set[tuple[str, ...]]:
    """The words of every `guanxi …` command of a page, without its arguments."""
    found = set()
    for line in re.findall(r"guanxi ((?:[a-z-]+ ?)+)", page):
        found.add(tuple(line.split()))
    return found


def test_every_setting_is_named():
    names = set(READ.findall((ROOT / "core" / "settings.py").read_text("utf-8")))
    names |= {"GUANXI_HOME", "GUANXI_RATE_ADDRESS_PER_MINUTE", "GUANXI_RATE_TENANT_PER_MINUTE"}
    assert len(names) > 10
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


def test_every_command_exists():
    for name in ("operator", "api", "user"):
        for words in commands_of((ROOT / "docs" / f"{name}.md").read_text("utf-8")):
            context, command = click.Context(guanxi), guanxi
            for word in words:
                if not isinstance(command, click.Group):
                    break
                found = command.get_command(context, word)
                assert found is not None, f"{name}.md: guanxi {' '.join(words)}"
                command = found
