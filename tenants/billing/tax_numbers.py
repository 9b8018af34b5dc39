"""The unified social credit code of Chinese organisations (GB 32100-2015): 18 characters, the last a check."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18


def is_credit_code(text: str) -> bool:
    """Whether the check character is right: the weights are the powers of 3 modulo 31."""
    if len(text) != LENGTH or any(letter not in ALPHABET for letter in text):
        return False
    total = sum(ALPHABET.index(letter) * pow(3, place, 31) for place, letter in enumerate(text[:-1]))
    return ALPHABET[-total % 31] == text[-1]
