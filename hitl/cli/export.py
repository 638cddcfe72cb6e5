"""`hitl export`: what was asked and what people said, as data for evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from hitl.cli.connection import Connection, api_command
from hitl.cli.documents import document_of
from hitl.cli.text import print_json, print_json_line

if TYPE_CHECKING:
    from hitl import Review


@click.command()
@click.option("--jsonl/--json", "as_lines", default=True, help="One JSON object to a line, the default; or one array.")
@click.option("--all", "everything", is_flag=True, help="Also reviews that nobody has answered.")
@click.option("--template", "template_id", metavar="ID", help="Only reviews of this template.")
@click.option("--created-after", metavar="TIME", help="Only reviews created after this time.")
@click.option("--created-before", metavar="TIME", help="Only reviews created before this time.")
@api_command
def export(connection: Connection, as_lines: bool, everything: bool, **filters: Any) -> None:
    """Print the answered reviews as data: request, answer, edits, reviewer, times.

    A record holds `id`, `template_id`, `status`, `priority`, `assignees`, `request` (the content), `answer` (the
    result), `edits` (by field, what the reviewer made of a text of the request: `before` and `after`), `reviewer`,
    `created_at`, `completed_at` and `seconds_to_answer`.
    """
    with connection.client() as client:
        records = _records(client.list_reviews(**filters), everything=everything)
        if not as_lines:
            print_json(list(records))
            return
        for record in records:
            print_json_line(record)


def _records(reviews: Iterable[Review], *, everything: bool) -> Iterable[dict[str, Any]]:
    return (record_of(review) for review in reviews if everything or review.is_answered)


def record_of(review: Review) -> dict[str, Any]:
    """Return the record of one review."""
    document = document_of(review)
    took = None if review.completed_at is None else (review.completed_at - review.created_at).total_seconds()
    return {
        **{name: document[name] for name in ("id", "template_id", "status", "priority", "assignees")},
        "request": review.content,
        "answer": review.result,
        "edits": edits(review),
        **{name: document[name] for name in ("reviewer", "created_at", "completed_at")},
        "seconds_to_answer": took,
    }


def edits(review: Review) -> dict[str, dict[str, Any]]:
    """Return what the reviewer changed: the members of the result that the content has with another value.

    An editable field of a template has one name for both, what it shows and what comes back.
    """
    return {
        name: {"before": review.content[name], "after": value}
        for name, value in review.result.items()
        if name in review.content and review.content[name] != value
    }
