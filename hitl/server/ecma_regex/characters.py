"""Sets of characters: what one place of a pattern accepts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Characters:
    """The characters of some ranges, or with `negated` all others."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def __contains__(self, character: str) -> bool:
        return any(first <= character <= last for first, last in self.ranges) is not self.negated


def one(character: str) -> Characters:
    """Return the set of one character."""
    return Characters(((character, character),))


def union(sets: Iterable[Characters], *, negated: bool) -> Characters:
    """Return the characters that are in one of the sets, or in none of them."""
    ranges = [each for some in sets for each in (_outside(some.ranges) if some.negated else some.ranges)]
    return Characters(tuple(ranges), negated)


def _outside(ranges: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Return the gaps between the ranges."""
    gaps: list[tuple[str, str]] = []
    following = 0
    for first, last in sorted(ranges):
        if following < ord(first):
            gaps.append((chr(following), chr(ord(first) - 1)))
        following = max(following, ord(last) + 1)
    return [*gaps, (chr(following), _LAST)]


_LAST: Final = "\U0010ffff"
_SPACES: Final = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"

# ECMA-262, 22.2.2.9: digits and word characters are those of ASCII, spaces are those of Unicode.
DIGITS: Final = Characters((("0", "9"),))
WORD: Final = Characters((("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")))
SPACES: Final = Characters((*((space, space) for space in _SPACES), ("\u2000", "\u200a")))
LINE_ENDS: Final = Characters((("\n", "\n"), ("\r", "\r"), ("\u2028", "\u2029")))

ANY: Final = Characters(LINE_ENDS.ranges, negated=True)
CLASSES: Final = {
    "d": DIGITS,
    "D": Characters(DIGITS.ranges, negated=True),
    "w": WORD,
    "W": Characters(WORD.ranges, negated=True),
    "s": SPACES,
    "S": Characters(SPACES.ranges, negated=True),
}
