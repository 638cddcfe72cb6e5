"""What a client returns as JSON documents, under the names that the API uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, cast

import attrs
import click

from hitl._json import is_list
from hitl.cli.failures import done
from hitl.cli.text import print_json, print_line, print_table

if TYPE_CHECKING:
    from hitl import Request, Review, Template
    from hitl.models import Session, Turn

T = TypeVar("T", "Review", "Template", "Request", "Session", "Turn")


def document_of(found: attrs.AttrsInstance) -> dict[str, Any]:
    """Return what the server sent, fields that this version does not know included; of a request its answer, too."""
    from hitl import Request

    if isinstance(found, Request):
        return found.to_dict()
    document = attrs.asdict(found, recurse=False)
    extra: dict[str, Any] = document.pop("extra")
    return {name: _json(value) for name, value in {**extra, **document}.items()}


def print_document(found: Review | Template | Request | Turn, line: str, *, as_json: bool) -> None:
    """Print what was created or changed as JSON, or else a line about it."""
    with done(f"{line} created" if line == found.id else line):
        if as_json:
            print_json(document_of(found))
        else:
            print_line(line)


def print_documents(
    found: Iterable[T], limit: int, titles: Sequence[str], row: Callable[[T], Sequence[str]], *, as_json: bool
) -> None:
    """Print the first of many, as JSON or as a table."""
    remaining = iter(found)
    shown = list(islice(remaining, limit))
    if as_json:
        print_json([document_of(each) for each in shown])
        return
    print_table(titles, [row(each) for each in shown])
    if next(remaining, None) is not None:
        click.echo(f"There are more than {limit}; raise --limit to see them.", err=True)


def _json(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if attrs.has(type(value)):
        return document_of(cast("attrs.AttrsInstance", value))
    return list(map(_json, value)) if is_list(value) else value
