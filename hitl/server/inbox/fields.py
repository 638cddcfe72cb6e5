"""The types that a template's field can have: which control asks for it, and how its answer is read.

A form holds strings only. `read` turns the strings of one field into the JSON value that the API carries, or
into `MISSING` if the reviewer left the field alone. It never refuses: an invalid answer is passed on unchanged, and
`results` reports what is wrong with it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from hitl._json import is_list, is_object
from hitl._moments import read_moment
from hitl.server.inbox.attachments import attached, file_answer
from hitl.server.inbox.documents import Document
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.json_texts import pretty
from hitl.server.results.fields import words
from hitl.server.results.images import decisions
from hitl.server.results.kinds import DEFAULT_SCALE, read_date

MISSING: Final = object()
"""The reviewer gave no answer; different from null, which is an answer."""

Read: TypeAlias = Callable[[Document, list[str]], Any]

RADIO_LIMIT = 5

_PLACE: Final[tuple[str, ...]] = ("x", "y", "width", "height")
_PERCENT: Final = r"(\d{1,3}(?:\.\d{1,2})?)"
_MARK: Final = re.compile(rf"\[{_PERCENT} {_PERCENT} {_PERCENT} {_PERCENT}\](.*)", re.ASCII)
_WHOLE_PICTURE: Final = 100.01  # percent, and what is lost by rounding
_NO_WORDS: Final = "Marked"

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers that can be picked; the form sends `value`, and conditions compare `normal`."""

    value: str
    label: str
    normal: str = field(default="null", compare=False)


@dataclass(frozen=True, slots=True)
class FieldType:
    """How one type of field is asked: the macro that draws it, the input's HTML type, and how its answer is read."""

    control: str
    read: Read
    input_type: str = "text"

    @property
    def reads(self) -> str:
        """The function of static/questions.js that reads the control as `read` does."""
        return _READS[self.read]


def field_type(field: Document) -> FieldType:
    """Return how to ask for the field; an unknown type is asked for as text."""
    return _TYPES.get(field["type"], _TEXT)


def takes_several_files(field: Document) -> bool:
    """Return whether the field is answered by the addresses of files, one in each line."""
    return field["type"] == "file" and bool(field.get("multiple"))


def takes_notes(field: Document) -> bool:
    """Return whether the field is answered with notes, too; a field that names no tools has all of them."""
    tools = words(field, "tools")
    return field["type"] == "image_review" and (not tools or "annotate" in tools)


def choices(field: Document) -> list[Choice]:
    """Return what the reviewer can pick, in the template's order."""
    if field["type"] == "boolean":
        return [Choice("true", "Yes"), Choice("false", "No")]
    if field["type"] == "rating":
        return _steps(field)
    if field["type"] == "image_review":
        return [Choice(word, word.capitalize()) for word in decisions(words(field, "tools"))]
    options: list[Document] = field.get("options") or []
    return [Choice(as_text(option["value"]), str(option.get("label") or option["value"])) for option in options]


def as_text(value: object) -> str:
    """Write a JSON value as a form sends it: an object or a list as its JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_object(value) or is_list(value):
        return pretty(value)
    return "" if value is None else str(value)


def _steps(field: Document) -> list[Choice]:
    labels: list[str] = field.get("labels") or []
    scale = int(field.get("scale") or DEFAULT_SCALE)
    return [Choice(str(step), str(labels[step - 1]) if step <= len(labels) else "") for step in range(1, scale + 1)]


def _read_text(_field: Document, values: list[str]) -> Any:
    text = unix_lines(values[0])
    return text if text.strip() else MISSING


def _read_line(_field: Document, values: list[str]) -> Any:
    return values[0].strip() or MISSING


def _read_files(field: Document, values: list[str]) -> Any:
    """Read addresses, one from each line, and attached files; where one is asked for, a file goes before an address."""
    lines = [line.strip() for text in values for line in text.splitlines() if line.strip()]
    if takes_several_files(field):
        return [file_answer(line) for line in lines] or MISSING
    files = [file_answer(line) for line in lines if attached(line)] or lines
    return (files[0] if len(files) == 1 else files) or MISSING


def _read_picture(field: Document, texts: list[str]) -> Any:
    """Read the plain decision, or the object that holds notes as well: `submission` puts their box behind it."""
    decision = texts[0]
    lines = texts[1].splitlines() if len(texts) > 1 and takes_notes(field) else []
    notes = [_read_note(line.strip()) for line in lines if line.strip()]
    if not notes:
        return decision or MISSING
    # Without a decision the answer is incomplete, which `results` reports.
    return {"decision": decision, "annotations": notes} if decision else {"annotations": notes}


def _read_note(line: str) -> Document:
    """Read a note; four numbers before it mark a place: "[12.5 30 20 15] Blurred", in percent of the picture."""
    found = _MARK.fullmatch(line)
    places: dict[str, float] = dict(zip(_PLACE, map(float, found.groups()[:4]), strict=True)) if found else {}
    if not found or not _is_within(places):
        return {"text": line}
    return {"text": found[5].strip() or _NO_WORDS, **{name: round(part / 100, 4) for name, part in places.items()}}


def _is_within(places: Mapping[str, float]) -> bool:
    ends = places["x"] + places["width"], places["y"] + places["height"]
    return min(places["width"], places["height"]) > 0 and max(ends) <= _WHOLE_PICTURE


def note_line(note: object) -> str:
    """Write a note as it is typed; empty if it holds anything that cannot be typed."""
    if not is_object(note) or not isinstance(note.get("text"), str):
        return ""
    if note.keys() == {"text"}:
        return str(note["text"])
    parts = [note.get(name) for name in _PLACE]
    if note.keys() != {"text", *_PLACE} or not all(isinstance(part, int | float) for part in parts):
        return ""
    return f"[{' '.join(f'{float(part) * 100:.4g}' for part in parts if part is not None)}] {note['text']}"


def _read_boolean(_field: Document, values: list[str]) -> Any:
    return {"true": True, "false": False, "": MISSING}.get(values[0], values[0])


def _read_choice(field: Document, values: list[str]) -> Any:
    return _picked(field, values[0]) if values[0] else MISSING


def _read_choices(field: Document, values: list[str]) -> Any:
    return [_picked(field, value) for value in values if value] or MISSING


def _read_rating(_field: Document, values: list[str]) -> Any:
    text = values[0].strip()
    return int(text) if text.isascii() and text.isdecimal() else text or MISSING


def _read_number(_field: Document, values: list[str]) -> Any:
    """Read a number as JSON writes it, or with a plus; anything else stays a text, which is refused with a reason."""
    text = values[0].strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    found = float(text) if _NUMBER.fullmatch(text) else math.inf
    return found if math.isfinite(found) else text or MISSING


def local_time(text: str) -> str:
    """Write a date or a date-time as a datetime-local input holds it, in UTC and to the millisecond; else nothing."""
    moment = _moment(text)
    return "" if moment is None else moment.replace(tzinfo=None).isoformat(timespec=_precision(moment))


def _precision(moment: datetime) -> str:
    if moment.microsecond:
        return "milliseconds"
    return "seconds" if moment.second else "minutes"


def _moment(text: str) -> datetime | None:
    """Read a date-time of RFC 3339 or ISO 8601, in UTC if it has no offset, or the beginning of a date in UTC."""
    try:
        return read_date(text.strip())
    except ValueError:
        pass
    try:
        moment = read_moment(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_datetime(field: Document, values: list[str]) -> Any:
    """Return the default to the letter if its moment was not touched; add the offset that the control cannot hold."""
    text, default = values[0].strip(), as_text(field.get("default_value"))
    moment = _moment(text)
    if moment is None:
        return text or MISSING
    if default and local_time(text) == local_time(default):
        text, moment = default, _moment(default) or moment
    return text if _has_offset(text) else f"{moment.replace(tzinfo=None).isoformat()}Z"


def _has_offset(text: str) -> bool:
    try:
        return bool(read_date(text))
    except ValueError:
        return False


def _picked(field: Document, text: str) -> Any:
    """Return the option's own value, which need not be a string."""
    options: list[Document] = field.get("options") or []
    sent = _as_sent(text)
    return next((option["value"] for option in options if _as_sent(option["value"]) == sent), text)


def _as_sent(value: object) -> str:
    """Write an option as a browser sends it: templates that were made before line breaks were refused have such."""
    return as_text(value).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


# The script's name of each reader.
_READS: dict[Read, str] = {
    _read_text: "text",
    _read_line: "line",
    _read_files: "files",
    _read_boolean: "choice",
    _read_choice: "choice",
    _read_choices: "choices",
    _read_rating: "choice",
    _read_number: "number",
    _read_datetime: "moment",
    _read_picture: "choice",
}

_TEXT = FieldType("area", _read_text)

_TYPES: dict[str, FieldType] = {
    "text": _TEXT,
    "rich_text": _TEXT,
    "boolean": FieldType("buttons", _read_boolean),
    "select": FieldType("pick", _read_choice),
    "multi_select": FieldType("checkboxes", _read_choices),
    "checkbox_group": FieldType("checkboxes", _read_choices),
    "rating": FieldType("rating", _read_rating),
    "number": FieldType("line", _read_number),
    "integer": FieldType("line", _read_number),
    "email": FieldType("line", _read_line, "email"),
    "datetime": FieldType("line", _read_datetime, "datetime-local"),
    "file": FieldType("line", _read_files, "url"),
    "image_review": FieldType("pick", _read_picture),
    "content_display": FieldType("edit", _read_text),
    "code_display": FieldType("edit_code", _read_text),
    "table_display": FieldType("show", _read_text),
}
