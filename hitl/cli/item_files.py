"""Input of `hitl reviews create --from`: the lines of a JSONL file or the rows of a CSV file as arguments."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from hitl._json import decode, is_object
from hitl.cli.failures import USAGE, CommandError
from hitl.cli.values import standard_input

ATTRIBUTES: Final = ("template_id", "assignees", "priority", "due_date", "assignment_strategy", "idempotency_key")
"""What a column can be mapped to, besides `content` and paths into it."""

_DELIMITERS: Final = (",", ";", "\t", "|")
_GUESSED_ROWS: Final = 200  # that tell the delimiter

_MAX_CELL: Final = 2**31 - 1  # characters; Python's default is 131,072, which an article or a table may exceed


@dataclass(frozen=True, slots=True)
class Row:
    """A record of the file: the line on which it starts, from 1, and its columns by name."""

    line: int
    columns: Mapping[str, Any]


class ItemFile:
    """A file that can be read several times; `-` is JSONL from standard input."""

    def __init__(self, name: str) -> None:
        self.name = "standard input" if name == "-" else name
        self._is_csv = name.lower().endswith(".csv")
        if not self._is_csv and name != "-" and not name.lower().endswith((".jsonl", ".ndjson")):
            raise CommandError(f"{name} must end with .jsonl, .ndjson or .csv, which names the format", USAGE)
        self._path = None if name == "-" else Path(name)
        self._standard_input = standard_input() if name == "-" else b""

    def digest(self) -> str:
        """Return the SHA-256 digest of the content."""
        with self._bytes() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def rows(self) -> Iterator[Row]:
        """Yield the records; CommandError with the line of a bad one."""
        with self._bytes() as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            try:
                yield from self._csv_rows(text) if self._is_csv else self._json_rows(text)
            except UnicodeDecodeError as error:
                raise CommandError(f"{self.name} is not UTF-8 text: {error.reason}", USAGE) from error

    def wrong(self, line: int, what: str) -> CommandError:
        """Return the error for a line."""
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
                raise self.wrong(number, f"not valid JSON ({error})") from error
            if not is_object(record):
                raise self.wrong(number, f"a JSON object is required, not {line.strip():.40}")
            yield Row(number, record)

    def _csv_rows(self, text: io.TextIOBase) -> Iterator[Row]:
        csv.field_size_limit(_MAX_CELL)
        reader = csv.reader(text, delimiter=self._delimiter(), strict=True)
        try:
            titles = next(reader, list[str]())
            if not titles or len(set(titles)) < len(titles):
                raise self.wrong(1, "the first row must name the columns, each name once")
            before = reader.line_num
            for cells in reader:
                line, before = before + 1, reader.line_num
                if cells and len(cells) != len(titles):
                    raise self.wrong(line, f"{len(cells)} cells, but the first row names {len(titles)} columns")
                if cells:
                    yield Row(line, dict(zip(titles, cells, strict=True)))
        except csv.Error as error:
            raise self.wrong(reader.line_num, f"not valid CSV ({error})") from error

    def _delimiter(self) -> str:
        """Return what stands between the cells: the first that gives all of the first rows the same columns."""
        return next(filter(self._fits, _DELIMITERS), ",")

    def _fits(self, delimiter: str) -> bool:
        with self._bytes() as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows = islice(csv.reader(text, delimiter=delimiter, strict=True), _GUESSED_ROWS)
            try:
                sizes = {len(cells) for cells in rows if cells}
            except csv.Error:
                return False
        return len(sizes) == 1 and sizes != {1}


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Where a column goes: an attribute of the review, or a path into its content."""

    column: str
    attribute: str
    path: tuple[str, ...] = ()


def mapping_of(column: str, target: str) -> ColumnMapping:
    """Return the mapping for `column=target`; ValueError if the target does not exist."""
    attribute, *path = target.split(".")
    if not (attribute == "content" or (attribute in ATTRIBUTES and not path)) or not all(path):
        raise ValueError(f"{target!r} is not a target; use content, content.NAME, {', '.join(ATTRIBUTES)}")
    return ColumnMapping(column, attribute, tuple(path))


def item_of(columns: Mapping[str, Any], mappings: list[ColumnMapping], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `create_review` for one record; ValueError if its columns do not fit the mappings.

    Unmapped columns are ignored. Without mappings, a record with a `content` is the arguments themselves, and any other
    record is the content.
    """
    if not mappings:
        return {**defaults, **(columns if "content" in columns else {"content": dict(columns)})}
    item: dict[str, Any] = {}
    for each in mappings:
        if each.column not in columns:
            raise ValueError(f"no column {each.column!r}; the columns are {', '.join(map(repr, columns))}")
        _assign(item, each, columns[each.column])
    return {**defaults, **item}


def _assign(item: dict[str, Any], mapping: ColumnMapping, value: Any) -> None:
    if mapping.attribute != "content":
        if value not in ("", None):  # an empty cell sets nothing
            if mapping.attribute in item:
                raise ValueError(f"two columns go to {mapping.attribute}")
            item[mapping.attribute] = _addresses(value) if mapping.attribute == "assignees" else value
        return
    inner, names = item, ("content", *mapping.path)
    for name in names[:-1]:
        inner = inner.setdefault(name, {})
        if not is_object(inner):
            raise ValueError(f"{'.'.join(names)} is inside a value that another column sets")
    if names[-1] in inner:
        raise ValueError(f"two columns go to {'.'.join(names)}")
    inner[names[-1]] = value


def _addresses(value: Any) -> Any:
    return [each for each in re.split(r"[,;\s]+", value) if each] if isinstance(value, str) else value
