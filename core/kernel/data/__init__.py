"""Word lists beside the code that reads them: countries, currencies, places, surnames. Nothing here acts."""

from importlib.resources import files

__all__ = ["read_words"]


def read_words(name: str) -> frozenset[str]:
    """Read a list of words; a line that begins with # is a remark."""
    text = files(__name__).joinpath(f"{name}.txt").read_text("utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
