"""JSON as text: written to be read, and read as a person typed it, with what is wrong in words for everybody."""

from __future__ import annotations

import json
from json import JSONDecodeError
from typing import Any, Final

from hitl._json import decode
from hitl.server.http.requests import MAX_DEPTH
from hitl.server.inbox.hidden_characters import unix_lines

_CURLY: Final = "“”„‘’«»"
_COMMA: Final = "there is a comma too many"
# By the messages of Python's decoder, which differ from one version to the next; others are shown as they are.
_WORDS: Final = {
    "Expecting property name enclosed in double quotes": 'a name in double quotes is expected, such as "amount"',
    "Illegal trailing comma before end of object": _COMMA,
    "Illegal trailing comma before end of array": _COMMA,
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing after a name",
    "Expecting value": "a value is expected: a number, a text in double quotes, true, false, null, {…} or […]",
    "Extra data": "there is more text after the end",
    "Unterminated string starting at": "a closing double quote is missing",
    "Invalid control character at": r"a text goes over the end of its line; write \n for a line break and \t for a tab",
    r"Invalid \escape": r"a backslash must be written twice, as \\",
}


def pretty(value: object) -> str:
    """Return the JSON of a value, indented, with characters as they are."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def parsed(text: str) -> Any:
    """Return the value of a JSON text as a form sends it; ValueError if it is none."""
    return decode(unix_lines(text).encode("utf-8", "surrogatepass"), max_depth=MAX_DEPTH)


def json_fault(text: str) -> str | None:
    """Return what is wrong with a text that must be JSON, to go on after a colon, and where; None if nothing is."""
    try:
        parsed(text)
    except JSONDecodeError as error:
        if not text.strip():
            return "it is empty"
        reason, at = _place(error)
        lines = error.doc[:at].split("\n")
        return f"{reason} (line {len(lines)}, column {len(lines[-1]) + 1})"
    except ValueError as error:
        return str(error)
    return None


def _place(error: JSONDecodeError) -> tuple[str, int]:
    """Return what is wrong, and at which character."""
    found, before = error.doc[error.pos : error.pos + 1], error.doc[: error.pos].rstrip()
    if found and found in _CURLY:
        return 'quotes must be straight, as in "amount", and not curly', error.pos
    if before.endswith(",") and found in ("}", "]", ","):
        return _COMMA, len(before) - 1
    return _WORDS.get(error.msg.removesuffix(": "), error.msg), error.pos
