from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hitl.server.primitives import Now
from hitl.server.primitives.clock import Clock
from hitl.server.primitives.timestamps import Duration, duration
from hitl.server.review_server import ReviewServer

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def standing() -> Clock:
    return Clock(lambda: START)


@pytest.mark.parametrize(
    ("length", "seconds"),
    [
        ("90s", 90),
        ("72h", 259_200),
        ("1h30m", 5400),
        (" 1.5 d ", 129_600),
        ("2w 1s", 1_209_601),
        ("0s", 0),
        (0.25, 0.25),
        (7, 7),
        (HOUR, 3600),
    ],
)
def test_a_length_of_time_is_text_seconds_or_a_timedelta(length: Duration, seconds: float) -> None:
    assert duration(length).total_seconds() == seconds


@pytest.mark.parametrize(
    "length",
    ["", "72", "h", "1h-30m", "3 hours", "١h", -1, timedelta(seconds=-1), float("nan"), float("inf"), "9" * 400 + "w"],
)
def test_anything_else_is_no_length_of_time(length: Duration) -> None:
    with pytest.raises(ValueError, match=r"length|negative|longer|NaN"):
        duration(length)


def test_a_clock_runs_as_the_one_beneath_it_does_and_stays_ahead() -> None:
    now = START
    clock = Clock(lambda: now)
    clock.advance("2h")
    now += HOUR
    assert clock() == START + 3 * HOUR
    assert clock.ahead == 2 * HOUR


def test_the_clock_of_this_machine_is_the_default() -> None:
    before = datetime.now(UTC)
    assert before <= Clock()() <= datetime.now(UTC)


def test_a_clock_is_taken_as_it_is_and_any_other_teller_of_time_becomes_one() -> None:
    clock = standing()
    assert Clock.over(clock) is clock
    assert Clock.over(lambda: START)() == START


def test_a_clock_goes_neither_backwards_nor_beyond_the_last_year() -> None:
    clock = standing()
    for by in (-1, timedelta(days=9_999_999)):
        with pytest.raises(ValueError, match=r"negative|beyond the year 9999"):
            clock.advance(by)
    assert clock() == START


class Kettle:
    """Whistles at given hours, and notes down when it did."""

    def __init__(self, clock: Clock, *hours: int) -> None:
        self.clock = clock
        self.hours = list(hours)
        self.whistled: list[float] = []

    def due(self) -> datetime | None:
        return START + self.hours[0] * HOUR if self.hours else None

    def look_again(self) -> None:
        while self.hours and START + self.hours[0] * HOUR <= self.clock():
            self.hours.pop(0)
            self.whistled.append((self.clock() - START) / HOUR)


def test_advancing_stops_at_every_moment_at_which_something_is_due() -> None:
    clock = standing()
    one, two = Kettle(clock, 1, 3, 9), Kettle(clock, 2, 4, 5)
    for kettle in (one, two):
        clock.on_advance(kettle.look_again, due=kettle.due)
    clock.advance("5h")
    assert (one.whistled, two.whistled) == ([1, 3], [2, 4, 5])
    assert clock() == START + 5 * HOUR
    assert clock.next_due() == START + 9 * HOUR


def test_what_falls_due_may_make_something_else_due() -> None:
    clock = standing()
    kettle = Kettle(clock, 1)
    clock.on_advance(kettle.look_again, due=kettle.due)
    clock.on_advance(lambda: kettle.hours.append(2) if kettle.whistled == [1] and not kettle.hours else None)
    clock.advance("3h")
    assert kettle.whistled == [1, 2]


def test_what_fell_due_by_itself_comes_before_the_rest() -> None:
    now = START
    clock = Clock(lambda: now)
    kettle = Kettle(clock, 1, 3, 4)
    clock.on_advance(kettle.look_again, due=kettle.due)
    now += 2 * HOUR
    clock.advance("3h")
    assert kettle.whistled == [2, 3, 4]
    kettle.hours += [4, 6]
    clock.advance_to_next()
    assert kettle.whistled == [2, 3, 4, 5, 6]


def test_something_that_stays_due_does_not_hold_the_clock_up() -> None:
    clock = standing()
    clock.on_advance(lambda: None, due=lambda: START + HOUR)
    clock.advance("3h")
    assert clock() == START + 3 * HOUR


def test_the_clock_can_move_to_whatever_is_next() -> None:
    clock = standing()
    kettle = Kettle(clock, 7)
    clock.on_advance(kettle.look_again, due=kettle.due)
    assert clock.advance_to_next()
    assert (kettle.whistled, clock()) == ([7], START + 7 * HOUR)
    assert not clock.advance_to_next()
    assert clock() == START + 7 * HOUR


def test_who_has_left_is_not_called_any_more() -> None:
    clock = standing()
    kettle = Kettle(clock, 1)
    leave = clock.on_advance(kettle.look_again, due=kettle.due)
    leave()
    leave()
    clock.advance("1h")
    assert kettle.whistled == []


# The server and its clock


@pytest.fixture
def clock() -> Now:
    return lambda: START


def create(server: ReviewServer, due: timedelta) -> str:
    body = {"template_id": "template_123", "content": {}, "due_date": (START + due).isoformat()}
    return str(server.reviews.create_review(body).document["id"])


def test_advancing_expires_each_review_at_its_own_time_and_announces_it(server: ReviewServer) -> None:
    late, soon = create(server, 3 * HOUR), create(server, HOUR)
    announced: list[str] = []
    server.changes.on_change(announced.extend)
    server.clock.advance("1d")
    assert announced == [soon, late]
    assert [server.reviews.history(each)[-1]["at"] for each in announced] == [
        "2026-11-23T13:00:00.000000Z",
        "2026-11-23T15:00:00.000000Z",
    ]


def test_a_clock_outlives_the_desks_that_it_was_lent_to() -> None:
    clock = standing()
    for _ in range(2):
        server = ReviewServer(clock=clock)
        create(server, HOUR * 100)
        server.close()
        clock.advance("1h")
