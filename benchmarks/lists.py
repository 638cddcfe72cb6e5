"""What lists cost in files of 1,000, 10,000 and 100,000 reviews: `python -m benchmarks.lists [words of names]`.

For each list, the milliseconds of CPU (the best of five), the steps of SQLite's machine, and the exponent with which
the milliseconds grow from the second file to the third: 0 if the file does not matter, 1 if they grow with it. The
files are made once, below `.bench`.
"""

from __future__ import annotations

import math
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, TypeAlias

from attrs import frozen

from benchmarks.environments import HOME
from benchmarks.measure import Ratio, cpu_of, ratio
from hitl.server.inbox.filters import Filters
from hitl.server.inbox.rows import due_bounds
from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives import Actor, to_wire
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import OPEN, ReviewQuery

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 5
TOO_MANY = 20_000_000  # steps of a list that is not waited for: some seconds
BEGIN = datetime(2027, 1, 1, tzinfo=UTC)
BETWEEN = timedelta(seconds=20)  # two reviews
ME = "reviewer-3@company.com"
RARE = 10  # the last reviews, which are found by rare values
TEXT = "A draft to check, sentence by sentence. " * 8

List: TypeAlias = Callable[[], object]


def few() -> dict[str, Ratio]:
    """Measure lists of a few reviews among many, beside the same among few."""
    with opened(SIZES[0]) as small, opened(SIZES[1]) as large:
        beside = small.found_by_rare
        return {
            f"list by {name}, 10,000 / 1,000 reviews": ratio(cpu_of(call, 100), cpu_of(beside[name], 100), ROUNDS)
            for name, call in large.found_by_rare.items()
        }


@frozen
class File:
    """A server over one of the files, as it is after the last review."""

    server: ReviewServer
    size: int

    @property
    def now(self) -> datetime:
        """When the last review has just been made."""
        return BEGIN + self.size * BETWEEN

    @property
    def found_by_rare(self) -> dict[str, List]:
        """The lists that find a few."""
        moment = to_wire(BEGIN + (self.size - RARE) * BETWEEN)
        return {
            "created_after": self._list(created_after=moment),
            "an assignee": self._list(assignee="rare@company.com"),
            "a priority": self._list(priority="normal"),
            "the last page": self._list(oldest_first=True, offset=self.size - RARE),
            "a search without a hit": self._list(search="nowhere-to-be-found"),
        }

    @property
    def of_api(self) -> dict[str, List]:
        """`GET /v1/reviews` with each parameter, and with each pair of them."""
        filters: dict[str, dict[str, Any]] = {
            "status=created": {"status": "created"},
            "status=completed": {"status": "completed"},
            "status of 3": {"status": OPEN},
            "created_after": {"created_after": self._ago(0.3)},
            "created_before": {"created_before": self._ago(0.3)},
            "updated_after": {"updated_after": self._ago(0.3)},
            "priority": {"priority": "high"},
            "assignee": {"assignee": ME},
            "template_id": {"template_id": "bench_1"},
            "metadata": {"metadata": {"agent": "agent-1"}},
            "changes_after": {"changes_after": self.server.reviews.last_step() * 2 // 3},
            "asked_by": {"asked_by": "key_1"},
        }
        pairs = {
            f"{one} + {other}": {**filters[one], **filters[other]}
            for one, other in combinations(filters, 2)
            if not filters[one].keys() & filters[other].keys()
        }
        places: dict[str, dict[str, Any]] = {
            "no filter": {},
            "100 of no filter": {"limit": 100},
            "offset 30 %": {"offset": self.size * 3 // 10},
            "status=completed, offset 30 %": {"status": "completed", "offset": self.size * 3 // 10},
        }
        return {name: self._list(with_offset=False, **given) for name, given in (places | filters | pairs).items()} | {
            f"after, 30 % deep, {name}": self._deep(given)
            for name, given in {"no filter": {}, **filters}.items()
            if name != "changes_after"
        }

    @property
    def of_inbox(self) -> dict[str, List]:
        """The lists of the inbox, with the numbers beside them."""
        asked: dict[str, dict[str, str]] = {
            "open": {"view": "open"},
            "open, by due date": {"view": "open", "sort": "due"},
            "open, by priority": {"view": "open", "sort": "priority"},
            "open, oldest": {"view": "open", "sort": "oldest"},
            "open, due in a week": {"view": "open", "due": "week"},
            "open, due in a week, by due date": {"view": "open", "due": "week", "sort": "due"},
            "open, overdue": {"view": "open", "due": "overdue"},
            "open, of an hour": {"view": "open", "age": "hour"},
            "open, of a week": {"view": "open", "age": "week"},
            "open, high": {"view": "open", "priority": "high"},
            "open, high, by due date": {"view": "open", "priority": "high", "sort": "due"},
            "open, high, of a week": {"view": "open", "priority": "high", "age": "week"},
            "open, of a template": {"view": "open", "template": "bench_1"},
            "open, of a template, high": {"view": "open", "template": "bench_1", "priority": "high"},
            "open, of an assignee": {"view": "open", "assignee": "reviewer-5@company.com"},
            "open, of an asker": {"view": "open", "asker": "agent-1"},
            "open, assigned": {"view": "open", "status": "assigned"},
            "open, page 400": {"view": "open", "page": "400"},
            "open, by priority, page 400": {"view": "open", "sort": "priority", "page": "400"},
            "mine": {"view": "mine"},
            "mine, by priority": {"view": "mine", "sort": "priority"},
            "mine, high": {"view": "mine", "priority": "high"},
            "done": {"view": "done"},
            "done, approved": {"view": "done", "verdict": "approved"},
            "done, rejected, of a week": {"view": "done", "verdict": "rejected", "age": "week"},
            "done, rejected, high": {"view": "done", "verdict": "rejected", "priority": "high"},
            "done, by a reviewer": {"view": "done", "reviewer": ME},
            "done, approved, by a reviewer": {"view": "done", "verdict": "approved", "reviewer": ME},
            "done, of a template": {"view": "done", "template": "bench_1"},
            "done, by due date": {"view": "done", "sort": "due"},
            "open, search for one": {"view": "open", "q": "case-77-x"},
            "open, search for a tenth": {"view": "open", "q": "group-7-x"},
            "open, search for all": {"view": "open", "q": "sentence"},
            "open, search for two letters": {"view": "open", "q": "zz"},
            "open, search for all, by due date": {"view": "open", "q": "sentence", "sort": "due"},
            "done, search for a tenth": {"view": "done", "q": "group-7-x"},
            "done, search for all, high": {"view": "done", "q": "sentence", "priority": "high"},
        }
        lists = {f"inbox: {name}": partial(self._shown, Filters.read(given)) for name, given in asked.items()}
        middle = f"rev_{self.size // 2 // 10 * 10 + 1}"
        places = {
            f"place in: {name}": partial(self.server.reviews.place, self._query(Filters.read(asked[name])), middle)
            for name in ("open", "open, by due date", "open, by priority", "mine", "open, search for a tenth")
        }
        done = self._query(Filters.read(asked["done"]))
        return lists | {
            **places,
            "count of a saved view: open, high": self._list(
                status=OPEN, priority="high", not_answered_by=ME, limit=0, search_people=True
            ),
            "counts of the rail": partial(self.server.reviews.to_answer, [ME]),
            "tally of a day": partial(self.server.reviews.tally, done, self.now - timedelta(days=1)),
            "tally of mine of a day": partial(
                self.server.reviews.tally, replace(done, reviewer=ME), self.now - timedelta(days=1)
            ),
            "counts by status": self.server.reviews.counts,
        }

    def steps(self, call: List) -> int | None:
        """Return how many steps of SQLite's machine a list takes, to the hundred; None if they are too many to wait."""
        hundreds = 0

        def count() -> bool:
            nonlocal hundreds
            hundreds += 1
            return hundreds * 100 > TOO_MANY

        connections = connections_of(self.server)
        for each in connections:
            each.set_progress_handler(count, 100)
        try:
            call()
        except sqlite3.OperationalError:  # interrupted
            return None
        finally:
            for each in connections:
                each.set_progress_handler(None, 0)
        return hundreds * 100

    def _list(self, **given: Any) -> List:
        return partial(self.server.reviews.list_reviews, ReviewQuery(**given))

    def _deep(self, given: Mapping[str, Any]) -> List:
        """Return the page behind the cursor of one some way down."""
        whole = self.server.reviews.list_reviews(ReviewQuery(limit=0, **given)).total
        before = self.server.reviews.list_reviews(ReviewQuery(limit=1, offset=whole * 3 // 10, **given))
        return self._list(after=before.cursor, with_offset=False, **given)

    def _query(self, filters: Filters) -> ReviewQuery:
        return filters.query(ME, self.now)

    def _shown(self, filters: Filters) -> object:
        query = self._query(filters)
        if filters.order == "due":
            return self.server.reviews.list_by_deadline(query, due_bounds(self.now))
        return self.server.reviews.list_reviews(query)

    def _ago(self, part: float) -> str:
        return to_wire(self.now - self.size * part * BETWEEN)


def connections_of(server: ReviewServer) -> Sequence[sqlite3.Connection]:
    """Return the connections that a server has opened to its file."""
    database = server.database
    readers = [] if database._readers is None else database._readers._idle  # noqa: SLF001 - they have no other door
    return [database._connection, *(each._connection for each in readers)]  # noqa: SLF001


@contextmanager
def opened(size: int) -> Iterator[File]:
    """Open the file with so many reviews; it is made if it is not there in the present form."""
    path = HOME / f"lists-{size}-form-{len(MIGRATIONS)}.db"
    if not path.exists():
        HOME.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        for left in HOME.glob(f"{part.name}*"):
            left.unlink()
        _fill(part, size)
        part.rename(path)
    with ReviewServer(data=path, clock=lambda: BEGIN + size * BETWEEN) as server:
        file = File(server, size)
        server.reviews.list_reviews(ReviewQuery(search="somebody searches"))
        while server.reviews.index_texts():
            pass
        yield file


def _fill(path: Path, size: int) -> None:
    """Make a file: two fifths of its reviews are open, the others ended in each way that there is."""
    moment = [BEGIN]
    yes = {"name": "approved", "type": "boolean", "required": True}
    templates = [{"id": f"bench_{number}", "name": "Bench", "fields": [yes]} for number in range(4)]
    with ReviewServer(data=path, clock=lambda: moment[0], templates=templates) as server:
        for first in range(0, size, 1_000):
            with server.database.transaction():
                for number in range(first, min(first + 1_000, size)):
                    moment[0] += BETWEEN
                    _add(server, number, size, moment[0])


def _add(server: ReviewServer, number: int, size: int, now: datetime) -> None:
    reviews, is_rare, spread = server.reviews, number >= size - RARE, number * 7919  # a prime: no two go together
    body: dict[str, Any] = {
        "template_id": f"bench_{spread // 3 % 4}",
        "content": {"text": f"{TEXT} case-{number}-x group-{spread // 17 % 10}-x"},
        "assignees": ["rare@company.com"] if is_rare else [f"reviewer-{spread // 11 % 20}@company.com"],
        "priority": "normal" if is_rare else ("low", "medium", "high")[spread // 5 % 3],
        "metadata": {"agent": f"agent-{spread // 13 % 5}"},
    }
    if spread // 7 % 10 == 0:
        del body["assignees"]
    if spread // 29 % 2:
        body["due_date"] = to_wire(now + timedelta(days=spread // 31 % 30))
    key = f"key_{spread // 37 % 3}"
    made = reviews.create_review(body, idempotency_key=f"key-{number}", owner=key, actor=Actor("key", key, key))
    review_id, reviewer = str(made.document["id"]), f"reviewer-{spread // 41 % 20}@company.com"
    match number % 10:
        case 0 | 1 | 2:
            reviews.complete(review_id, {"approved": True}, reviewer)
        case 3:
            reviews.complete(review_id, {"approved": False}, reviewer)
        case 4:
            reviews.reject(review_id, {}, reviewer)
        case 5:
            reviews.cancel_review(review_id)
        case 6:
            reviews.start(review_id, reviewer)
        case _:
            pass


def main(words: Sequence[str]) -> None:
    """Print a line for each list whose name has all the words."""
    found: dict[str, list[tuple[float, int]]] = {}
    for size in SIZES:
        with opened(size) as file:
            for name, call in (file.found_by_rare | file.of_api | file.of_inbox).items():
                if all(word in name for word in words):
                    steps = file.steps(call)
                    best = math.inf if steps is None else min(cpu_of(call, 1)() for _ in range(ROUNDS))
                    found.setdefault(name, []).append((best * 1_000, steps or TOO_MANY))
    sizes = "".join(f"{size:>10,} ms     steps" for size in SIZES)
    print(f"{'':60}{sizes}  grows")
    for name, figures in sorted(found.items(), key=lambda each: -each[1][-1][0]):
        grows = math.log10(figures[-1][0] / figures[-2][0])
        print(f"{name:60}{''.join(f'{ms:13.2f}{steps:10,}' for ms, steps in figures)}  {grows:5.2f}")


if __name__ == "__main__":
    started = time.monotonic()
    main(sys.argv[1:])
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
