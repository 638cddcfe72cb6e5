from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.primitives.timestamps import from_wire, to_wire, utc_now

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS)
def test_a_moment_survives_the_wire(moment: datetime) -> None:
    assert from_wire(to_wire(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_the_moments_do(one: datetime, other: datetime) -> None:
    assert (to_wire(one) < to_wire(other)) == (one < other)


def test_the_wire_form_is_utc_with_microseconds() -> None:
    moment = datetime(2026, 11, 23, 12, 30, tzinfo=timezone(timedelta(hours=1)))
    assert to_wire(moment) == "2026-11-23T11:30:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-11-23", "2026-11-23T11:30:00", "20261123T113000Z", "2026-11-23T11:30Z", "2026-11-23T25:00:00Z",
        "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00", "2026-11-23T11:30:00Z\n", "٢٠٢٦-11-23T11:30:00Z",
        "2026-11-23T11:30:00+14:60",
    ],
)  # fmt: skip
def test_what_is_no_rfc_3339_date_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339|years|range|hour"):
        from_wire(text)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("2026-11-23t11:30:00z", "2026-11-23T11:30:00.000000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("2017-01-01T00:59:60.5+01:00", "2017-01-01T00:00:00.000000Z"),
        ("2026-11-23T11:30:00.123456789-05:30", "2026-11-23T17:00:00.123456Z"),
    ],
)
def test_every_rfc_3339_date_time_is_read(text: str, wire: str) -> None:
    assert to_wire(from_wire(text)) == wire


def test_the_present_is_aware() -> None:
    assert utc_now().tzinfo is UTC
