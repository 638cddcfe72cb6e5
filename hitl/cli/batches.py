"""A batch from a file: `hitl reviews create --from`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import click

from hitl.cli.connection import Connection
from hitl.cli.failures import FAILED, INTERRUPTED, CommandError
from hitl.cli.item_files import ItemFile, Mapped, Row, item_of
from hitl.cli.text import print_json_line

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from hitl import Outcome
    from hitl.models import ReviewFields


@dataclass(frozen=True, slots=True)
class FileBatch:
    """What is to be created.

    Attributes:
        file: Where the records are.
        mapping: Where their columns go.
        defaults: The arguments of `create_review` that all have in common.
        batch_key: The name of the batch; None for one that follows from what the file holds.
        concurrency: Requests under way at most; None for the client's own choice.
    """

    file: ItemFile
    mapping: list[Mapped]
    defaults: Mapping[str, Any]
    batch_key: str | None
    concurrency: int | None

    def items(self) -> Iterator[tuple[Row, dict[str, Any]]]:
        """Yield each record with what is created from it; CommandError with the line if that cannot be."""
        for row in self.file.rows():
            try:
                yield row, item_of(row.columns, self.mapping, self.defaults)
            except ValueError as error:
                raise self.file.wrong(row.line, str(error)) from error

    def check(self) -> int:
        """Return how many records there are, all of which can be sent; CommandError with the first that cannot."""
        from hitl._api import check_review
        from hitl.exceptions import ConfigurationError

        count = 0
        for row, item in self.items():
            count += 1
            try:
                check_review(item)
            except ConfigurationError as error:
                raise self.file.wrong(row.line, str(error)) from error
        return count


def create_from_file(connection: Connection, batch: FileBatch) -> None:
    """Create a review for each record, and print a line of JSON for each as it is done."""
    total = batch.check()
    batch_key = batch.batch_key or f"file-{batch.file.digest()}"
    lines: dict[int, int] = {}

    def items() -> Iterator[ReviewFields]:
        for index, (row, item) in enumerate(batch.items()):
            lines[index] = row.line
            yield cast("ReviewFields", item)

    options = {} if batch.concurrency is None else {"concurrency": batch.concurrency}
    with (
        connection.client() as client,
        closing(client.iter_create_reviews(items(), batch_key=batch_key, **options)) as outcomes,
        _bar(total) as bar,
    ):
        _report(outcomes, lines, total, bar)


def _report(outcomes: Iterable[Outcome], lines: dict[int, int], total: int, bar: Bar) -> None:
    done = failed = 0
    share_a_line = sys.stdout.isatty() and sys.stderr.isatty()
    try:
        for outcome in outcomes:
            if share_a_line:
                click.echo(_ERASE, nl=False, err=True)
            print_json_line(_result(lines.pop(outcome.index), outcome))
            done += 1
            failed += outcome.error is not None
            bar.update(1)
    except KeyboardInterrupt:
        raise CommandError(f"interrupted after {done} of {total}; {_AGAIN}", INTERRUPTED) from None
    if failed:
        raise CommandError(f"{failed} of {total} failed; {_AGAIN}", FAILED)


_ERASE = "\r\x1b[K"  # the bar, which is drawn again below what is printed in its place
_AGAIN = "run the same command again to go on: what was made is not made twice by a server that honours keys"


def _result(line: int, outcome: Outcome) -> dict[str, Any]:
    review, error = outcome.review, outcome.error
    return {
        "line": line,
        "id": None if review is None else review.id,
        "status": None if review is None else review.status,
        "error": None if error is None else str(error),
    }


class Bar(Protocol):
    """What is told of the progress."""

    def update(self, n_steps: int) -> None:
        """Go on by that many."""
        ...


class _NoBar:
    def update(self, n_steps: int) -> None:
        pass


def _bar(total: int) -> AbstractContextManager[Bar]:
    """Return a bar on stderr, for people only."""
    if not sys.stderr.isatty():
        return nullcontext(_NoBar())
    return click.progressbar(length=total, file=sys.stderr, show_pos=True)
