"""What a review is about in a line, and one line more: plain text, without the signs of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from hitl._json import is_list, is_object
from hitl.server.inbox.documents import Document, fields_of
from hitl.server.inbox.kinds import Counted, counted, is_patch_text
from hitl.server.results import DISPLAYS

_LONGEST_TITLE: Final = 140
_LONGEST_EXCERPT: Final = 200
_LONGEST_ARGUMENT: Final = 40
_ARGUMENTS: Final = 3
_TEXTS: Final = 200  # that are looked at for a line
_LINES: Final = 200  # of a text
_LONGEST_LINE: Final = 1000  # characters of a line that are looked at

_NAMED: Final = ("title", "subject")
QUESTION: Final = "question"
"""What `client.ask` calls the question in a content, which is then the title, too."""

_AMOUNTS: Final = ("amount", "total", "price", "value")
_AMOUNT: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,8})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")

# A line that tells a reader nothing: an address, the head of a patch, a fence, a rule, or no letter or number at all.
_EMPTY: Final = re.compile(
    r"(?:https?://\S+|data:\S+|diff --git .*|index [0-9a-f]+\.\..*|(?:---|\+\+\+) .*|@@ .*|```.*|~~~.*|[\W_]*)",
    re.IGNORECASE,
)
_BEGINNING: Final = re.compile(r"(?:#{1,6}\s+|>\s?|[-*+]\s+(?:\[[ xX]\]\s+)?|\d{1,9}[.)]\s+)*")
_LINK: Final = re.compile(r"!?\[([^\][]*)\]\([^()\s]*\)")
HEADING: Final = re.compile(r"#{1,6}\s+")
# A first line that can be taken off a text: no list, table, quote, fence or address, and no heading by its underline.
_ALONE: Final = re.compile(r"(?:#{1,6}\s+)?(?!https?://)[^\W_][^|`]*\Z|[¿¡“‘«「『(][^|`]*\Z")
_UNDERLINE: Final = re.compile(r"\s*(?:=+|-+)\s*(?:\n|\Z)")
_QUALIFIED: Final = re.compile(r"^.*[.:](?=\w)")
_EMPHASIS: Final = re.compile(r"(\*\*|__|~~|``|[*`])(?=\S)(.+?)(?<=\S)\1")


def title(review: Document, template: Document | None, found: Counted | None = None) -> str:
    """Return what a review is about: its title, the call that it asks for, the text that is shown, or its names.

    `found` is what its content holds, if the caller has counted it.
    """
    content: Document = review.get("content") or {}
    named = (content.get(name) for name in _NAMED)
    candidates = [*(_first(value) for value in named), _call(content), *_lines_of(content, template)]
    about = next(filter(None, candidates), "") or (found or counted(content, template)).patch_name
    return _cut(about, _LONGEST_TITLE) or f"{name_of(review, template)}, {review['id']}"


def excerpt(review: Document, template: Document | None, title: str, found: Counted | None = None) -> str:
    """Return what can be counted of the content, and the next line that is not in the title."""
    content: Document = review.get("content") or {}
    beginning = title.rstrip("…").casefold()
    counts = found or counted(content, template)
    parts = [] if counts.patch_name in title else [counts.patch_name]
    parts += counts.words
    for line in islice(_all_lines(content, template), _TEXTS):
        if line.casefold() not in title.casefold() and not line.casefold().startswith(beginning):
            parts.append(line)
            break
    return _cut(" · ".join(parts), _LONGEST_EXCERPT)


def name_of(review: Document, template: Document | None) -> str:
    """Return the name of a review's template; the id of one that was deleted."""
    return str(template["name"]) if template else str(review["template_id"])


def plain(line: str) -> str:
    """Return a line of Markdown as one reads it aloud."""
    text = line[:_LONGEST_LINE].strip()
    text = text[_BEGINNING.match(text).end() :]  # type: ignore[union-attr]  # it matches everywhere
    text = _LINK.sub(r"\1", text)
    return " ".join(_EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", text)).split())


def beyond_title(title: str, text: str) -> str:
    """Return what a page shows of a text below its title: the rest, or all where a part cannot stand alone."""
    first, _, rest = text.strip().partition("\n")
    said = first.strip()
    if HEADING.sub("", said) == title and _ALONE.match(said) and not _UNDERLINE.match(rest):
        return rest.strip("\r\n") if rest.strip() else ""
    return text


def without_title(content: Document, title: str) -> Document:
    """Return a content without as much of its question as the title says."""
    question = content.get(QUESTION)
    if not isinstance(question, str) or (rest := beyond_title(title, question)) == question:
        return content
    return {name: rest if name == QUESTION else value for name, value in content.items() if name != QUESTION or rest}


def amount_of(content: Mapping[str, Any]) -> tuple[Decimal, str] | None:
    """Return the amount that a content is about and its currency, if it names both."""
    arguments = content.get("arguments")
    named = arguments if is_object(arguments) else content
    currency = named.get("currency")
    given = next((named[name] for name in _AMOUNTS if name in named), None)
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency) or isinstance(given, bool):
        return None
    return (Decimal(str(given)), currency) if _AMOUNT.fullmatch(str(given)) else None


def _call(content: Mapping[str, Any]) -> str:
    """Return the call that an approval asks for, such as "refund 129.00 EUR"."""
    action, arguments = content.get("action"), content.get("arguments")
    if not isinstance(action, str) or not action.strip() or not is_object(arguments):
        return ""
    values = [_argument(value) for value in arguments.values()]
    amount = next((name for name in _AMOUNTS if isinstance(arguments.get(name), int | float | str)), None)
    if amount is not None and isinstance(currency := arguments.get("currency"), str):
        rest = [_argument(value) for name, value in arguments.items() if name not in (amount, "currency")]
        values = [f"{_argument(arguments[amount])} {currency[:8]}", *rest]
    return f"{_short(action)} {', '.join(list(filter(None, values))[:_ARGUMENTS])}".strip()


def _short(action: str) -> str:
    """Return the name of a function without its module and class, or anything else in one line."""
    line = " ".join(action[:_LONGEST_LINE].split())
    return line if " " in line else _QUALIFIED.sub("", line) or line


def _argument(value: object) -> str:
    if isinstance(value, bool) or value is None or is_object(value) or is_list(value):
        return ""
    return _cut(_first(value) if isinstance(value, str) else str(value), _LONGEST_ARGUMENT)


def _lines_of(content: Mapping[str, Any], template: Document | None) -> Iterator[str]:
    yield from islice(_all_lines(content, template), 1)


def _all_lines(content: Mapping[str, Any], template: Document | None) -> Iterator[str]:
    """Yield the lines that say something: of the texts that the template shows first, then of all others."""
    if _call(content):  # the title says it
        content = {name: value for name, value in content.items() if name != "action"}
    shown = [field["name"] for field in fields_of(template) if field["type"] in DISPLAYS and field["name"] in content]
    for name in [*shown, *(name for name in content if name not in shown)]:
        for text in islice(_texts(content[name]), _TEXTS):
            if not is_patch_text(text):
                yield from _lines(text)


def lines_of_text(text: str) -> Iterator[str]:
    """Yield the lines of a text that say something, without the signs of Markdown."""
    return (_cut(line, _LONGEST_EXCERPT) for line in _lines(text))


def _first(value: object) -> str:
    return next(_lines(value), "") if isinstance(value, str) else ""


def _lines(text: str) -> Iterator[str]:
    for line in islice(text.splitlines(), _LINES):
        found = plain(line)
        if found and not _EMPTY.fullmatch(found) and not _EMPTY.fullmatch(line[:_LONGEST_LINE].strip()):
            yield found


def _texts(value: object) -> Iterator[str]:
    level = [value]
    while level:
        yield from (each for each in level if isinstance(each, str))
        level = [inner for each in level for inner in _inside(each)]


def _inside(value: object) -> list[Any]:
    if is_object(value):
        return list(value.values())
    return value if is_list(value) else []


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
