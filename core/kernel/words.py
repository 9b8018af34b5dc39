"""Reads the word lists in `data/`: countries, currencies, places, surnames. Never changes them."""

from pathlib import Path
from typing import Final

__all__ = ["read_lines", "read_words"]

_FOLDER: Final = Path(__file__).parent / "data"


def read_lines(name: str) -> list[str]:
    """Read a list's lines; one that begins with # is a remark."""
    text = _FOLDER.joinpath(f"{name}.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def read_words(name: str) -> frozenset[str]:
    """Read a list of words, in any number of lines."""
    return frozenset(word for line in read_lines(name) for word in line.split())
