"""A table of a page as a file for spreadsheets: comma-separated values that none of them takes for a formula."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from starlette.responses import Response

from hitl.server.inbox.rendering import Block, table_at
from hitl.server.inbox.tables import Looking, is_plain_number
from hitl.server.primitives import ApiError

# What a spreadsheet runs when it stands first, white space and its wide forms included (OWASP, "CSV Injection").
_FORMULA: Final = re.compile(r"[\s\0\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]*[=+\-@＝＋－＠\t\r]")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as RFC 4180 has them; a text that looks like a formula gets an apostrophe before it."""
    file = io.StringIO()
    csv.writer(file).writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue().encode("utf-8", "replace").decode()  # a lone surrogate has no UTF-8 form


def export(looking: Looking, blocks: Iterable[Block], name: str) -> Response:
    """Return the table that is asked for as a file, all of its records in the order in which they are shown; or 404."""
    table = table_at(looking.exported, blocks)
    if table is None:
        raise ApiError(404, "not_found", "This page has no such table.")
    rows = [row for _, row in table.in_order(table.columns(looking))]
    return _response(csv_lines([table.names, *rows]), f"{name}-{looking.exported}")


def _response(text: str, name: str) -> Response:
    """Return a download that begins with the mark by which spreadsheets know UTF-8."""
    safe = _UNSAFE.sub("-", name).strip("-")[:80] or "table"
    headers = {"content-disposition": f'attachment; filename="{safe}.csv"', "cache-control": "no-store"}
    return Response(f"\ufeff{text}", media_type="text/csv", headers=headers)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _guarded(value)
    return json.dumps(value, ensure_ascii=False)


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not is_plain_number(text) else text
