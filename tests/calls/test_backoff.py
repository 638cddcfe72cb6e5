"""How long the pauses are, and what a Retry-After asks for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_call import exchange, get
from script import Script, refused, reviewed

from hitl._calls import LONGEST_RETRY_AFTER, Backoff, retry_after
from hitl.exceptions import RateLimitError

SENT = "Mon, 23 Nov 2026 10:00:00 GMT"


def test_jitter_spreads_the_pause_but_never_below_a_tenth():
    drawn = []
    backoff = Backoff(3, 1.0, uniform=lambda low, high: drawn.append((low, high)) or low)
    assert backoff.pause(3, None) == pytest.approx(0.4)
    assert drawn == [(pytest.approx(0.4), 4.0)]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": " 1.5\t"}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "007"}, 7.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "1500.5", "retry-after": "9"}, 1.5005),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT", "date": SENT}, 30.0),
        ({"retry-after": "Monday, 23-Nov-26 10:00:30 GMT", "date": SENT}, 30.0),
        ({"retry-after": "Mon Nov 23 10:00:30 2026", "date": SENT}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 09:00:00 GMT", "date": SENT}, 0.0),
    ],
)
def test_seconds_milliseconds_and_dates_are_understood(headers, seconds):
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "-5", "+5", ".5", "5.", "1,5", "1, 2", "5;6", "1e3", "1_000", "0x10"),
        *("nan", "inf", "soon", "١٢", "１２", "\xa05"),
        "Mon, 23 Nov 2026 10:00:30",
        "23 Nov 2026 10:00:30 GMT",
        "Mon, 23 Nov 2026 10:00:30 +0100",
        "Mon, 99 Nov 2026 10:00:30 GMT",
        "Mon, 23 Foo 2026 10:00:30 GMT",
        f"{SENT}, {SENT}",
    ],
)
def test_what_makes_no_sense_is_ignored(value):
    assert retry_after({"retry-after": value, "date": SENT}) is None
    assert retry_after({"retry-after-ms": value, "date": SENT}) is None


def test_a_date_is_read_against_the_servers_own_clock_or_not_at_all():
    asked = "Mon, 23 Nov 2026 10:00:30 GMT"
    assert retry_after({"retry-after": asked}) is None
    assert retry_after({"retry-after": asked, "date": "today"}) is None


@pytest.mark.parametrize("digits", ["100000", "9" * 12, "9" * 5000])
def test_a_very_long_time_is_never_taken_for_a_short_one(digits):
    for header in ("retry-after", "retry-after-ms"):
        asked = retry_after({header: digits})
        assert asked is not None
        assert LONGEST_RETRY_AFTER < asked < math.inf


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_header_says_it_is_nothing_or_a_finite_time_from_0_up(value, date):
    asked = retry_after({"retry-after": value, "retry-after-ms": date, "date": date})
    assert asked is None or 0 <= asked < math.inf


def test_it_is_never_undercut():
    script = Script([refused(429, retry_after="20"), reviewed()])
    script.play(exchange()(get()))
    assert script.sleeps == [21.0]


@given(st.floats(0, LONGEST_RETRY_AFTER), st.integers(1, 3))
def test_the_jitter_on_it_only_ever_adds(asked, attempts):
    pause = Backoff(3, 1.0).pause(attempts, asked)
    assert pause is not None
    assert asked <= pause <= asked + 1.0


@pytest.mark.parametrize("asked", ["100000", "60.5", "9" * 40])
def test_longer_than_a_minute_is_raised_instead_of_slept(asked):
    script = Script([refused(429, retry_after=asked)])
    with pytest.raises(RateLimitError) as caught:
        script.play(exchange()(get()))
    assert script.sleeps == []
    assert caught.value.retry_after > LONGEST_RETRY_AFTER
