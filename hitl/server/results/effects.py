"""What a template says its buttons will do: short texts with placeholders that the content of a review fills.

`pays {amount} {currency} to {customer.name}` has three. A pair of braces that is doubled, `{{` or `}}`, is a brace.
Nothing of a content is ever read as a placeholder, and nothing but names can stand in one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hitl._json import is_list, is_object

LONGEST_EFFECT: Final = 200
"""Characters of a text with its placeholders."""

_LONGEST_VALUE: Final = 80  # characters of a value that are put in; the page shows all of them below
_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")
_LINES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text: words of the template, or with a `path` what the content has at that place."""

    text: str
    path: str = ""


class BadEffectError(ValueError):
    """A text whose braces make no sense."""


def parts(text: str) -> list[Part]:
    """Split a text at its placeholders, whose text is empty; BadEffectError if a brace stands alone."""
    found: list[Part] = []
    words, last = "", 0
    for match in _PART.finditer(text):
        words, last = words + text[last : match.start()], match.end()
        if match[1] is not None:
            found += [Part(words), Part("", match[1].strip())]
            words = ""
        elif len(match[0]) == 2:
            words += match[0][0]
        else:
            raise BadEffectError(f"has a lone {match[0]!r}; write {{name}} for a field, and {match[0] * 2} for a brace")
    return [part for part in (*found, Part(words + text[last:])) if part.text or part.path]


def filled(text: str, content: Mapping[str, Any]) -> list[Part]:
    """Return the parts of a text with the values of a content; one that is missing is said to be."""
    return [part if not part.path else Part(_value(content, part.path), part.path) for part in parts(text)]


def at(content: Mapping[str, Any], path: str) -> Any:
    """Return what stands at `name` or `name.inner`; None if nothing does. A name that holds a point goes first."""
    if path in content:
        return content[path]
    first, _, rest = path.partition(".")
    inner = content.get(first)
    return at(inner, rest) if rest and is_object(inner) else None


def _value(content: Mapping[str, Any], path: str) -> str:
    value = at(content, path)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_list(value) or is_object(value):
        return f"{len(value)} {'item' if len(value) == 1 else 'items'}"
    line = _LINES.sub(" ", "" if value is None else str(value)).strip()
    if not line:
        return f"[no {path}]"
    return line if len(line) <= _LONGEST_VALUE else f"{line[: _LONGEST_VALUE - 1].rstrip()}…"
