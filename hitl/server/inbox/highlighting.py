"""Code split into tokens that differ in colour: enough to read it by, not a parser. Nothing here is HTML.

By hand, because Pygments would be 9.5 MB for four languages. No pattern can fail after its first character, so that the
time is linear in the size of the code: a string or comment that never ends extends to the end of its line or text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

MAX_TOKENS: Final = 10_000
"""Each token is an element of the page; code that needs more of them is shown in one colour."""


@dataclass(frozen=True, slots=True)
class Token:
    """A part of code; `kind` is "comment", "string", "number", "keyword" or empty."""

    text: str
    kind: str = ""


def tokens(code: str, language: str) -> list[Token]:
    """Split code into tokens; one token if the language is unknown."""
    pattern = _PATTERNS.get(_ALIASES.get(language.strip().lower(), ""))
    if pattern is None:
        return [Token(code)]
    found = list(islice(_split(pattern, code), MAX_TOKENS + 1))
    return found if len(found) <= MAX_TOKENS else [Token(code)]


def lines_of(code: list[Token]) -> list[list[Token]]:
    """Split tokens at the ends of lines, which stay; a line feed at the end of the code begins no line."""
    found: list[list[Token]] = [[]]
    for token in code:
        *lines, rest = token.text.split("\n")
        for line in lines:
            found[-1].append(Token(f"{line}\n", token.kind))
            found.append([])
        if rest:
            found[-1].append(Token(rest, token.kind))
    return found if found[-1] else found[:-1]


def _split(pattern: re.Pattern[str], code: str) -> Iterator[Token]:
    start = 0
    for match in pattern.finditer(code):
        if match.lastgroup == "name":
            continue
        if match.start() > start:
            yield Token(code[start : match.start()])
        yield Token(match[0], match.lastgroup or "")
        start = match.end()
    if start < len(code):
        yield Token(code[start:])


_QUOTED = r'"(?:[^"\\\n]|\\.?)*+"?' + r"|'(?:[^'\\\n]|\\.?)*+'?"
_TRIPLE = r'"""(?:[^"\\]|\\[\s\S]?|"(?!""))*+(?:""")?' + r"|'''(?:[^'\\]|\\[\s\S]?|'(?!''))*+(?:''')?"
_TEMPLATE = r"`(?:[^`\\]|\\[\s\S]?)*+`?"
_BLOCK = r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
_NUMBER = r"(?<![\w.])-?(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*+(?:\.\d+)?(?:[eE][+-]?\d+)?)"

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


def _pattern(comment: str, string: str, keywords: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    keyword = rf"(?:{'|'.join(keywords.split())})\b"
    # A name is matched as a whole, so that no keyword is found within it.
    parts = {"comment": comment, "string": string, "number": _NUMBER, "keyword": keyword, "name": r"[^\W\d]\w*+"}
    return re.compile("|".join(f"(?P<{kind}>{part})" for kind, part in parts.items() if part), flags)


_PATTERNS: Final = {
    "python": _pattern(r"\#.*", f"{_TRIPLE}|{_QUOTED}", _PYTHON),
    "javascript": _pattern(rf"//.*|{_BLOCK}", f"{_TEMPLATE}|{_QUOTED}", _JAVASCRIPT),
    "json": _pattern("", r'"(?:[^"\\\n]|\\.?)*+"?', "true false null"),
    "sql": _pattern(rf"--.*|{_BLOCK}", _QUOTED, _SQL, re.IGNORECASE),
}
_NAMES: Final = {
    "python": "python py python3",
    "javascript": "javascript js jsx ts tsx typescript",
    "json": "json",
    "sql": "sql postgresql sqlite mysql",
}
_ALIASES: Final = {alias: language for language, names in _NAMES.items() for alias in names.split()}
