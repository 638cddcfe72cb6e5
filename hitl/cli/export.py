"""`hitl export`: requests and their answers as data for evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hitl.cli.connection import Connection, api_command
from hitl.cli.documents import document_of
from hitl.cli.text import print_json, print_json_line

if TYPE_CHECKING:
    from hitl import Review


@click.command()
@click.option("--jsonl/--json", "as_lines", default=True, help="One JSON object per line (default), or one array.")
@click.option("--all", "everything", is_flag=True, help="Include reviews without an answer.")
@click.option("--template", "template_id", metavar="ID", help="Only reviews of this template.")
@click.option("--created-after", metavar="TIME", help="Only reviews created after this time.")
@click.option("--created-before", metavar="TIME", help="Only reviews created before this time.")
@api_command
def export(connection: Connection, as_lines: bool, everything: bool, **filters: Any) -> None:
    """Output answered reviews as data for evaluation.

    A record holds `id`, `template_id`, `status`, `priority`, `assignees`, `metadata`, `request` (the content), `answer`
    (the result), `edits` (the fields of the request that the reviewer changed, with `before` and `after`), `reviewer`,
    `created_at`, `completed_at` and `seconds_to_answer`; from a team's server also `asked_by`, `self_approved` if the
    person who asked has answered, and `answered_via` if somebody has by the link of a message.
    """
    with connection.client() as client:
        found = client.list_reviews(**filters)
        records = (record_of(review) for review in found if everything or review.is_answered)
        if not as_lines:
            print_json(list(records))
            return
        for record in records:
            print_json_line(record)


def record_of(review: Review) -> dict[str, Any]:
    """Return the record of one review."""
    document = document_of(review)
    took = None if review.completed_at is None else (review.completed_at - review.created_at).total_seconds()
    return {
        **{name: document[name] for name in ("id", "template_id", "status", "priority", "assignees", "metadata")},
        "request": review.content,
        "answer": review.result,
        "edits": edits(review),
        **{name: document[name] for name in ("reviewer", "created_at", "completed_at")},
        "seconds_to_answer": took,
        **{name: document[name] for name in ("asked_by", "self_approved", "answered_via") if document.get(name)},
    }


def edits(review: Review) -> dict[str, dict[str, Any]]:
    """Return what the reviewer changed: an editable field has the same name in the content and in the result."""
    return {
        name: {"before": review.content[name], "after": value}
        for name, value in review.result.items()
        if name in review.content and review.content[name] != value
    }
