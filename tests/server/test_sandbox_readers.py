"""Lists are read by connections of their own, so that nobody waits for somebody who searches."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hitl.server.review_server import ReviewServer
from hitl.server.reviews import ReviewQuery, ReviewService
from hitl.server.storage import IN_MEMORY, StorageError
from hitl.server.storage import reader as reader_module

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


def test_who_reads_a_list_holds_nobody_up_and_sees_one_state_of_the_file(tmp_path: Path) -> None:
    count = "SELECT count(*) FROM reviews"
    with closing(ReviewServer(data=tmp_path / "sandbox.db")) as server:
        with server.database.reading() as reader:
            before = reader.value(count)
            writer = threading.Thread(target=server.reviews.create_review, args=(REVIEW,))
            writer.start()
            writer.join(60)
            assert not writer.is_alive()
            assert (before, reader.value(count)) == (0, 0)
        assert server.reviews.list_reviews().total == 1


LISTS: dict[str, Callable[[ReviewService], object]] = {
    "a list": lambda reviews: reviews.list_reviews(),
    "a search": lambda reviews: reviews.list_reviews(ReviewQuery(search="draft")),
    "by due date": lambda reviews: reviews.list_by_deadline(ReviewQuery(), [reviews.clock()]),
    "a place": lambda reviews: reviews.place(ReviewQuery(), "rev_1"),
    "a tally": lambda reviews: reviews.tally(ReviewQuery(), reviews.clock()),
    "counts": lambda reviews: (reviews.counts(), reviews.to_answer(["ann@example.com"])),
}


@pytest.mark.parametrize("asked", LISTS)
def test_reviews_are_created_while_somebody_reads_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    with closing(ReviewServer(data=tmp_path / "sandbox.db")) as server:
        server.reviews.create_review(REVIEW)
        reading = server.database.reading

        @contextmanager
        def interrupted() -> Iterator[object]:
            with reading() as reader:
                writer = threading.Thread(target=server.reviews.create_review, args=(REVIEW,))
                writer.start()
                writer.join(60)
                assert not writer.is_alive()
                yield reader

        monkeypatch.setattr(server.database, "reading", interrupted)
        LISTS[asked](server.reviews)
        monkeypatch.undo()
        assert server.reviews.list_reviews().total >= 2


@pytest.mark.parametrize("file", ["sandbox.db", IN_MEMORY])
def test_a_list_inside_a_transaction_holds_what_that_has_written(tmp_path: Path, file: str) -> None:
    with closing(ReviewServer(data=file if file == IN_MEMORY else tmp_path / file)) as server:
        with server.database.transaction():
            server.reviews.create_review(REVIEW)
            assert server.reviews.list_reviews().total == 1
        assert server.reviews.list_reviews().total == 1


def test_readers_can_be_closed_while_somebody_reads(tmp_path: Path) -> None:
    with closing(ReviewServer(data=tmp_path / "sandbox.db")) as server, server.database.reading() as reader:
        server.close()
        assert reader.value("SELECT count(*) FROM reviews") == 0
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        reader.value("SELECT 1")


def test_a_list_that_finds_no_connection_can_be_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_data: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    with closing(ReviewServer(data=tmp_path / "sandbox.db")) as server:
        with monkeypatch.context() as patched:
            patched.setattr(reader_module, "open_to_read", refused)
            with pytest.raises(StorageError, match="cannot be opened"):
                server.reviews.list_reviews()
        assert server.reviews.list_reviews().total == 0
