"""Creations of one turn of the event loop share a commit, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from hitl.server.primitives import ApiError
from hitl.server.review_server import ReviewServer
from hitl.server.storage import StorageError

pytestmark = pytest.mark.anyio

REVIEW: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}


class Watched:
    """What the database and the listeners of changes are told, in order."""

    def __init__(self, server: ReviewServer) -> None:
        self.server = server
        self.seen: list[str] = []
        server.database._connection.set_trace_callback(self._statement)
        server.changes.on_change(lambda review_ids: self.seen.append(" ".join(review_ids)))

    def _statement(self, sql: str) -> None:
        if sql in ("COMMIT", "ROLLBACK"):
            self.seen.append(sql)


async def outcomes(server: ReviewServer, *calls: Callable[[], Any]) -> list[Any]:
    return await asyncio.gather(*map(server.commits.run, calls), return_exceptions=True)


def create(server: ReviewServer, key: str, **body: Any) -> Callable[[], Any]:
    return partial(server.reviews.create_review, {**REVIEW, **body}, idempotency_key=key)


def texts(found: list[Any]) -> list[Any]:
    return [each.document["id"] if hasattr(each, "document") else type(each) for each in found]


async def test_creations_of_one_turn_have_one_commit_and_are_told_after_it(server: ReviewServer) -> None:
    watched = Watched(server)
    found = await outcomes(server, *(create(server, f"key {number}") for number in range(3)))
    assert texts(found) == ["rev_1", "rev_2", "rev_3"]
    assert watched.seen == ["COMMIT", "rev_1 rev_2 rev_3"]
    await outcomes(server, create(server, "another"))
    assert watched.seen[2:] == ["COMMIT", "rev_4"]


async def test_a_repeated_creation_in_the_same_turn_is_answered_with_the_first(server: ReviewServer) -> None:
    first, second = await outcomes(server, create(server, "key"), create(server, "key"))
    assert (first.document, first.replayed, second.replayed) == (second.document, False, True)


async def test_one_that_is_refused_leaves_the_others_alone(server: ReviewServer) -> None:
    watched = Watched(server)
    found = await outcomes(server, create(server, "1"), create(server, "2", template_id="none"), create(server, "3"))
    assert texts(found) == ["rev_1", ApiError, "rev_2"]
    assert watched.seen == ["COMMIT", "rev_1 rev_2"]


async def test_one_that_fails_after_it_has_written_is_undone_alone(server: ReviewServer) -> None:
    def write_and_fail() -> None:
        with server.reviews._work() as work:
            server.database.execute("INSERT INTO counters (name, value) VALUES ('a', 1)")
            work.changed.append("nothing")
            raise KeyError("a")

    watched = Watched(server)
    found = await outcomes(server, create(server, "1"), write_and_fail, create(server, "2"))
    assert texts(found) == ["rev_1", KeyError, "rev_2"]
    assert server.database.value("SELECT count(*) FROM counters WHERE name = 'a'") == 0
    assert watched.seen == ["ROLLBACK", "COMMIT", "rev_1", "ROLLBACK", "nothing", "COMMIT", "rev_2"]
    assert server.reviews.list_reviews().total == 2


async def test_on_a_full_disk_those_fail_that_have_no_room(server: ReviewServer) -> None:
    server.database.row(f"PRAGMA max_page_count = {server.database.value('PRAGMA page_count') + 8}")
    found = await outcomes(server, create(server, "1"), create(server, "2", content={"text": "x" * 300_000}))
    assert texts(found) == ["rev_1", StorageError]
    server.database.row("PRAGMA max_page_count = 1073741823")
    assert texts(await outcomes(server, create(server, "2"), create(server, "1"))) == ["rev_2", "rev_1"]


async def test_an_error_of_a_listener_is_told_to_everybody_and_nothing_is_done_twice(server: ReviewServer) -> None:
    def fail(_review_ids: object) -> None:
        raise KeyError("listener")

    server.changes.on_change(fail)
    assert texts(await outcomes(server, create(server, "1"), create(server, "2"))) == [KeyError, KeyError]
    assert server.reviews.list_reviews().total == 2


async def test_somebody_who_does_not_wait_any_more_disturbs_nobody(server: ReviewServer) -> None:
    gone = asyncio.ensure_future(server.commits.run(create(server, "1")))
    stays = asyncio.ensure_future(server.commits.run(create(server, "2")))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).document["id"] == "rev_2"
