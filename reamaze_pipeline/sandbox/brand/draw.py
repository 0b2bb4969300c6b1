"""Repeatable choices from a key: the same key gives the same words everywhere, in any order of asking.

Used when one row is rendered; whole columns are drawn with numpy in `generate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Draw:
    """About 500 bits of chance that belong to (seed, kind, number), spent one choice at a time."""

    __slots__ = ("_bits",)

    def __init__(self, seed: int, kind: str, number: int) -> None:
        self._bits = int.from_bytes(blake2b(f"{seed}/{kind}/{number}".encode(), digest_size=64).digest(), "big")

    def below(self, bound: int) -> int:
        """A whole number from 0 up to, not including, `bound`."""
        self._bits, choice = divmod(self._bits, bound)
        return choice

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`."""
        return choices[self.below(len(choices))]

    def chance(self, per_mille: int) -> bool:
        """True `per_mille` times in a thousand."""
        return self.below(1000) < per_mille


def base36(number: int) -> str:
    """A natural number in digits and lower-case letters."""
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
        if not number:
            return digits


def from_base36(text: str) -> int | None:
    """The number `base36` wrote, or None where `text` is no such number."""
    if not text or len(text) > 7 or any(c not in DIGITS for c in text):
        return None
    return int(text, 36)
