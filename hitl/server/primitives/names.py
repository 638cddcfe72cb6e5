"""Names and addresses of people: the one form in which they are stored, and the one in which they are compared.

A stored name shows what it is: composed (NFC), in one line, without characters that nobody sees. Two spellings are one
person if their keys are equal. Letters of two alphabets that look alike (Latin a, Cyrillic а) stay different people;
no normal form tells them apart from honest names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from hitl.server.primitives.errors import Fault

LONGEST_NAME: Final = 320
"""Characters; more than the longest e-mail address (RFC 3696, errata 1690: 254)."""

_LONGEST_NORMALISED = 1_000  # normalising takes quadratic time in runs of marks

# Default_Ignorable_Code_Point of Unicode 15 (DerivedCoreProperties.txt): joiners, variation selectors, fillers, tags;
# then annotations, and the blank Braille cell. What is refused below is not here.
_INVISIBLE = re.compile(
    r"[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# What reorders the text around it, what is no text (controls, halves of surrogates), and what each font draws anew.
_REFUSED = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\uf8ff\ufdd0-\ufdef\ufffe\uffff"
    r"\U000f0000-\U0010ffff]"
)


def clean_name(text: str) -> str:
    """Return the name as it is stored; empty if nothing visible is left."""
    if text.isascii() or len(text) > _LONGEST_NORMALISED:
        return " ".join(text.split())
    name = " ".join(unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).split())
    return name if any(unicodedata.category(character)[0] in "LNPS" for character in name) else ""


@lru_cache(maxsize=4096)
def name_key(text: str) -> str:
    """Return what all spellings of a name have in common: compare keys, show and store names.

    That is its compatibility form in folded case (full-width letters, ligatures, ß and ss), with every i as one.
    """
    if (text.isascii() and text.isprintable()) or len(text) > _LONGEST_NORMALISED:
        return " ".join(text.split()).lower()
    # Names that were stored before they were checked may hold what is refused now.
    seen = _REFUSED.sub("", _INVISIBLE.sub("", text))
    folded = unicodedata.normalize("NFD", seen).casefold()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    # A Turkish name is written with İ, I, i and ı, depending on who changed its case.
    one_i = _INVISIBLE.sub("", folded).replace("i\u0307", "i").replace("ı", "i")
    return " ".join(unicodedata.normalize("NFC", one_i).split())


def unique_names(names: Iterable[str]) -> list[str]:
    """Return the names as they are stored, each person once, in the spelling that came first."""
    return list({name_key(name): name for name in reversed([clean_name(name) for name in names])}.values())[::-1]


def person(place: str, value: object) -> Iterator[Fault]:
    """Accept a name or an address that can be stored: text with something to see, and nothing that misleads."""
    if not isinstance(value, str):
        yield Fault(place, "must be a string")
    elif len(value) > _LONGEST_NORMALISED:
        yield Fault(place, f"may have at most {_LONGEST_NORMALISED} characters, this has {len(value)}")
    elif found := _REFUSED.search(value):
        code_point = f"U+{ord(found[0]):04X}"
        yield Fault(place, f"has the character {code_point}, which is not part of a name; type the name without it")
    elif not clean_name(value):
        yield Fault(place, "must not be empty" if not value else "must have a visible character")
