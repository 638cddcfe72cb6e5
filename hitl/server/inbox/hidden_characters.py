"""Show the characters that a reader cannot see.

A reviewer approves what the page shows. Bidirectional controls can reorder it, zero-width characters and tags can
carry text that only a machine reads. Each of them is therefore printed as its code point: ⟨U+202E⟩.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

MAX_MARKED: Final = 1_000
"""Hidden characters of a text that get an element of the page each; those after them are code points without colour."""

# The ignorable code points of Unicode 15 (DerivedCoreProperties.txt, Default_Ignorable_Code_Point), the controls
# other than tab and line feed, lone surrogates, private use (each font draws what it likes), noncharacters, the planes
# without characters, line and paragraph separators, annotations, and the blank Braille cell.
_HIDDEN = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001fffe-\U0001ffff\U00040000-\U0010ffff]"
)
_PICTURE = r"\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_JOINING_SCRIPT = r"\u0600-\u0dff"  # Arabic to Sinhala, which spell words with the two joiners

# The same characters where they are needed: joined emoji, emoji style, and joiners inside words.
_NEEDED = (
    rf"(?<=[{_PICTURE}\ufe0f])\u200d(?=[{_PICTURE}])"
    rf"|(?<=[{_PICTURE}#*0-9\u00a9\u00ae])\ufe0f"
    rf"|(?<=[{_JOINING_SCRIPT}])[\u200c\u200d](?=[{_JOINING_SCRIPT}])"
)
_HIDDEN_ANYWHERE = re.compile(_HIDDEN)
_HIDDEN_OR_NEEDED = re.compile(rf"(?P<needed>{_NEEDED})|(?P<hidden>{_HIDDEN})")


_LINE_END = re.compile(r"(?<!\r)\r\n")
_WEB_ADDRESS = re.compile(r"https?://[!-~]{1,2000}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a string, or one hidden character as its code point."""

    text: str
    hidden: bool = False


def parts(text: str) -> list[Part]:
    """Split a string into visible stretches and hidden characters, up to `MAX_MARKED` of these."""
    text = unix_lines(text)
    if not _HIDDEN_ANYWHERE.search(text):  # most strings; ten times faster than the context of each character
        return [Part(text)] if text else []
    found: list[Part] = []
    start = 0
    hidden = (match for match in _HIDDEN_OR_NEEDED.finditer(text) if match["hidden"])
    for match in islice(hidden, MAX_MARKED):
        found += Part(text[start : match.start()]), Part(_code_point(match), hidden=True)
        start = match.end()
    found.append(Part(visible(text[start:])))
    return [part for part in found if part.text]


def visible(text: str) -> str:
    """Return the text with each hidden character replaced by its code point."""
    text = unix_lines(text)
    return _HIDDEN_OR_NEEDED.sub(_code_point, text) if _HIDDEN_ANYWHERE.search(text) else text


def _code_point(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩" if match["hidden"] else match[0]


def has_hidden(text: str) -> bool:
    """Return whether `visible` would change more than line ends."""
    return any(part.hidden for part in parts(text))


def unix_lines(text: str) -> str:
    """Return the string with line feeds only: forms send CR LF for each (HTML, 4.10.21.4).

    Once more changes nothing: of CR CR LF, which would become another CR LF, all stays, to be shown.
    """
    return _LINE_END.sub("\n", text) if "\r\r\n" in text else text.replace("\r\n", "\n")


def is_web_address(text: str) -> bool:
    """Return whether a string is an address that may be a link: of the web, and in ASCII, which has no lookalikes."""
    return bool(_WEB_ADDRESS.fullmatch(text))
