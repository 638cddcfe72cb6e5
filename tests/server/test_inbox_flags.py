"""What speaks against a value is marked and said in words, and a table can be taken along as a file."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from hitl.server.inbox.csv_export import csv_lines
from hitl.server.inbox.flags import are_flagged, flags_of, sentence
from hitl.server.inbox.rendering import MAX_ROWS, Pairs, Table, block
from hitl.server.inbox.tables import Looking
from hitl.server.review_server import ReviewServer

ROWS: list[dict[str, Any]] = [
    {"order": 1, "total": 147.0},
    {"order": 2, "total": 2417.4, "_flags": {"total": "10 × the median"}},
    {"order": 3, "total": 42.0, "_flags": "Possible duplicate"},
    {"order": 4, "total": -1.0, "_flags": {"total": "Negative", "order": "Twice", "tax": "Missing"}},
    {"order": 5, "total": 1.0, "_flags": None},
]
FIELDS = [
    {"name": "sample", "type": "table_display"},
    {"name": "call", "type": "content_display", "editable": True},
    {"name": "approved", "type": "boolean", "required": True},
]


@pytest.fixture
def templates() -> Any:
    return [{"id": "rows", "name": "Rows", "fields": FIELDS}]


def ask(server: ReviewServer, **content: Any) -> str:
    return str(server.reviews.create_review({"template_id": "rows", "content": content}).document["id"])


def table_of(rows: Any) -> Table:
    table = block(rows, "rows")
    assert isinstance(table, Table)
    return table


def test_the_last_column_has_the_reasons_and_their_cells_are_marked() -> None:
    table = table_of(ROWS)
    assert (table.names, table.flagged) == (["order", "total", "_flags"], 3)
    rows = table.rows(table.columns(Looking()))
    assert [row.cells[-1][0] for row in rows] == [
        "",
        "10 × the median",
        "Possible duplicate",
        "total: Negative; order: Twice; tax: Missing",
        "",
    ]
    assert [[is_odd for _, _, is_odd in row.cells] for row in rows] == [
        [False] * 3,
        [False, True, False],
        [False] * 3,
        [True, True, False],
        [False] * 3,
    ]


def test_every_row_may_be_flagged() -> None:
    assert table_of([{"a": 1, "_flags": "x"}, {"a": 2, "_flags": {"a": "y"}}]).flagged == 2


@pytest.mark.parametrize("odd", [1, [], ["x"], {"total": 1}, {"total": ""}, {"total": None}, " "])
def test_anything_else_of_that_name_is_a_value_like_any_other(odd: Any) -> None:
    assert flags_of({"total": 1, "_flags": odd}) == {}
    assert not are_flagged([{"total": 1, "_flags": odd}])
    shown = block({"total": 1, "_flags": odd})
    assert isinstance(shown, Pairs)
    assert [key for key, _ in shown.items] == ["total", "_flags"]


def test_flagged_rows_are_drawn_however_many_there_are() -> None:
    rows: list[dict[str, Any]] = [{"a": number} for number in range(MAX_ROWS + 50)]
    rows[-1] = {"a": -1, "_flags": {"a": "Negative"}}
    table = table_of(rows)
    drawn = [row.number for row in table.rows(table.columns(Looking()))]
    assert (len(drawn), drawn[-1], drawn[0]) == (MAX_ROWS, MAX_ROWS + 50, 1)


def test_an_object_has_its_flags_beside_its_values(browser: TestClient, server: ReviewServer) -> None:
    page = browser.get(f"/inbox/reviews/{ask(server, policy={'limit': '129', '_flags': {'limit': 'over 100'}})}").text
    assert '<div class="pair odd">' in page
    assert '<span class="flag" dir="auto">over 100</span>' in page
    assert "<dt>_flags</dt>" not in page


def test_beside_a_call_objects_are_folded_to_a_line(browser: TestClient, server: ReviewServer) -> None:
    policy = {"within 30 days": "yes", "at most": 100, "_flags": {"at most": "over 100 EUR", "": "2 of 3 met"}}
    page = browser.get(f"/inbox/reviews/{ask(server, call={'amount': 1}, policy=policy, steps=['a', 'b'], n=1)}").text
    lines = [unescape(re.sub("<[^>]+>", "|", line)) for line in re.findall(r"<details><summary>(.*?)</summary>", page)]
    assert lines == [
        "|policy||within 30 days yes · at most 100||over 100 EUR; 2 of 3 met|",
        "|steps||2 items · a|||",
    ]
    assert re.search(r"<dt>n</dt>", page)


def test_without_a_call_nothing_is_folded(browser: TestClient, server: ReviewServer) -> None:
    assert 'class="evidence"' not in browser.get(f"/inbox/reviews/{ask(server, policy={'a': 1})}").text


def exported(browser: TestClient, address: str) -> tuple[list[list[str]], Any]:
    page = browser.get(address).text
    (link,) = re.findall(r'class="export" href="([^"]+)"', page)
    answer = browser.get(unescape(link))
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))), answer


def test_a_table_is_exported_whole_and_in_its_order(browser: TestClient, server: ReviewServer) -> None:
    rows = [{"a": number, "b": {"c": None}} for number in range(MAX_ROWS + 5)]
    review_id = ask(server, sample=rows)
    found, answer = exported(browser, f"/inbox/reviews/{review_id}?table=sample&by=a&order=descending")
    assert (found[0], found[1], len(found)) == (["a", "b"], [str(MAX_ROWS + 4), '{"c": null}'], MAX_ROWS + 6)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{review_id}-sample.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_flags_are_exported_too_also_of_a_finished_review(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, elsewhere=ROWS)
    server.reviews.complete(review_id, {"approved": True}, "kim")
    found, _ = exported(browser, f"/inbox/reviews/{review_id}")
    assert found[:3] == [["order", "total", "_flags"], ["1", "147.0", ""], ["2", "2417.4", "10 × the median"]]


@pytest.mark.parametrize("query", ["", "?of=", "?of=gone", "?of=sample.1", "?of=%00", "?of=.sample&table=.sample&by=x"])
def test_only_a_table_of_the_page_is_exported(browser: TestClient, server: ReviewServer, query: str) -> None:
    review_id = ask(server, sample="none", more=[1])
    answer = browser.get(f"/inbox/reviews/{review_id}/table{query}")
    assert answer.status_code == 404
    assert browser.get(f"/inbox/reviews/rev_99/table{query}").status_code == 404


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1", "\ufeff=1", "\0=1", "\u202e=1"]
)
def test_no_text_becomes_a_formula(text: str) -> None:
    (name, cell) = csv.reader(io.StringIO(csv_lines([[text], [text]]), newline=""))
    assert (name[0][0], cell[0][0]) == ("'", "'")


def test_numbers_stay_numbers() -> None:
    assert csv_lines([["a"], [-1], [-0.5], ["-12.50"], [True], [None]]) == 'a\r\n-1\r\n-0.5\r\n-12.50\r\ntrue\r\n""\r\n'


@given(st.lists(st.lists(st.text(st.characters(blacklist_categories=["Cs"])), min_size=2, max_size=2), max_size=5))
def test_every_cell_survives(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_lines([["a", "b"], *rows]), newline="")))
    assert len(read) == len(rows) + 1
    for row, found in zip(rows, read[1:], strict=True):
        assert all(cell in (text, f"'{text}") for text, cell in zip(row, found, strict=True))


def test_a_sentence_names_what_is_not_marked() -> None:
    assert sentence({"a": "x"}, ["a"]) == "x"
    assert sentence({"b": "x"}, ["a"]) == "b: x"
    assert sentence({"": "x", "a": "y"}, ["a"]) == "x; a: y"
