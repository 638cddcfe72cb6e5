"""A list costs what it shows, not what the file holds, and each page is the part of it that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from fake_clock import FakeClock

from hitl.server.primitives import to_wire
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import OPEN, ReviewQuery

REVIEW: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}
ANN, BOB = "ann@example.com", "bob@example.com"
SHORT, LONG = 100, 1_000  # reviews of Bob, most of them finished, before the few of Ann
ANNS = 5


@dataclass
class Filled:
    server: ReviewServer
    moment: str  # before Ann's reviews, as is the step
    step: int

    def cost(self, query: ReviewQuery) -> int:
        """Return how many tens of instructions SQLite takes for a list."""
        ticks: list[None] = []
        connection = self.server.database._connection
        connection.set_progress_handler(lambda: ticks.append(None), 10)
        self.server.reviews.list_reviews(query)
        connection.set_progress_handler(None, 0)
        return len(ticks)


def filled(others: int) -> Filled:
    clock = FakeClock()
    server = ReviewServer(clock=clock)

    def create(**body: Any) -> str:
        clock.advance(seconds=1)
        return str(server.reviews.create_review({**REVIEW, **body}).document["id"])

    for number in range(others):
        review_id = create(assignees=[BOB], priority="low")
        if number % 10:
            server.reviews.cancel_review(review_id)
    before = Filled(server, to_wire(clock()), server.reviews.last_step())
    for _ in range(ANNS):
        create(assignees=[ANN], priority="high")
    return before


@pytest.fixture(scope="module")
def files() -> Iterator[tuple[Filled, Filled]]:
    short, long = filled(SHORT), filled(LONG)
    with closing(short.server), closing(long.server):
        yield short, long


@pytest.mark.parametrize(
    "query",
    [
        lambda file: ReviewQuery(created_after=file.moment),
        lambda file: ReviewQuery(created_after=file.moment, oldest_first=True),
        lambda file: ReviewQuery(updated_after=file.moment),
        lambda file: ReviewQuery(assignee=ANN),
        lambda file: ReviewQuery(assignee=ANN, status=OPEN),
        lambda file: ReviewQuery(priority="high"),
        lambda file: ReviewQuery(changes_after=file.step),
        lambda file: ReviewQuery(ids=["rev_1", "rev_2"]),
    ],
)
def test_a_list_of_a_few_costs_the_same_in_a_large_file(
    files: tuple[Filled, Filled], query: Callable[[Filled], ReviewQuery]
) -> None:
    short, long = (file.cost(query(file)) for file in files)
    assert files[1].server.reviews.list_reviews(query(files[1])).total in (ANNS, 2)
    assert long <= 1.2 * short + 1


@pytest.mark.parametrize("query", [{"oldest_first": True}, {}, {"status": "cancelled"}])
def test_the_last_page_costs_no_more_than_the_first(files: tuple[Filled, Filled], query: dict[str, Any]) -> None:
    total = files[1].server.reviews.list_reviews(ReviewQuery(**query)).total
    first = files[1].cost(ReviewQuery(**{**query, "offset": 0}))
    last = files[1].cost(ReviewQuery(**{**query, "offset": total - 7}))
    assert last <= first


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"oldest_first": True},
        {"status": OPEN, "sort": "due", "oldest_first": True},
        {"status": OPEN, "sort": "priority"},
        {"created_after": "2000-01-01T00:00:00.000000Z"},
        {"created_before": "2100-01-01T00:00:00.000000Z", "oldest_first": True},
        {"assignee": BOB},
        {"priority": "low", "status": OPEN},
        {"changes_after": 3},
    ],
)
def test_a_page_at_an_offset_is_that_part_of_the_whole(server: ReviewServer, clock: FakeClock, query: Any) -> None:
    for number in range(13):
        clock.advance(seconds=-5 if number == 7 else 1)  # somebody set the clock back
        due = {"due_date": f"2027-01-{20 - number // 2:02}T18:00:00Z"} if number % 3 else {}
        body = {**REVIEW, **due, "priority": ("low", "high")[number % 2], "assignees": [(ANN, BOB)[number % 2]]}
        server.reviews.create_review(body)
    listed = server.reviews.list_reviews
    whole = [review["id"] for review in listed(ReviewQuery(limit=None, **query)).items]
    assert whole
    for offset in (*range(len(whole) + 2), 2**63 - 1):
        page = listed(ReviewQuery(limit=3, offset=offset, **query))
        assert [review["id"] for review in page.items] == whole[offset : offset + 3]
        assert (page.total, page.offset, page.cursor is None) == (len(whole), offset, offset + 3 >= len(whole))
        if page.cursor:
            after = listed(ReviewQuery(limit=3, after=page.cursor, **query))
            assert [review["id"] for review in after.items] == whole[offset + 3 : offset + 6]
            assert after.offset == offset + 3


def test_a_cursor_of_the_list_without_a_moment_goes_on_in_that_with_one(server: ReviewServer) -> None:
    made = [server.reviews.create_review(REVIEW).document["id"] for _ in range(5)]
    cursor = server.reviews.list_reviews(ReviewQuery(limit=2)).cursor
    since = ReviewQuery(created_after="2000-01-01T00:00:00.000000Z", after=cursor)
    assert [review["id"] for review in server.reviews.list_reviews(since).items] == made[2::-1]


def test_an_assignee_finds_every_review_that_is_theirs_now(server: ReviewServer) -> None:
    def reviews_of(name: str, **query: Any) -> list[str]:
        found = server.reviews.list_reviews(ReviewQuery(assignee=name, oldest_first=True, **query))
        return [review["id"] for review in found.items]

    for assignees in ([ANN, BOB], [BOB], [ANN], []):
        server.reviews.create_review({**REVIEW, "assignees": assignees})
    server.reviews.complete("rev_1", {"approved": True}, BOB)
    server.reviews.update_review("rev_2", {"assignees": [ANN.upper()]})
    server.reviews.start("rev_3", ANN)
    assert (reviews_of(ANN), reviews_of(ANN, status=OPEN)) == (["rev_1", "rev_2", "rev_3"], ["rev_2", "rev_3"])
    assert (reviews_of(BOB), reviews_of(BOB, status=OPEN)) == (["rev_1"], [])
    assert reviews_of(BOB, status="completed") == ["rev_1"]
