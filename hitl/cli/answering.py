"""`hitl reviews complete` and `hitl reviews reject`: a reviewer's actions, done through the inbox.

The API has no operation that answers a review: programs ask, people answer. These commands therefore hold a session of
the inbox, started by the same kind of link as a browser's, and an API key alone cannot answer its own question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from hitl.cli.connection import Connection, api_command, json_option, server_of
from hitl.cli.documents import print_document
from hitl.cli.inbox import open_inbox
from hitl.cli.values import JSON_SOURCE, json_object, pair

T = TypeVar("T")


def _reviewer_action(command: Callable[..., T]) -> Callable[..., T]:
    command = json_option(api_command(command))
    for option in (
        click.option("--inbox", "link", metavar="LINK", help="A link to the inbox; needed once per sandbox."),
        click.option("--reviewer", metavar="NAME", help="Who answers.  [default: the first assignee]"),
        click.option("--result", type=json_object, metavar=JSON_SOURCE, help="The answers by field name, as JSON."),
        click.option("--set", "pairs", type=pair, multiple=True, metavar="NAME=VALUE", help="One answer; repeatable."),
        click.argument("review_id", metavar="ID"),
    ):
        command = option(command)
    return command


@click.command()
@_reviewer_action
def complete(connection: Connection, **options: Any) -> None:
    """Answer a review (sandbox only).

    Example: hitl reviews complete rev_1 --set approved=true --set feedback="Refund the second charge only"
    """
    _decide(connection, "complete", **options)


@click.command()
@_reviewer_action
def reject(connection: Connection, **options: Any) -> None:
    """Reject a review (sandbox only).

    Required answers may be left out.
    """
    _decide(connection, "reject", **options)


def _decide(
    connection: Connection,
    decision: str,
    *,
    review_id: str,
    result: Mapping[str, Any] | None,
    pairs: Iterable[tuple[str, str]],
    reviewer: str | None,
    link: str | None,
    as_json: bool,
) -> None:
    with connection.client() as client:
        client.get_review(review_id)  # reports a wrong id, key or address as every command does
        with open_inbox(server_of(client), link) as inbox:
            inbox.answer(review_id, decision, _answers(result or {}, pairs), reviewer)
        review = client.get_review(review_id)
    print_document(review, f"{review.id} {review.status}", as_json=as_json)


def _answers(result: Mapping[str, Any], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the answers by name; `--set` overrides `--result`, and repeated for one name it makes a list."""
    typed: dict[str, list[str]] = {}
    for name, text in pairs:
        typed.setdefault(name, []).append(text)
    return {**result, **typed}
