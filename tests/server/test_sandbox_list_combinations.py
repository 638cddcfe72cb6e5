"""Filters together: a list costs what the rarest of them finds; where all find many, one index counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import pytest
from fake_clock import FakeClock

from hitl.server.inbox.filters import Filters
from hitl.server.primitives import Actor, to_wire
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import FINAL, OPEN, ReviewQuery

ANN, BOB = "ann@example.com", "bob@example.com"
YES = {"name": "approved", "type": "boolean", "required": True}
TEMPLATES = [{"id": name, "name": name, "fields": [YES]} for name in ("common", "rare")]
SHORT, LONG = 150, 2_500
RARE = 5


@dataclass
class File:
    server: ReviewServer
    size: int
    moment: str = ""  # before the last reviews, as is the step
    step: int = 0

    def steps(self, query: ReviewQuery) -> int:
        """Return how many tens of instructions SQLite takes for a list."""
        ticks: list[None] = []
        self.server.database._connection.set_progress_handler(lambda: ticks.append(None), 10)
        self.server.reviews.list_reviews(query)
        self.server.database._connection.set_progress_handler(None, 0)
        return len(ticks)

    @contextmanager
    def traced(self) -> Iterator[list[str]]:
        """Yield the statements that are run in the block."""
        statements: list[str] = []
        self.server.database._connection.set_trace_callback(statements.append)
        yield statements
        self.server.database._connection.set_trace_callback(None)


def filled(size: int) -> File:
    """Make a file of which half the reviews are open; the last few differ from all others in everything."""
    clock = FakeClock()
    file = File(ReviewServer(clock=clock, templates=TEMPLATES), size)
    for number in range(size):
        is_rare = number >= size - RARE
        clock.advance(seconds=1)
        if number == size - RARE:
            file.moment, file.step = to_wire(clock()), file.server.reviews.last_step()
            clock.advance(seconds=1)
        name, person = ("rare", ANN) if is_rare else ("common", BOB)
        body = {
            "template_id": name,
            "content": {"text": "A draft"},
            "priority": "high" if is_rare else "low",
            "assignees": [person],
            "metadata": {"run": name},
            "due_date": to_wire(clock()),
        }
        made = file.server.reviews.create_review(body, actor=Actor("key", f"key_{name}", name))
        if number % 2:
            file.server.reviews.complete(made.document["id"], {"approved": not is_rare}, person)
    return file


@pytest.fixture(scope="module")
def files() -> Iterator[tuple[File, File]]:
    short, long = filled(SHORT), filled(LONG)
    with closing(short.server), closing(long.server):
        yield short, long


RARELY: dict[str, Callable[[File], dict[str, Any]]] = {
    "created_after": lambda file: {"created_after": file.moment},
    "updated_after": lambda file: {"updated_after": file.moment},
    "changes_after": lambda file: {"changes_after": file.step},
    "priority": lambda _: {"priority": "high"},
    "template": lambda _: {"template_id": "rare"},
    "assignee": lambda _: {"assignee": ANN},
    "reviewer": lambda _: {"reviewer": ANN},
    "metadata": lambda _: {"metadata": {"run": "rare"}},
    "key": lambda _: {"asked_by": "key_rare"},
    "asker": lambda _: {"asker": "rare"},
    "verdict": lambda _: {"verdict": "rejected"},
    "ids": lambda _: {"ids": ["rev_1", "rev_2"]},
}
OFTEN: dict[str, dict[str, Any]] = {
    "open": {"status": OPEN},
    "completed": {"status": "completed"},
    "due": {"due_before": "2100-01-01T00:00:00.000000Z"},
    "priority": {"priority": "low"},
    "template": {"template_id": "common"},
    "assignee": {"assignee": BOB},
    "metadata": {"metadata": {"run": "common"}},
    "key": {"asked_by": "key_common"},
    "asker": {"asker": "common"},
    "created_after": {"created_after": "2000-01-01T00:00:00.000000Z"},
    "updated_after": {"updated_after": "2000-01-01T00:00:00.000000Z"},
    "changes_after": {"changes_after": 1},
    "verdict": {"verdict": "approved"},
    "not answered": {"not_answered_by": ANN},
}


@pytest.mark.parametrize(("rare", "common"), list(product(RARELY, OFTEN)))
def test_a_rare_filter_beside_a_common_one_costs_the_same_in_a_large_file(
    files: tuple[File, File], rare: str, common: str
) -> None:
    short, long = (file.steps(ReviewQuery(**{**OFTEN[common], **RARELY[rare](file)})) for file in files)
    assert long <= 1.2 * short + 2


@pytest.mark.parametrize(("one", "other"), list(combinations(OFTEN, 2)))
def test_filters_that_find_many_are_counted_in_a_time_that_grows_with_the_file_and_no_faster(
    files: tuple[File, File], one: str, other: str
) -> None:
    query = ReviewQuery(**{**OFTEN[one], **OFTEN[other]}, limit=0)
    short, long = (file.steps(query) / file.size for file in files)
    assert long <= 1.5 * short + 1


IN_COLUMNS = [name for name in OFTEN if name not in ("assignee", "metadata")]


@pytest.mark.parametrize(("one", "other"), list(combinations(IN_COLUMNS, 2)))
def test_filters_that_find_many_are_counted_without_a_look_at_the_reviews(
    files: tuple[File, File], one: str, other: str
) -> None:
    server = files[1].server
    with files[1].traced() as statements:
        server.reviews.list_reviews(ReviewQuery(**{**OFTEN[one], **OFTEN[other]}))
    counts = [sql for sql in statements if sql.startswith("SELECT count(*) FROM reviews ")]
    assert len(counts) == 1
    plan = [str(row[3]) for row in server.database._connection.execute(f"EXPLAIN QUERY PLAN {counts[0]}")]
    assert "USING COVERING INDEX listed_reviews" in plan[0]


@pytest.mark.parametrize("query", [{"status": OPEN}, {"status": FINAL}, OFTEN["priority"], OFTEN["created_after"]])
@pytest.mark.parametrize("oldest_first", [False, True])
def test_a_page_costs_the_same_in_a_large_file_once_it_is_counted(
    files: tuple[File, File], query: dict[str, Any], oldest_first: bool
) -> None:
    asked = ReviewQuery(**query, not_answered_by=ANN, oldest_first=oldest_first, limit=20)
    short, long = (file.steps(asked) - file.steps(replace(asked, limit=0)) for file in files)
    assert long <= 1.2 * short + 2


def found(file: File, **filters: Any) -> list[str]:
    return [review["id"] for review in file.server.reviews.list_reviews(ReviewQuery(**filters, limit=None)).items]


@pytest.mark.parametrize("one", [*RARELY, *(f"common {name}" for name in OFTEN)])
def test_two_filters_find_what_each_of_them_finds(files: tuple[File, File], one: str) -> None:
    file = files[0]
    filters = {name: given(file) for name, given in RARELY.items()}
    filters |= {f"common {name}": given for name, given in OFTEN.items()}
    for other in filters:
        if filters[one].keys() & filters[other].keys():
            continue
        both = found(file, **filters[one], **filters[other])
        assert sorted(both) == sorted({*found(file, **filters[one])} & {*found(file, **filters[other])})


@pytest.mark.parametrize("other", [{}, {"not_answered_by": ANN}])
@pytest.mark.parametrize("times", [2, 600])
def test_a_status_that_is_named_again_finds_nothing_twice(
    files: tuple[File, File], times: int, other: dict[str, Any]
) -> None:
    once = found(files[0], status=["created", "assigned"], **other)
    assert len(once) == SHORT // 2
    assert found(files[0], status=["created", "assigned"] * times, **other) == once


def test_who_asked_is_the_key_by_its_name_or_else_the_agent_that_says_so(server: ReviewServer) -> None:
    body = {"template_id": "template_123", "content": {"text": "A draft"}}
    for agent, actor in (
        ("robot", None),
        ("robot", Actor("key", "key_1", "Billing")),
        ("other", Actor("key", "key_2", "robot")),
        ("other", Actor("key", "key_3", "")),
        ("other", None),
    ):
        server.reviews.create_review({**body, "metadata": {"agent": agent}}, actor=actor)
    asked = {name: server.reviews.list_reviews(ReviewQuery(asker=name)) for name in ("robot", "Billing", "key_3", "x")}
    assert {name: [review["id"] for review in page.items] for name, page in asked.items()} == {
        "robot": ["rev_3", "rev_1"],
        "Billing": ["rev_2"],
        "key_3": ["rev_4"],
        "x": [],
    }


VIEWS = [{"view": "open"}, {"view": "mine"}, {"view": "done"}, {"view": "open", "q": "draft"}]
SORTS = ["newest", "oldest", "due", "priority"]


@pytest.mark.parametrize(("view", "sort"), list(product(VIEWS, SORTS)))
def test_the_place_of_a_review_is_that_in_its_list(files: tuple[File, File], view: dict[str, str], sort: str) -> None:
    reviews = files[0].server.reviews
    query = Filters.read({**view, "sort": sort}).query(BOB, reviews.clock())
    whole = [review["id"] for review in reviews.list_reviews(replace(query, limit=None)).items]
    assert len(whole) > RARE
    for at in (0, 1, len(whole) // 2, len(whole) - 1):
        place = reviews.place(query, whole[at])
        assert (place.before, place.total) == (at, len(whole))
        assert (place.previous, place.next) == ([None, *whole][at], [*whole, None][at + 1])
