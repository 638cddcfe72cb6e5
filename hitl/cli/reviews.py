"""`hitl reviews`: ask people, look at what was asked, wait for the answers, and give them as a reviewer would."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hitl.cli.answering import complete, reject
from hitl.cli.batches import FileBatch, create_from_file
from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of
from hitl.cli.item_files import ItemFile, Mapped, mapped
from hitl.cli.text import (
    json_text,
    moment_text,
    print_facts,
    print_json,
    print_json_line,
    print_line,
    print_table,
    shortened,
)
from hitl.cli.values import JSON_SOURCE, json_object, pair
from hitl.cli.waiting import wait

if TYPE_CHECKING:
    from hitl import Review

T = TypeVar("T")


@click.group()
def reviews() -> None:
    """Questions that were put to people."""


reviews.add_command(complete)
reviews.add_command(reject)
reviews.add_command(wait)


def _attributes(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options for what creating and updating have in common."""
    for option in (
        click.option("--strategy", "assignment_strategy", help="round_robin or load_balanced."),
        click.option("--due-date", metavar="TIME", help="When the answer is needed, such as 2027-01-20T18:00:00Z."),
        click.option("--priority", help="low, medium or high."),
        click.option("--assignee", "assignees", multiple=True, metavar="EMAIL", help="Who is asked; may be repeated."),
    ):
        command = option(command)
    return command


@reviews.command("list")
@click.option("--status", help="Only those in this state, such as created or completed.")
@click.option("--template", "template_id", metavar="ID", help="Only those of this template.")
@click.option("--assignee", metavar="EMAIL", help="Only those that this person is asked to answer.")
@click.option("--priority", help="Only those of this priority.")
@click.option("--created-after", metavar="TIME", help="Only those created after this time.")
@click.option("--created-before", metavar="TIME", help="Only those created before this time.")
@click.option("--updated-after", metavar="TIME", help="Only those changed after this time.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The greatest number of reviews.")
@json_option
@api_command
def list_reviews(connection: Connection, limit: int, as_json: bool, **filters: Any) -> None:
    """List reviews, in the order of the server."""
    with connection.client() as client:
        found = iter(client.list_reviews(page_size=min(limit + 1, 100), **filters))
        shown = list(islice(found, limit))
        has_more = next(found, None) is not None
    if as_json:
        print_json([document_of(review) for review in shown])
    else:
        print_table(_TITLES, [_row(review) for review in shown])
        if has_more:
            click.echo(f"There are more than {limit}; --limit shows them.", err=True)


_TITLES = ("ID", "STATUS", "TEMPLATE", "PRIORITY", "ASKED", "CREATED", "CONTENT")


def _row(review: Review) -> tuple[str, ...]:
    return (
        review.id,
        review.status,
        review.template_id,
        review.priority or "",
        shortened(", ".join(review.assignees) or "anybody", 30),
        moment_text(review.created_at),
        shortened(json_text(review.content)),
    )


@reviews.command()
@click.argument("review_id", metavar="ID")
@json_option
@api_command
def show(connection: Connection, review_id: str, as_json: bool) -> None:
    """Show everything about one review."""
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
        ("asked", ", ".join(review.assignees) or "anybody"),
        ("created", moment_text(review.created_at)),
        ("due", moment_text(review.due_date)),
        ("content", json_text(review.content, indent=2)),
        ("answered", moment_text(review.completed_at)),
        ("by", review.reviewer or ""),
        ("result", json_text(review.result, indent=2) if review.result else ""),
    ]


@reviews.command()
@click.option("--template", "template_id", metavar="ID", help="The form that the reviewer answers.")
@click.option("--content", type=json_object, metavar=JSON_SOURCE, help="What is put before the reviewer.")
@_attributes
@click.option("--idempotency-key", metavar="KEY", help="Created once, however often it is tried with this key.")
@click.option(
    "--from", "file", metavar="FILE", help="Many: one for each line of a .jsonl or row of a .csv; - is JSONL."
)
@click.option(
    "--map", "mapping", multiple=True, type=pair, metavar="COLUMN=PLACE", help="Where a column goes; may be repeated."
)
@click.option("--batch-key", metavar="KEY", help="A name for all of them.  [default: follows from what FILE holds]")
@click.option("--concurrency", type=click.IntRange(1, 1000), help="Requests under way at most.")
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
    """Ask, and print the id of the review; or ask about every record of a file, and print a line of JSON for each."""
    if file is not None:
        _refuse({"--content": review.pop("content"), "--idempotency-key": review.pop("idempotency_key")}, "with")
        create_from_file(
            connection, FileBatch(ItemFile(file), _mapped(mapping), _given(review), batch_key, concurrency)
        )
        return
    _refuse({"--map": mapping, "--batch-key": batch_key, "--concurrency": concurrency}, "without")
    for option, value in {"--template": review["template_id"], "--content": review["content"]}.items():
        if value is None:
            raise click.UsageError(f"Missing option '{option}'.")
    with connection.client() as client:
        created = client.create_review(**_given(review))
    if as_json:
        print_json(document_of(created))
    else:
        print_line(created.id)


@reviews.command()
@click.argument("review_id", metavar="ID")
@click.option(
    "--content", type=json_object, metavar=JSON_SOURCE, help="Adds to the content; keys that are there are replaced."
)
@_attributes
@json_option
@api_command
def update(connection: Connection, review_id: str, as_json: bool, **changes: Any) -> None:
    """Change a review that is not finished; what is not given stays."""
    with connection.client() as client:
        changed = client.update_review(review_id, **_given(changes))
    if as_json:
        print_json(document_of(changed))
    else:
        print_line(f"{changed.id} changed, {changed.status}")


@reviews.command()
@click.argument("review_ids", nargs=-1, required=True, metavar="ID...")
@json_option
@api_command
def cancel(connection: Connection, review_ids: tuple[str, ...], as_json: bool) -> None:
    """Withdraw questions that nobody has answered yet; ends at the first that cannot be withdrawn."""
    with connection.client() as client:
        for review_id in review_ids:
            cancelled = client.cancel_review(review_id)
            if as_json:
                print_json_line(document_of(cancelled))
            else:
                print_line(f"{cancelled.id} {cancelled.status}")


def _refuse(options: dict[str, Any], word: str) -> None:
    for option in _given(options):
        raise click.UsageError(f"{option} makes no sense {word} --from")


def _mapped(mapping: tuple[tuple[str, str], ...]) -> list[Mapped]:
    try:
        return [mapped(column, place) for column, place in mapping]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--map'") from error


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given; click makes an empty tuple of a repeatable one that was not."""
    return {name: value for name, value in options.items() if value not in (None, ())}
