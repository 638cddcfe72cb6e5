"""A batch from a file: `hitl reviews create --from`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import click

from hitl.cli.connection import Connection
from hitl.cli.failures import FAILED, INTERRUPTED, CommandError
from hitl.cli.item_files import ColumnMapping, ItemFile, Row, item_of
from hitl.cli.output import OutputError
from hitl.cli.text import json_text, print_json_line
from hitl.exceptions import ConfigurationError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from hitl import HITLClient, Outcome
    from hitl.models import ReviewFields


@dataclass(frozen=True, slots=True)
class FileBatch:
    """What is to be created."""

    file: ItemFile
    mappings: list[ColumnMapping]
    defaults: Mapping[str, Any]  # arguments of `create_review` for every record
    batch_key: str | None  # None for a key derived from the content of the file
    concurrency: int | None  # None for the client's default

    def items(self) -> Iterator[tuple[Row, dict[str, Any]]]:
        """Yield each record with the arguments to create its review; CommandError with the line on a bad one."""
        for row in self.file.rows():
            try:
                yield row, item_of(row.columns, self.mappings, self.defaults)
            except ValueError as error:
                raise self.file.wrong(row.line, str(error)) from error

    def check(self, client: HITLClient) -> int:
        """Return the number of records; CommandError with the line of the first that the client would not send."""
        count = 0
        for row, item in self.items():
            count += 1
            try:
                # The client checks a list as a whole before it sends anything, and this stream is never started.
                client.iter_create_reviews([cast("ReviewFields", item)]).close()
            except ConfigurationError as error:
                raise self.file.wrong(row.line, error.message.rpartition("item 0: ")[2]) from error
        return count


def create_from_file(connection: Connection, batch: FileBatch) -> None:
    """Create a review for each record, and print a line of JSON for each as it completes."""
    batch_key = batch.batch_key or f"file-{batch.file.digest()}"
    lines: dict[int, int] = {}

    def items() -> Iterator[ReviewFields]:
        for index, (row, item) in enumerate(batch.items()):
            lines[index] = row.line
            yield cast("ReviewFields", item)

    options = {} if batch.concurrency is None else {"concurrency": batch.concurrency}
    with connection.client() as client:
        total = batch.check(client)
        with (
            closing(client.iter_create_reviews(items(), batch_key=batch_key, **options)) as outcomes,
            _progress_bar(total) as bar,
        ):
            _report(outcomes, lines, total, bar)


def _report(outcomes: Iterable[Outcome], lines: dict[int, int], total: int, bar: Any) -> None:
    done = failed = 0
    result: dict[str, Any] = {}
    share_a_line = sys.stdout.isatty() and sys.stderr.isatty()
    try:
        for outcome in outcomes:
            if share_a_line:
                click.echo(_ERASE, nl=False, err=True)
            result = _result(lines.pop(outcome.index), outcome)
            done += 1
            print_json_line(result)
            failed += outcome.error is not None
            if bar is not None:
                bar.update(1)
    except OutputError as error:
        raise CommandError(f"{error}, after {done} of {total}; the last was {json_text(result)}; {_RERUN}") from error
    except KeyboardInterrupt:
        raise CommandError(f"interrupted after {done} of {total}; {_RERUN}", INTERRUPTED) from None
    if failed:
        raise CommandError(f"{failed} of {total} failed; {_RERUN}", FAILED)


_ERASE = "\r\x1b[K"  # erases the bar, which is drawn again below the printed line
_RERUN = "run the same command again to continue: a server with idempotency keys creates nothing twice"


def _result(line: int, outcome: Outcome) -> dict[str, Any]:
    review, error = outcome.review, outcome.error
    return {
        "line": line,
        "id": None if review is None else review.id,
        "status": None if review is None else review.status,
        "error": None if error is None else str(error),
    }


def _progress_bar(total: int) -> AbstractContextManager[Any]:
    """Return a bar on stderr if that is a terminal, else None."""
    if not sys.stderr.isatty():
        return nullcontext()
    return click.progressbar(length=total, file=sys.stderr, show_pos=True)
