"""Parts of code that are told apart by colour: enough to read it by, not a parser. Nothing here is HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MOST_CHARACTERS: Final = 50_000
"""Longer code is shown in one colour: each part costs an element of the page."""


@dataclass(frozen=True, slots=True)
class Token:
    """A part of code; `kind` is "comment", "string", "number", "keyword" or empty."""

    text: str
    kind: str = ""


def tokens(code: str, language: str) -> list[Token]:
    """Split code into its parts; one part if we do not know the language."""
    pattern = _PATTERNS.get(_ALIASES.get(language.strip().lower(), ""))
    if pattern is None or len(code) > MOST_CHARACTERS:
        return [Token(code)]
    return list(_split(pattern, code))


def _split(pattern: re.Pattern[str], code: str) -> Iterator[Token]:
    start = 0
    for match in pattern.finditer(code):
        if match.start() > start:
            yield Token(code[start : match.start()])
        yield Token(match[0], match.lastgroup or "")
        start = match.end()
    if start < len(code):
        yield Token(code[start:])


# What is never closed ends with the text: without that, each opening of a hostile text would be followed to the end.
_QUOTED = r'"(?:\\.|[^"\\\n])*(?:"|$)' + r"|'(?:\\.|[^'\\\n])*(?:'|$)"
_TRIPLE = r'"""(?:\\.|[^\\])*?(?:"""|\Z)' + r"|'''(?:\\.|[^\\])*?(?:'''|\Z)"
_TEMPLATE = r"`(?:\\.|[^`\\])*(?:`|\Z)"
_BLOCK = r"/\*(?:.|\n)*?(?:\*/|\Z)"
_NUMBER = r"(?<![\w.])-?(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)"

_PYTHON = (
    "False None True and as assert async await break class continue def del elif else except finally for from "
    "global if import in is lambda nonlocal not or pass raise return try while with yield match case"
)
_JAVASCRIPT = (
    "async await break case catch class const continue debugger default delete do else enum export extends "
    "false finally for from function if implements import in instanceof interface let new null of return "
    "static super switch this throw true try type typeof undefined var void while yield"
)
_SQL = (
    "add all alter and any as asc begin between by case check column commit constraint create cross default "
    "delete desc distinct drop else end exists false foreign from full group having if in index inner insert "
    "intersect into is join key left like limit not null offset on or order outer primary references returning "
    "right rollback select set table then transaction true union unique update using values view when where "
    "with"
)


def _pattern(comment: str, string: str, keywords: str, flags: re.RegexFlag = re.MULTILINE) -> re.Pattern[str]:
    keyword = rf"\b(?:{'|'.join(keywords.split())})\b"
    parts = {"comment": comment, "string": string, "number": _NUMBER, "keyword": keyword}
    return re.compile("|".join(f"(?P<{kind}>{part})" for kind, part in parts.items() if part), flags)


_PATTERNS: Final = {
    "python": _pattern(r"\#.*", f"{_TRIPLE}|{_QUOTED}", _PYTHON),
    "javascript": _pattern(rf"//.*|{_BLOCK}", f"{_TEMPLATE}|{_QUOTED}", _JAVASCRIPT),
    "json": _pattern("", r'"(?:\\.|[^"\\\n])*(?:"|$)', "true false null"),
    "sql": _pattern(rf"--.*|{_BLOCK}", _QUOTED, _SQL, re.MULTILINE | re.IGNORECASE),
}
_ALIASES: Final = {
    **{name: name for name in _PATTERNS},
    "py": "python",
    "python3": "python",
    "js": "javascript",
    "jsx": "javascript",
    "ts": "javascript",
    "tsx": "javascript",
    "typescript": "javascript",
    "postgresql": "sql",
    "sqlite": "sql",
    "mysql": "sql",
}
