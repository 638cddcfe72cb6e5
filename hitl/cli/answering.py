"""`hitl reviews complete` and `hitl reviews reject`: a reviewer's acts, done in the inbox as a person would.

The API has no operation that answers a review: programs ask, people answer. So these commands hold a session of the
inbox, begun by the same kind of link that lets a browser in, and a program with nothing but an API key cannot answer
its own questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from hitl._json import as_list
from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of
from hitl.cli.inbox import Answers, Inbox
from hitl.cli.text import print_json, print_line
from hitl.cli.values import JSON_SOURCE, json_object, pair

T = TypeVar("T")


def _reviewer_act(command: Callable[..., T]) -> Callable[..., T]:
    command = json_option(api_command(command))
    for option in (
        click.option("--inbox", "link", metavar="LINK", help="A link into the inbox; needed once for each sandbox."),
        click.option("--reviewer", metavar="NAME", help="Who answers.  [default: who is asked]"),
        click.option("--result", type=json_object, metavar=JSON_SOURCE, help="The answers by name, as JSON."),
        click.option(
            "--set", "pairs", type=pair, multiple=True, metavar="NAME=VALUE", help="One answer; may be repeated."
        ),
        click.argument("review_id", metavar="ID"),
    ):
        command = option(command)
    return command


@click.command()
@_reviewer_act
def complete(connection: Connection, **given: Any) -> None:
    """Answer a review of a sandbox, for or against.

    Example: hitl reviews complete rev_1 --set approved=true --set feedback="Fine"
    """
    _decide(connection, "complete", **given)


@click.command()
@_reviewer_act
def reject(connection: Connection, **given: Any) -> None:
    """Turn a review of a sandbox down; its required answers may stay empty."""
    _decide(connection, "reject", **given)


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
        client.get_review(review_id)  # a wrong id, key or address is told as everywhere else
        with Inbox(connection, link) as inbox:
            inbox.answer(review_id, decision, _answers(result or {}, pairs), reviewer)
        review = client.get_review(review_id)
    if as_json:
        print_json(document_of(review))
    else:
        print_line(f"{review.id} {review.status}")


def _answers(result: Mapping[str, Any], pairs: Iterable[tuple[str, str]]) -> Answers:
    """Return the texts that a form sends for each name; `--set` counts more than `--result`, and twice is a list."""
    answers: dict[str, list[str]] = {name: _texts(name, value) for name, value in result.items()}
    typed: dict[str, list[str]] = {}
    for name, text in pairs:
        typed.setdefault(name, []).append(text)
    return {**answers, **typed}


def _texts(name: str, value: Any) -> list[str]:
    if (items := as_list(value)) is not None:
        return [text for each in items for text in _texts(name, each)]
    if isinstance(value, dict):
        raise click.UsageError(f"{name}: a form holds texts, numbers, true and false, and lists of them; no objects")
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [] if value is None else [str(value)]
