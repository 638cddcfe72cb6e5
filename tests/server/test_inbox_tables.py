"""Records as a table: numbers line up, moments are short, and rows are sorted without losing their numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from hitl.server.inbox.rendering import Table, block
from hitl.server.inbox.tables import Looking, column, in_order
from hitl.server.review_server import ReviewServer

ORDERS = [
    {"id": "b", "price": 9.5, "placed": "2026-11-27T20:03:00Z", "paid": True},
    {"id": "A", "price": 120, "placed": "2026-01-02T01:58:00Z", "paid": False},
    {"id": "c", "price": None, "placed": "2026-11-05T00:00:00Z", "paid": True},
]


@pytest.fixture
def templates() -> Any:
    field = {"name": "orders", "type": "table_display", "label": "Orders"}
    return [{"id": "orders", "name": "Orders", "fields": [field]}]


def opened(browser: TestClient, server: ReviewServer, query: str = "", **content: Any) -> str:
    created = server.reviews.create_review({"template_id": "orders", "content": {"orders": ORDERS, **content}})
    return browser.get(f"/inbox/reviews/{created.document['id']}{query}").text


@pytest.mark.parametrize(
    ("values", "is_numeric", "paddings"),
    [
        ([1, 22.5, 3.25, None], True, [".00", "0", "", ""]),
        ([1, 2], True, ["", ""]),
        (["12.50", "3.1"], True, ["", "0"]),
        (["10472", "10473"], False, ["", ""]),
        (["12.50", "n/a"], False, ["", ""]),
        ([True, 1], False, ["", ""]),
        ([1e100, 0.5], True, ["", ""]),
        ([None], False, [""]),
        ([], False, []),
    ],
)
def test_numbers_line_up_at_their_points(values: list[Any], is_numeric: bool, paddings: list[str]) -> None:
    made = column("x", values)
    assert made.is_numeric is is_numeric
    assert [made.padding(value) for value in values] == paddings


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (["2026-11-27T20:03:00Z", "2026-01-02T01:58:00+00:00"], ["27 Nov 2026 20:03", "2 Jan 2026 01:58"]),
        (["2026-11-27T20:03:09Z", None], ["27 Nov 2026 20:03:09", ""]),
        (["2026-11-27T20:03:00.250Z"], ["27 Nov 2026 20:03:00.250"]),
        (["2026-11-27 20:03", "2026-11-27"], ["27 Nov 2026 20:03", "27 Nov 2026"]),
        (["2026-11-27T20:03Z", "2026-11-27T20:03"], ["27 Nov 2026 20:03 Z", "27 Nov 2026 20:03"]),
        (["2026-11-27T20:03+01:00"], ["27 Nov 2026 20:03 +01:00"]),
        (["2026-11-27", "soon"], ["", ""]),
        (["2026-02-30"], [""]),
        (["2026-11-27", 5], ["", ""]),
        (["\u0662\u0660\u0662\u0666-11-27"], [""]),
    ],
)
def test_moments_are_as_short_as_tells_them_apart(values: list[Any], shown: list[str]) -> None:
    made = column("x", values)
    assert [made.moment(value) for value in values] == shown


def test_what_is_missing_stands_last_in_both_directions() -> None:
    rows = [(number, [value]) for number, value in enumerate([3, None, "b", "10", "A", True, "", {"x": 1}], 1)]
    assert [row[0] for row in in_order(rows, 0, descending=False)] == [1, 4, 5, 3, 6, 8, 2, 7]
    assert [row[0] for row in in_order(rows, 0, descending=True)] == [8, 6, 3, 5, 4, 1, 2, 7]


def test_a_link_sorts_and_the_next_one_turns_the_order(browser: TestClient, server: ReviewServer) -> None:
    page = opened(browser, server)
    assert "aria-sort" not in page
    assert '<a href="?table=orders&amp;by=price&amp;order=ascending">price</a>' in page
    page = opened(browser, server, "?in=mine&table=orders&by=price&order=ascending")
    assert 'class="number" aria-sort="ascending"><a href="?in=mine&amp;table=orders&amp;by=price&amp;order=desc' in page
    assert re.findall(r'<td class="nr">(\d)</td>', page) == ["1", "2", "3"]
    page = opened(browser, server, "?table=orders&by=id&order=descending")
    assert re.findall(r'<td class="nr">(\d)</td>', page) == ["3", "1", "2"]


def test_only_the_named_table_is_sorted(browser: TestClient, server: ReviewServer) -> None:
    page = opened(browser, server, "?table=.other&by=id&order=descending", other=ORDERS)
    assert re.findall(r'<td class="nr">(\d)</td>', page) == ["1", "2", "3", "3", "1", "2"]


def test_the_whole_moment_is_kept_beside_its_short_form(browser: TestClient, server: ReviewServer) -> None:
    whole = 'datetime="2026-11-27T20:03:00Z" title="2026-11-27T20:03:00Z"'
    assert f"<time {whole}>27 Nov 2026 20:03</time>" in opened(browser, server)


def test_all_records_are_sorted_before_some_are_left_out() -> None:
    table = block([{"n": number} for number in range(500)], "t")
    assert isinstance(table, Table)
    looking = Looking((("table", "t"), ("by", "n"), ("order", "descending")))
    assert [row.number for row in table.rows(table.columns(looking))][:2] == [500, 499]


@pytest.mark.parametrize("query", ["?table=orders&by=gone", "?table=&by=", "?table=orders&by=id&order=%00", "?by=id"])
def test_an_address_that_asks_for_nothing_known_changes_nothing(
    browser: TestClient, server: ReviewServer, query: str
) -> None:
    assert opened(browser, server, query).count('class="nr"') == 4


@given(st.lists(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)))
def test_sorting_keeps_every_row(values: list[Any]) -> None:
    rows = [(number, [value]) for number, value in enumerate(values)]
    for descending in (False, True):
        assert sorted(row[0] for row in in_order(rows, 0, descending=descending)) == list(range(len(values)))
