"""The ids of reviews, which are numbered from 1; the database holds the number alone."""

from __future__ import annotations

from typing import Final

_PREFIX: Final = "rev_"
_MOST_DIGITS: Final = 18  # SQLite's integers have room for more


def review_id(number: int) -> str:
    """Return `rev_12` for 12."""
    return f"{_PREFIX}{number}"


def review_number(text: str) -> int | None:
    """Return 12 for `rev_12`, and None for what is no id of a review, such as `rev_012`."""
    digits = text.removeprefix(_PREFIX)
    if not digits.isdecimal() or len(digits) > _MOST_DIGITS:
        return None
    number = int(digits)
    return number if review_id(number) == text else None
