"""`hitl reviews wait` and `hitl requests wait`: one line for each review or request, as the answers come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import click

from hitl._clock import monotonic
from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of
from hitl.cli.failures import OK, REJECTED, UNANSWERED, exit_code_of, finish, joint_exit_code
from hitl.cli.output import OutputError
from hitl.cli.text import json_text, one_line, print_json_line
from hitl.cli.values import seconds
from hitl.exceptions import (
    HITLError,
    NotFoundError,
    RequestCancelledError,
    RequestExpiredError,
    ReviewCancelledError,
    ReviewExpiredError,
    WaitError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, Request, Review

Noun: TypeAlias = Literal["review", "request"]

_SLOW = 10.0  # seconds between two polls, from which on they are mentioned

_OUTCOMES: dict[type[HITLError], str] = {
    WaitTimeoutError: "timed_out",
    ReviewExpiredError: "expired",
    ReviewCancelledError: "cancelled",
    RequestExpiredError: "expired",
    RequestCancelledError: "cancelled",
    NotFoundError: "not_found",
}
_EXIT_CODES: Final = {"rejected": REJECTED, "expired": UNANSWERED}


@dataclass(frozen=True, slots=True)
class WaitResult:
    """How the wait for one review or request ended: with an answer, or with an error."""

    review_id: str
    review: Review | Request | None = None
    error: HITLError | None = None
    noun: Noun = "review"

    @property
    def outcome(self) -> str:
        """What its line says.

        completed, rejected, expired, cancelled, timed_out, not_found or failed; a request is approved, rejected or
        answered in place of completed, and expired if the default counts because nobody answered.
        """
        if self.error is None and self.review is not None:
            return self.review.status if self.noun == "review" else self.review.verdict or self.review.status
        return next((name for kind, name in _OUTCOMES.items() if isinstance(self.error, kind)), "failed")

    @property
    def exit_code(self) -> int:
        """The exit code if this is the only review."""
        if self.error is not None:
            return exit_code_of(self.error)
        return _EXIT_CODES.get(self.outcome, OK)

    def line(self) -> str:
        """Return the result as a line for people."""
        if self.error is not None:
            return f"{self.review_id}  {one_line(self.outcome)}  {one_line(str(self.error))}"
        assert self.review is not None  # noqa: S101 - one of the two is set
        by, answer = _answer(self.review)
        return f"{self.review_id}  {one_line(self.outcome)}  {one_line(by or 'unknown')}  {json_text(answer)}"

    def document(self) -> dict[str, Any]:
        """Return the result as JSON."""
        error = None if self.error is None else str(self.error)
        review = None if self.review is None else document_of(self.review)
        return {"id": self.review_id, "outcome": self.outcome, "error": error, self.noun: review}


def _answer(found: Review | Request) -> tuple[str | None, Any]:
    """Return who answered, and what."""
    from hitl import Request

    return (found.by, found.answer) if isinstance(found, Request) else (found.reviewer, found.result)


def wait_options(command: Callable[..., None]) -> click.Command:
    """Make a command that waits of a function that takes a connection, ids, a timeout and the choice of JSON."""
    options = (
        click.argument("review_ids", nargs=-1, required=True, metavar="ID..."),
        click.option(
            "--timeout",
            type=seconds,
            metavar="DURATION",
            help="How long to wait, such as 2h or 90s.  [default: no limit]",
        ),
    )
    made = json_option(api_command(command))
    for option in options:
        made = option(made)
    return click.command("wait")(made)


@wait_options
def wait(connection: Connection, review_ids: tuple[str, ...], timeout: float | None, as_json: bool) -> None:
    """Wait for reviews, and print a line for each as it is answered.

    Exits with 0 if all are completed, that is, answered: whether they are approved is in the result.
    """
    run_wait(connection, "review", review_ids, timeout, as_json=as_json)


def run_wait(
    connection: Connection, noun: Noun, review_ids: tuple[str, ...], timeout: float | None, *, as_json: bool
) -> None:
    """Wait for reviews or requests, print a line for each, and end with the exit code for all."""
    import anyio

    unique = tuple(dict.fromkeys(review_ids))
    progress = _Progress(len(unique), noun)

    def report(result: WaitResult) -> None:
        progress.clear()
        print_json_line(result.document()) if as_json else click.echo(result.line())
        progress.count(result)

    try:
        finish(joint_exit_code(anyio.run(_wait_for_all, connection, noun, unique, timeout, report, progress)))
    finally:
        progress.clear()


async def _wait_for_all(
    connection: Connection,
    noun: Noun,
    review_ids: Collection[str],
    timeout: float | None,
    report: Callable[[WaitResult], None],
    progress: _Progress,
) -> list[int]:
    import anyio

    exit_codes: list[int] = []
    unwritten: list[OutputError] = []

    async with connection.async_client() as client, anyio.create_task_group() as tasks:
        # One client's waits share their requests, however many there are.
        async def wait_for(review_id: str) -> None:
            result = await _wait_for_one(client, noun, review_id, timeout)
            exit_codes.append(result.exit_code)
            try:
                report(result)
            except OutputError as error:  # a task group would wrap it
                unwritten.append(error)
            if unwritten or len(exit_codes) == len(review_ids):
                tasks.cancel_scope.cancel()

        async def show_progress() -> None:
            while True:
                progress.show(client.wait_stats().interval)
                await anyio.sleep(1.0)

        tasks.start_soon(show_progress)
        for review_id in review_ids:
            tasks.start_soon(wait_for, review_id)
    if unwritten:
        raise unwritten[0]
    return exit_codes


async def _wait_for_one(client: AsyncHITLClient, noun: Noun, review_id: str, timeout: float | None) -> WaitResult:
    wait_for = client.wait_for_review if noun == "review" else client.requests.wait
    try:
        return WaitResult(review_id, await wait_for(review_id, timeout=timeout), noun=noun)
    except WaitError as error:
        return WaitResult(review_id, error.review or error.request, error, noun)
    except HITLError as error:
        return WaitResult(review_id, None, error, noun)


class _Progress:
    """A status line on stderr; nothing where that is no terminal."""

    def __init__(self, waiting: int, noun: Noun) -> None:
        self._noun = noun
        self._waiting = waiting
        self._done = 0
        self._rejected = 0
        self._interval: float | None = None
        self._started: float | None = None
        self._is_terminal = sys.stderr.isatty()
        self._is_shown = False

    def show(self, interval: float | None) -> None:
        """Show the line, with the seconds between two polls if they are known."""
        self._interval = interval
        self.clear()
        if self._is_terminal and self._waiting:
            click.echo(self._line(), nl=False, err=True)
            self._is_shown = True

    def clear(self) -> None:
        """Erase the line."""
        if self._is_shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._is_shown = False

    def count(self, result: WaitResult) -> None:
        """Count one more result and update the line."""
        self._waiting -= 1
        self._done += 1
        self._rejected += result.outcome == "rejected"
        self.show(self._interval)

    def _line(self) -> str:
        parts = [f"Waiting for {self._waiting}"]
        if self._done:
            parts.append(f"{self._done} done")
        if self._rejected:
            parts.append(f"{self._rejected} rejected")
        now = monotonic()
        self._started = self._started or now
        if now - self._started >= 1.0:
            parts.append(f"{now - self._started:.0f} s elapsed")
        if self._interval is not None and self._interval > _SLOW:
            parts.append(f"polling every {self._interval:.0f} s because of the rate limit")
        return ", ".join(parts) + f"; Ctrl-C stops waiting, not the {self._noun}s."
