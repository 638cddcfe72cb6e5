"""`hitl reviews wait`: one line for each review, as the answers come."""

from __future__ import annotations

import sys
import time
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

_SLOW = 10.0  # seconds between two looks, from which on it is worth a word

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
        progress.ended(ending)

    try:
        finish(joint_exit_code(anyio.run(_wait_for_all, connection, unique, timeout, tell, progress)))
    finally:
        progress.clear()


async def _wait_for_all(
    connection: Connection,
    review_ids: Collection[str],
    timeout: float | None,
    tell: Callable[[Ending], None],
    progress: _Progress,
) -> list[int]:
    import anyio

    exit_codes: list[int] = []

    async with connection.async_client() as client, anyio.create_task_group() as tasks:
        # The waits of one client share their requests, however many there are.
        async def wait_for(review_id: str) -> None:
            ending = await _wait_for_one(client, review_id, timeout)
            exit_codes.append(ending.exit_code)
            tell(ending)
            if len(exit_codes) == len(review_ids):
                tasks.cancel_scope.cancel()

        async def show() -> None:
            while True:
                progress.show(client.wait_stats().interval)
                await anyio.sleep(1.0)

        tasks.start_soon(show)
        for review_id in review_ids:
            tasks.start_soon(wait_for, review_id)
    return exit_codes


async def _wait_for_one(client: AsyncHITLClient, review_id: str, timeout: float | None) -> Ending:
    try:
        return Ending(review_id, await client.wait_for_review(review_id, timeout=timeout))
    except WaitError as error:
        return Ending(review_id, error.review, error)
    except HITLError as error:
        return Ending(review_id, None, error)


class _Progress:
    """A line on the terminal that says how far the waiting is; nothing where no person looks."""

    def __init__(self, open_: int) -> None:
        self._open = open_
        self._done = 0
        self._rejected = 0
        self._interval: float | None = None
        self._began: float | None = None
        self._is_seen = sys.stderr.isatty()
        self._is_there = False

    def show(self, interval: float | None) -> None:
        """Show it, with the seconds between two looks at the server, if that is known."""
        self._interval = interval
        self.clear()
        if self._is_seen and self._open:
            click.echo(self._line(), nl=False, err=True)
            self._is_there = True

    def clear(self) -> None:
        """Leave the line to something else."""
        if self._is_there:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._is_there = False

    def ended(self, ending: Ending) -> None:
        """Count one that has ended, and show how far it is then."""
        self._open -= 1
        self._done += 1
        self._rejected += ending.word == "rejected"
        self.show(self._interval)

    def _line(self) -> str:
        parts = [f"Waiting for {self._open}"]
        if self._done:
            parts.append(f"{self._done} done")
        if self._rejected:
            parts.append(f"{self._rejected} rejected")
        now = time.monotonic()
        self._began = self._began or now
        if now - self._began >= 1.0:
            parts.append(f"{now - self._began:.0f} s so far")
        if self._interval is not None and self._interval > _SLOW:
            parts.append(f"a look every {self._interval:.0f} s, as the rate limit allows")
        return ", ".join(parts) + "; Ctrl-C ends only the waiting."
