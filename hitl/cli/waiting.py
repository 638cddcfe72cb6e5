"""`hitl reviews wait`: one line for each review, as the answers come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of
from hitl.cli.failures import OK, REJECTED, exit_code_of, finish, joint_exit_code
from hitl.cli.text import json_text, one_line, print_json_line
from hitl.cli.values import seconds
from hitl.exceptions import (
    HITLError,
    NotFoundError,
    ReviewCancelledError,
    ReviewExpiredError,
    WaitError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, Review

_WORDS: dict[type[HITLError], str] = {
    WaitTimeoutError: "timed_out",
    ReviewExpiredError: "expired",
    ReviewCancelledError: "cancelled",
    NotFoundError: "not_found",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How the wait for one review ended: with an answer, or with an error."""

    review_id: str
    review: Review | None = None
    error: HITLError | None = None

    @property
    def word(self) -> str:
        """completed, rejected, expired, cancelled, timed_out, not_found or failed."""
        if self.error is None:
            return self.review.status if self.review else ""
        return next((word for kind, word in _WORDS.items() if isinstance(self.error, kind)), "failed")

    @property
    def exit_code(self) -> int:
        """What the command exits with if it waited for this one only."""
        if self.error is not None:
            return exit_code_of(self.error)
        return REJECTED if self.word == "rejected" else OK

    def line(self) -> str:
        """Say it to a person."""
        if self.error is not None:
            return f"{self.review_id}  {one_line(self.word)}  {one_line(str(self.error))}"
        assert self.review is not None  # noqa: S101 - one of the two is there
        reviewer = one_line(self.review.reviewer or "unknown")
        return f"{self.review_id}  {one_line(self.word)}  {reviewer}  {json_text(self.review.result)}"

    def document(self) -> dict[str, Any]:
        """Say it to a program."""
        error = None if self.error is None else str(self.error)
        review = None if self.review is None else document_of(self.review)
        return {"id": self.review_id, "outcome": self.word, "error": error, "review": review}


@click.command()
@click.argument("review_ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--timeout", type=seconds, metavar="LENGTH", help="How long to wait, such as 2h or 90s.  [default: until they end]"
)
@json_option
@api_command
def wait(connection: Connection, review_ids: tuple[str, ...], timeout: float | None, as_json: bool) -> None:
    """Wait until people have answered, and print a line for each review as its answer comes.

    Exits with 0 if all were completed, which is to say answered: look into the result for what was answered.
    """
    import anyio

    unique = tuple(dict.fromkeys(review_ids))
    progress = _Progress(len(unique))

    def tell(ending: Ending) -> None:
        progress.clear()
        print_json_line(ending.document()) if as_json else click.echo(ending.line())
        progress.one_less()

    progress.show()
    try:
        finish(joint_exit_code(anyio.run(_wait_for_all, connection, unique, timeout, tell)))
    finally:
        progress.clear()


async def _wait_for_all(
    connection: Connection, review_ids: Collection[str], timeout: float | None, tell: Callable[[Ending], None]
) -> list[int]:
    import anyio

    exit_codes: list[int] = []

    async def wait_for(client: AsyncHITLClient, review_id: str) -> None:
        ending = await _wait_for_one(client, review_id, timeout)
        exit_codes.append(ending.exit_code)
        tell(ending)

    async with connection.async_client() as client, anyio.create_task_group() as tasks:
        for review_id in review_ids:
            tasks.start_soon(wait_for, client, review_id)
    return exit_codes


async def _wait_for_one(client: AsyncHITLClient, review_id: str, timeout: float | None) -> Ending:
    try:
        return Ending(review_id, await client.wait_for_review(review_id, timeout=timeout))
    except WaitError as error:
        return Ending(review_id, error.review, error)
    except HITLError as error:
        return Ending(review_id, None, error)


class _Progress:
    """A line on the terminal that says how many are still waited for; nothing where no person looks."""

    def __init__(self, left: int) -> None:
        self._left = left
        self._is_shown = sys.stderr.isatty()

    def show(self) -> None:
        if self._is_shown and self._left:
            click.echo(f"Waiting for {self._left}; Ctrl-C ends only the waiting.", nl=False, err=True)

    def clear(self) -> None:
        if self._is_shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def one_less(self) -> None:
        self._left -= 1
        self.show()
