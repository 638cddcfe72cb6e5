"""Free JSON as blocks that a page can draw: strings, pairs, lists and tables. Nothing here is HTML.

Blocks are made on the event loop, so their number is bounded; what takes longer (JSON, Markdown, colours) are
properties, which the template reads in its thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, ClassVar, TypeAlias

from hitl._json import is_list, is_object
from hitl.server.inbox.content_files import File, Picture, picture_block
from hitl.server.inbox.diffing import Stretch, compare
from hitl.server.inbox.documents import Document
from hitl.server.inbox.flags import FLAGS, WHOLE, flags_of, sentence, without_flags
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.highlighting import Token, lines_of, tokens
from hitl.server.inbox.json_texts import pretty
from hitl.server.inbox.markdown import Piece, draw, looks_like_markdown
from hitl.server.inbox.patches import PatchedFile, is_patch, patched_files
from hitl.server.inbox.records import MAX_ROWS as MAX_ROWS  # re-exported: tests and pages bound by it
from hitl.server.inbox.records import is_flagged, is_frame, is_records, is_table, most_rows
from hitl.server.inbox.tables import Column, Looking, column, in_order

MAX_DEPTH = 6
"""Objects nested deeper are shown as JSON: indentation would have used up the page."""

OPEN_DEPTH = 2
"""Objects nested deeper start closed."""

MAX_BLOCKS = 5_000
"""A value that would take more blocks is shown as JSON: each of them is several elements of the page."""

MAX_LINES = 10_000
"""Code with more lines is shown without their numbers."""

_LONG_TEXT = 100
_KEYS_IN_GIST = 8
_LOOKED_AT = 1_000  # records by which the looks of a column are chosen
_BEFORE_AND_AFTER = (("before", "after"), ("old", "new"), ("original", "proposed"))
_SUBJECT_LENGTH = 140


@dataclass(frozen=True, slots=True)
class Text:
    """A string; a `long` one gets a paragraph of its own."""

    kind: ClassVar[str] = "text"
    text: str

    @property
    def long(self) -> bool:
        """Whether the text needs more than a line."""
        return len(self.text) > _LONG_TEXT or "\n" in self.text

    @property
    def markdown(self) -> list[Piece]:
        """The text as Markdown; empty if it does not look like it or has too much of it."""
        return draw(self.text) if looks_like_markdown(self.text) else []


@dataclass(frozen=True, slots=True)
class Word:
    """A number, "Yes", "No", or the JSON of what is empty: null, "", [], {}, or white space alone."""

    kind: ClassVar[str] = "word"
    text: str
    number: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Pairs:
    """An object: its keys and values; `hidden` counts what is not drawn, and a `folded` one starts closed.

    `flags` are what speaks against its values, by their keys; `remarks` those that are about none of them.
    """

    kind: ClassVar[str] = "pairs"
    items: list[tuple[str, Block]]
    hidden: int = 0
    folded: bool = False
    flags: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def remarks(self) -> list[str]:
        """What is about the whole, or about a key that it has not, or that is not drawn."""
        keys = {key for key, _ in self.items}
        return [sentence({name: reason}, ()) for name, reason in self.flags.items() if name not in keys]

    @property
    def gist(self) -> str:
        """The first of its keys."""
        keys = ", ".join(key for key, _ in self.items[:_KEYS_IN_GIST])
        return keys if len(keys) <= _LONG_TEXT else f"{keys[:_LONG_TEXT]}…"


@dataclass(frozen=True, slots=True)
class Compared:
    """Two texts, before and after, under their keys: what was removed is marked in one, what was added in the other."""

    kind: ClassVar[str] = "compared"
    keys: tuple[str, str]
    texts: tuple[str, str]

    @property
    def sides(self) -> list[tuple[str, list[Stretch]]]:
        """Each key with its text in stretches."""
        stretches = compare(*map(unix_lines, self.texts))
        return [
            (key, [stretch for stretch in stretches if stretch.change != other])
            for key, other in zip(self.keys, ("added", "removed"), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Items:
    """An array; `hidden` counts what is not drawn."""

    kind: ClassVar[str] = "items"
    items: list[Block]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is drawn: its number among the records, and each cell with its value and whether it is flagged."""

    number: int
    cells: list[tuple[Any, Block, bool]]


@dataclass(frozen=True, slots=True)
class Table:
    """Records: `index` is True when the first column names the rows; `place` tells the tables of a content apart.

    With `flags`, one mapping for each record, the last column has the reasons. An `inner` one is in a cell of another.
    """

    kind: ClassVar[str] = "table"
    names: list[str]
    records: list[list[Any]]
    place: str = ""
    index: bool = False
    depth: int = 0
    flags: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])
    inner: bool = False

    @property
    def flagged(self) -> int:
        """How many rows are flagged."""
        return sum(map(bool, self.flags))

    @property
    def hidden(self) -> int:
        """How many rows are not drawn."""
        return max(0, len(self.records) - most_rows(len(self.names)))

    def columns(self, looking: Looking) -> list[Column]:
        """Return how the cells of each column are written, and by which the table is sorted."""
        return [
            column(name, [row[place] for row in self.records[:_LOOKED_AT]], looking.order_of(self.place, name))
            for place, name in enumerate(self.names)
        ]

    def rows(self, columns: list[Column]) -> list[Row]:
        """Return the rows to draw, in the order of the sorted column."""
        numbered = self.in_order(columns)
        if self.flagged and self.hidden:
            numbered = self._cut(numbered)
        return [Row(number, self._cells(number, row)) for number, row in numbered[: most_rows(len(self.names))]]

    def in_order(self, columns: list[Column]) -> list[tuple[int, list[Any]]]:
        """Return all numbered records in the order of the sorted column."""
        numbered = list(enumerate(self.records, 1))
        for place, each in enumerate(columns):
            if each.order:
                numbered = in_order(numbered, place, descending=each.order == "descending")
        return numbered

    def _cut(self, numbered: list[tuple[int, list[Any]]]) -> list[tuple[int, list[Any]]]:
        """Return as many rows as are drawn, in their order, the flagged ones before all others."""
        marked = [each for each in numbered if self.flags[each[0] - 1]]
        others = [each for each in numbered if not self.flags[each[0] - 1]]
        kept = {number for number, _ in (*marked, *others)[: most_rows(len(self.names))]}
        return [each for each in numbered if each[0] in kept]

    def _cells(self, number: int, row: list[Any]) -> list[tuple[Any, Block, bool]]:
        flags: Mapping[str, str] = self.flags[number - 1] if self.flags else {}
        return [
            (cell, self._cell(cell, f"{self.place}.{number}.{place}"), name in flags and name != WHOLE)
            for place, (name, cell) in enumerate(zip(self.names, row, strict=True))
        ]

    def _cell(self, value: Any, place: str) -> Block:
        made = Json(value) if _is_heavy(value) else _block(value, self.depth + 1, place)
        return replace(made, inner=True) if isinstance(made, Table) else made


@dataclass(frozen=True, slots=True)
class Code:
    """A string in which white space matters."""

    kind: ClassVar[str] = "code"
    text: str
    language: str = ""

    @property
    def lines(self) -> list[list[Token]]:
        """The text, split by lines and colour; as one line if it has more than `MAX_LINES`."""
        code = tokens(self.text, self.language)
        return lines_of(code) if self.text.count("\n") < MAX_LINES else [code]


@dataclass(frozen=True, slots=True)
class Patch:
    """A unified diff."""

    kind: ClassVar[str] = "patch"
    text: str

    @property
    def files(self) -> list[PatchedFile]:
        """The files of the patch, with their lines numbered and compared."""
        return patched_files(self.text)


@dataclass(frozen=True, slots=True)
class Json:
    """A value as its JSON."""

    kind: ClassVar[str] = "json"
    value: Any

    @property
    def tokens(self) -> list[Token]:
        """The JSON, split by colour."""
        return tokens(pretty(self.value), "json")


Block: TypeAlias = Text | Word | Pairs | Compared | Items | Table | Code | Patch | Json | File | Picture

NOTHING = Word("null", empty=True)


def block(value: object, place: str = "") -> Block:
    """Choose how to draw a JSON value; `place` is where it stands, by which its tables are told apart."""
    return Json(value) if _is_heavy(value) else _block(value, 0, place)


def table_at(place: str, blocks: Iterable[Block]) -> Table | None:
    """Return the table that stands at a place of some blocks; tables in the cells of others are not looked at."""
    for each in blocks:
        if isinstance(each, Table) and each.place == place:
            return each
        inner: Iterable[Block] = ()
        if isinstance(each, Pairs):
            inner = [value for _, value in each.items]
        elif isinstance(each, Items):
            inner = each.items
        if found := table_at(place, inner):
            return found
    return None


def code(text: str, language: str) -> Block:
    """Choose how to draw a text that is known to be code."""
    text = unix_lines(text)  # before its tokens part a line end
    return Patch(text) if is_patch(text, language) else Code(text, language)


def subject(content: Document) -> str:
    """Return the first line of the first string in a content; empty if it has none."""
    line = next((line.strip() for line in _first_text(content).splitlines() if line.strip()), "")
    return line if len(line) <= _SUBJECT_LENGTH else line[: _SUBJECT_LENGTH - 1].rstrip() + "…"


def _is_heavy(value: object) -> bool:
    """Return whether drawing a value takes more than `MAX_BLOCKS` blocks."""
    waiting = [value]
    for _ in range(MAX_BLOCKS):
        if not waiting:
            return False
        inner = waiting.pop()
        most = most_rows(len(inner[0])) if is_list(inner) and inner and is_table(inner) else MAX_ROWS
        waiting.extend(islice(_inside(inner), most))
    return bool(waiting)


def _block(value: object, depth: int, place: str) -> Block:
    if held := picture_block(value, place):
        return held
    if value in ({}, []):
        return Word(json.dumps(value), empty=True)
    if depth >= MAX_DEPTH and (is_object(value) or is_list(value)):
        return Json(value)
    if is_object(value):
        return _object(value, depth, place)
    return _array(value, depth, place) if is_list(value) else _scalar(value)


def _scalar(value: object) -> Block:
    if value is None or (isinstance(value, str) and not value.strip()):
        return Word(json.dumps(value), empty=True)
    if isinstance(value, bool):
        return Word("Yes" if value else "No")
    if isinstance(value, int | float):
        return Word(str(value), number=True)
    text = str(value)
    return Patch(text) if is_patch(text) else Text(text)


def _object(value: Document, depth: int, place: str) -> Block:
    if is_frame(value):
        return _frame(value, place)
    if compared := _compared(value):
        return compared
    if flags := flags_of(value):
        value = without_flags(value)
    shown = [(key, _block(item, depth + 1, f"{place}.{key}")) for key, item in islice(value.items(), MAX_ROWS)]
    return Pairs(shown, hidden=len(value) - len(shown), folded=depth >= OPEN_DEPTH, flags=flags)


def _compared(value: Document) -> Compared | None:
    keys = next((keys for keys in _BEFORE_AND_AFTER if keys == tuple(value)), None)
    texts = [text for text in value.values() if isinstance(text, str) and text.strip()]
    return Compared(keys, (texts[0], texts[1])) if keys and len(texts) == len(keys) else None


def _array(value: list[Any], depth: int, place: str) -> Block:
    if is_flagged(value):
        return _flagged(value, place, depth)
    if is_records(value):
        return Table(list(value[0]), [list(map(row.get, value[0])) for row in value], place, depth=depth)
    shown = [_block(item, depth + 1, f"{place}.{number}") for number, item in enumerate(value[:MAX_ROWS])]
    return Items(shown, hidden=len(value) - len(shown))


def _flagged(value: list[Any], place: str, depth: int) -> Table:
    flags: list[Mapping[str, str]] = [flags_of(row) for row in value]
    names = list(without_flags(value[0]))
    rows = [[*map(row.get, names), sentence(each, names)] for row, each in zip(value, flags, strict=True)]
    return Table([*names, FLAGS], rows, place, depth=depth, flags=flags)


def _frame(value: Document, place: str) -> Table:
    names = list(next(iter(value.values())))
    rows = [[name, *(column[name] for column in value.values())] for name in names]
    return Table(["", *value], rows, place, index=True)


def _first_text(value: object) -> str:
    """Return the first non-blank string, breadth first."""
    level = [value]
    while level:
        for item in level:
            if isinstance(item, str) and item[:5].lower() != "data:" and item.strip():
                return item
        level = [inner for item in level for inner in _inside(item)]
    return ""


def _inside(value: object) -> Iterable[Any]:
    if is_object(value):
        return value.values()
    return value if is_list(value) else ()
