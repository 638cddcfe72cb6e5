"""`hitl reviews`: create, list, change, await and answer reviews."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hitl.cli.answering import complete, reject
from hitl.cli.batches import FileBatch, create_from_file
from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of, print_document, print_documents
from hitl.cli.failures import INTERRUPTED, CommandError, done
from hitl.cli.item_files import ColumnMapping, ItemFile, mapping_of
from hitl.cli.text import json_text, print_facts, print_json, print_json_line, print_line, shortened, timestamp_text
from hitl.cli.values import JSON_SOURCE, json_object, pair
from hitl.cli.waiting import wait

if TYPE_CHECKING:
    from hitl import Review

T = TypeVar("T")


@click.group()
def reviews() -> None:
    """Questions to people, and their answers."""


reviews.add_command(complete)
reviews.add_command(reject)
reviews.add_command(wait)


def _attributes(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options that creating and updating have in common."""
    for option in (
        click.option("--strategy", "assignment_strategy", help="round_robin or load_balanced."),
        click.option("--due-date", metavar="TIME", help="When the answer is due, such as 2027-01-20T18:00:00Z."),
        click.option("--priority", help="low, medium or high."),
        click.option("--assignee", "assignees", multiple=True, metavar="EMAIL", help="Who is asked; repeatable."),
    ):
        command = option(command)
    return command


@reviews.command("list")
@click.option("--status", help="Only reviews with this status, such as created or completed.")
@click.option("--template", "template_id", metavar="ID", help="Only reviews of this template.")
@click.option("--assignee", metavar="EMAIL", help="Only reviews assigned to this person.")
@click.option("--priority", help="Only reviews of this priority.")
@click.option("--created-after", metavar="TIME", help="Only reviews created after this time.")
@click.option("--created-before", metavar="TIME", help="Only reviews created before this time.")
@click.option("--updated-after", metavar="TIME", help="Only reviews changed after this time.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number of results.")
@json_option
@api_command
def list_reviews(connection: Connection, limit: int, as_json: bool, **filters: Any) -> None:
    """List reviews, in the server's order."""
    with connection.client() as client:
        found = client.list_reviews(page_size=min(limit + 1, 100), **filters)
        print_documents(found, limit, _TITLES, _row, as_json=as_json)


_TITLES = ("ID", "STATUS", "TEMPLATE", "PRIORITY", "ASSIGNEES", "CREATED", "METADATA", "CONTENT")


def _row(review: Review) -> tuple[str, ...]:
    return (
        review.id,
        review.status,
        review.template_id,
        review.priority or "",
        shortened(", ".join(review.assignees) or "anyone", 30),
        timestamp_text(review.created_at),
        shortened(json_text(review.metadata), 30) if review.metadata else "",
        shortened(json_text(review.content)),
    )


@reviews.command()
@click.argument("review_id", metavar="ID")
@json_option
@api_command
def show(connection: Connection, review_id: str, as_json: bool) -> None:
    """Show a review."""
    with connection.client() as client:
        review = client.get_review(review_id)
    if as_json:
        print_json(document_of(review))
    else:
        print_facts(_facts(review))


def _facts(review: Review) -> list[tuple[str, str]]:
    return [
        ("id", review.id),
        ("status", review.status),
        ("template", review.template_id),
        ("priority", review.priority or ""),
        ("assignees", ", ".join(review.assignees) or "anyone"),
        ("created", timestamp_text(review.created_at)),
        ("due", timestamp_text(review.due_date)),
        ("content", json_text(review.content, indent=2)),
        ("answered", timestamp_text(review.completed_at)),
        ("by", review.reviewer or ""),
        ("result", json_text(review.result, indent=2) if review.result else ""),
        ("metadata", json_text(review.metadata, indent=2) if review.metadata else ""),
    ]


@reviews.command()
@click.option("--template", "template_id", metavar="ID", help="The template: the form that the reviewer answers.")
@click.option("--content", type=json_object, metavar=JSON_SOURCE, help="What the reviewer sees.")
@_attributes
@click.option("--idempotency-key", metavar="KEY", help="Makes retries safe: one review per key.")
@click.option(
    "--from", "file", metavar="FILE", help="Create one per line of a .jsonl or row of a .csv; - reads JSONL from stdin."
)
@click.option(
    "--map", "mapping", multiple=True, type=pair, metavar="COLUMN=TARGET", help="Where a column goes; repeatable."
)
@click.option("--batch-key", metavar="KEY", help="Name of the batch.  [default: derived from the content of FILE]")
@click.option("--concurrency", type=click.IntRange(1, 1000), help="Maximum concurrent requests.")
@json_option
@api_command
def create(
    connection: Connection,
    as_json: bool,
    file: str | None,
    mapping: tuple[tuple[str, str], ...],
    batch_key: str | None,
    concurrency: int | None,
    **review: Any,
) -> None:
    """Create a review and print its id.

    With --from, create one for every record of a file, and print a line of JSON for each.
    """
    if file is not None:
        _refuse({"--content": review.pop("content"), "--idempotency-key": review.pop("idempotency_key")}, "with")
        create_from_file(
            connection, FileBatch(ItemFile(file), _mappings(mapping), _given(review), batch_key, concurrency)
        )
        return
    _refuse({"--map": mapping, "--batch-key": batch_key, "--concurrency": concurrency}, "without")
    for option, value in {"--template": review["template_id"], "--content": review["content"]}.items():
        if value is None:
            raise click.UsageError(f"Missing option '{option}'.")
    with connection.client() as client:
        try:
            created = client.create_review(**_given(review))
        except KeyboardInterrupt:
            raise CommandError("interrupted; whether the review was created is unknown", INTERRUPTED) from None
    print_document(created, created.id, as_json=as_json)


@reviews.command()
@click.argument("review_id", metavar="ID")
@click.option(
    "--content", type=json_object, metavar=JSON_SOURCE, help="Merged into the content; existing keys are replaced."
)
@_attributes
@json_option
@api_command
def update(connection: Connection, review_id: str, as_json: bool, **changes: Any) -> None:
    """Update an open review; other fields stay as they are."""
    with connection.client() as client:
        updated = client.update_review(review_id, **_given(changes))
    print_document(updated, f"{updated.id} updated, {updated.status}", as_json=as_json)


@reviews.command()
@click.argument("review_ids", nargs=-1, required=True, metavar="ID...")
@json_option
@api_command
def cancel(connection: Connection, review_ids: tuple[str, ...], as_json: bool) -> None:
    """Cancel open reviews; stops at the first failure."""
    with connection.client() as client:
        for review_id in review_ids:
            cancelled = client.cancel_review(review_id)
            line = f"{cancelled.id} {cancelled.status}"
            with done(line):
                print_json_line(document_of(cancelled)) if as_json else print_line(line)


def _refuse(options: dict[str, Any], word: str) -> None:
    for option in _given(options):
        raise click.UsageError(f"{option} cannot be used {word} --from")


def _mappings(pairs: tuple[tuple[str, str], ...]) -> list[ColumnMapping]:
    try:
        return [mapping_of(column, target) for column, target in pairs]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--map'") from error


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given; click passes an empty tuple for a repeatable one that was not."""
    return {name: value for name, value in options.items() if value not in (None, ())}
