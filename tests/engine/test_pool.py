"""How many unused connections are kept, and for how long."""

from __future__ import annotations

from typing import Any

from hitl._engine.pool import LONGEST_IDLE, MOST_IDLE, Pool


class Line:
    """A connection that nothing is wrong with."""

    was_used = False
    idle_since = 0.0
    is_closed = False

    def is_idle_and_clean(self) -> bool:
        return True

    def close(self) -> None:
        self.is_closed = True


def given_back(pool: Pool, count: int) -> list[Any]:
    lines: list[Any] = [Line() for _ in range(count)]
    for line in lines:
        pool.use(line)
    for line in lines:
        pool.give_back(line)
    return lines


def test_as_many_are_kept_as_an_async_client_uses_at_once() -> None:
    pool = Pool()
    lines = given_back(pool, 100)
    assert MOST_IDLE == 100
    assert not any(line.is_closed for line in lines)
    assert [pool.take(LONGEST_IDLE) for _ in lines] == lines[::-1]
    assert pool.take(LONGEST_IDLE) is None


def test_of_more_the_oldest_are_closed() -> None:
    lines = given_back(Pool(), 103)
    assert [line.is_closed for line in lines] == [True] * 3 + [False] * 100


def test_what_a_burst_has_opened_is_closed_once_nobody_needs_it() -> None:
    pool = Pool()
    lines = given_back(pool, 5)
    for line in lines[:3]:
        line.idle_since -= LONGEST_IDLE + 1
    last = pool.take(LONGEST_IDLE)
    assert last is lines[4]
    pool.give_back(last)
    assert [line.is_closed for line in lines] == [True, True, True, False, False]


def test_a_closed_pool_closes_what_is_given_back() -> None:
    pool = Pool()
    pool.close()
    (line,) = given_back(pool, 1)
    assert line.is_closed
