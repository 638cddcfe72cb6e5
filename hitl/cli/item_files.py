"""Files of items: what `hitl reviews create --from` makes of the lines of a JSONL file or the rows of a CSV file."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hitl.cli.failures import USAGE, CommandError
from hitl.cli.strict_json import decode, is_object
from hitl.cli.values import standard_input

ATTRIBUTES: Final = ("template_id", "assignees", "priority", "due_date", "assignment_strategy", "idempotency_key")
"""What a column can be mapped to, beside `content` and what is inside of it."""

_LARGEST_CELL: Final = 2**31 - 1  # characters; Python's own limit is 131,072, which an article or a table exceeds


@dataclass(frozen=True, slots=True)
class Row:
    """A record of the file: the line on which it begins, from 1, and its columns by name."""

    line: int
    columns: Mapping[str, Any]


class ItemFile:
    """A file that can be read several times; `-` is standard input, as JSONL.

    Raises:
        CommandError: The file cannot be read, or is of no known kind.
    """

    def __init__(self, name: str) -> None:
        self.name = "standard input" if name == "-" else name
        self._is_csv = name.lower().endswith(".csv")
        if not self._is_csv and name != "-" and not name.lower().endswith((".jsonl", ".ndjson")):
            raise CommandError(f"{name} must end with .jsonl, .ndjson or .csv; its kind is told by that", USAGE)
        self._path = None if name == "-" else Path(name)
        self._standard_input = standard_input() if name == "-" else b""

    def digest(self) -> str:
        """Return a name for what the file holds, the same as long as it holds the same."""
        with self._bytes() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def rows(self) -> Iterator[Row]:
        """Yield the records; CommandError with the line if one cannot be read."""
        with self._bytes() as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            try:
                yield from self._csv_rows(text) if self._is_csv else self._json_rows(text)
            except UnicodeDecodeError as error:
                raise CommandError(f"{self.name} is not UTF-8 text: {error.reason}", USAGE) from error

    def wrong(self, line: int, what: str) -> CommandError:
        """Return the error that says what is wrong with a line."""
        return CommandError(f"{self.name}, line {line}: {what}", USAGE)

    def _bytes(self) -> io.BufferedReader | io.BytesIO:
        if self._path is None:
            return io.BytesIO(self._standard_input)
        try:
            return self._path.open("rb")
        except OSError as error:
            raise CommandError(f"{self.name} cannot be read: {error.strerror}", USAGE) from error

    def _json_rows(self, text: io.TextIOBase) -> Iterator[Row]:
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            try:
                record = decode(line.encode())
            except ValueError as error:
                raise self.wrong(number, f"this is not JSON ({error})") from error
            if not is_object(record):
                raise self.wrong(number, f"a JSON object is needed, not {line.strip():.40}")
            yield Row(number, record)

    def _csv_rows(self, text: io.TextIOBase) -> Iterator[Row]:
        csv.field_size_limit(_LARGEST_CELL)
        reader = csv.reader(text, strict=True)
        try:
            titles = next(reader, list[str]())
            if not titles or len(set(titles)) < len(titles):
                raise self.wrong(1, "the first row must name the columns, each with a name of its own")
            before = reader.line_num
            for cells in reader:
                line, before = before + 1, reader.line_num
                if cells and len(cells) != len(titles):
                    raise self.wrong(line, f"{len(cells)} cells, but the first row names {len(titles)} columns")
                if cells:
                    yield Row(line, dict(zip(titles, cells, strict=True)))
        except csv.Error as error:
            raise self.wrong(reader.line_num, f"this is not CSV ({error})") from error


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where a column goes: an attribute of the review, or a path of names into its content."""

    column: str
    attribute: str
    path: tuple[str, ...] = ()


def mapped(column: str, target: str) -> Mapped:
    """Return what `column=target` means; ValueError if it means nothing."""
    attribute, *path = target.split(".")
    if not (attribute == "content" or (attribute in ATTRIBUTES and not path)) or not all(path):
        raise ValueError(
            f"{target!r} is no place in a review; known are content, content.NAME, {', '.join(ATTRIBUTES)}"
        )
    return Mapped(column, attribute, tuple(path))


def item_of(columns: Mapping[str, Any], mapping: list[Mapped], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `create_review` for one record.

    Args:
        columns: The record.
        mapping: Where its columns go; those that are not named are left out. Without any, a record that has a
            `content` is taken as the arguments themselves, and every other one is the content.
        defaults: The arguments for all records; those of a record count more.

    Raises:
        ValueError: The record lacks a column, or two columns go to one place.
    """
    if not mapping:
        return {**defaults, **(columns if "content" in columns else {"content": dict(columns)})}
    item: dict[str, Any] = {}
    for each in mapping:
        if each.column not in columns:
            raise ValueError(f"there is no column {each.column!r}; there are {', '.join(map(repr, columns))}")
        _place(item, each, columns[each.column])
    return {**defaults, **item}


def _place(item: dict[str, Any], place: Mapped, value: Any) -> None:
    if place.attribute != "content":
        if value not in ("", None):  # an empty cell says nothing
            if place.attribute in item:
                raise ValueError(f"two columns go to {place.attribute}")
            item[place.attribute] = _addresses(value) if place.attribute == "assignees" else value
        return
    inner, names = item, ("content", *place.path)
    for name in names[:-1]:
        inner = inner.setdefault(name, {})
        if not is_object(inner):
            raise ValueError(f"{'.'.join(names)} is inside of a place that another column goes to")
    if names[-1] in inner:
        raise ValueError(f"two columns go to {'.'.join(names)}")
    inner[names[-1]] = value


def _addresses(value: Any) -> Any:
    return [each for each in re.split(r"[,;\s]+", value) if each] if isinstance(value, str) else value
