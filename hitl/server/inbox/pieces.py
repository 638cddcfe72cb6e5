"""A text in the pieces that a difference may mark: words, spaces and signs, and never half of what is read as one.

A character keeps what belongs to it (Unicode Standard Annex 29, as far as texts are written): combining marks,
variation selectors, skin tones, tags, and what a zero-width joiner joins; a flag is two letters. Scripts without spaces
between words are split into characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby, islice
from typing import Final

_NO_SPACES: Final = (  # Thai to Myanmar, Khmer, Japanese and Chinese
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf"
    r"\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)


def pieces(text: str, most: int | None = None) -> list[str]:
    """Split a text; the pieces put together are the text, or if there are more than `most`, its beginning."""
    # Not findall, which lets no other thread run before it has ended.
    return [match[0] for match in islice(_pattern().finditer(text), most)]


@cache
def _pattern() -> re.Pattern[str]:
    extending = f"{_marks()}\\U0001f3fb-\\U0001f3ff\\U000e0020-\\U000e007f\\uff9e\\uff9f"
    # A joiner keeps words of Indic and Arabic scripts together, and pictures.
    tail = rf"(?:[{extending}\u200c]|\u200d[^\w\s]?)*+"
    return re.compile(
        rf"\s+{tail}|[{_NO_SPACES}]{tail}|(?:[^\W{_NO_SPACES}]++{tail})++|[\U0001f1e6-\U0001f1ff]{{2}}{tail}|[^\w\s]{tail}"
    )


def _marks() -> str:
    """Return the class of all combining marks; they are in the first two planes, and selectors behind them."""
    places = (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0))
    marks = [place for place in places if unicodedata.category(chr(place))[0] == "M"]
    runs = (list(run) for _, run in groupby(enumerate(marks), lambda pair: pair[1] - pair[0]))
    return "".join(f"\\U{run[0][1]:08x}-\\U{run[-1][1]:08x}" for run in runs)
