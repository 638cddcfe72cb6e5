"""What the rows of lists say: kinds, numbers, who asked; under which headings they stand; and how they are exported."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fake_clock import NOON, FakeClock
from server_calls import REQUEST
from starlette.testclient import TestClient

from hitl.server.inbox.filters import Filters
from hitl.server.inbox.kinds import counted, kind_of
from hitl.server.inbox.rows import asker_of
from hitl.server.inbox.titles import amount_of
from hitl.server.loops.accounts import account_of
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import ReviewQuery

KIM = "kim@example.com"
OWNER = account_of("owner")
YES = {"name": "approved", "type": "boolean", "label": "Approve?", "required": True}
TEXT = {"name": "text", "type": "content_display", "label": "Article", "editable": True}
PATCH = {"name": "patch", "type": "code_display", "label": "Patch", "language": "diff"}
PICTURE = {"name": "photo", "type": "image_review", "label": "Photo"}
TEMPLATE: dict[str, Any] = {"id": "any", "name": "Any", "fields": [TEXT, PATCH, PICTURE, YES]}
PNG = "data:image/png;base64,iVBORw0KGgo="
HUNK = "@@ -1,2 +1,3 @@\n same\n-old\n+new\n+more\n"
NAMED = f"--- a/shop/cart.py\n+++ b/shop/cart.py\n{HUNK}"
OTHER = f"--- a/x.py\n+++ b/x.py\n{HUNK}"


@pytest.fixture
def templates() -> Any:
    return [TEMPLATE, {"id": "spam", "name": "Spam", "fields": [{"name": "spam", "type": "text", "required": True}]}]


def ask(server: ReviewServer, text: str = "A draft", **body: Any) -> str:
    created = server.reviews.create_review({"template_id": "any", "content": {"text": text}, **body})
    return str(created.document["id"])


def due_in(hours: float) -> str:
    return (NOON + timedelta(hours=hours)).isoformat()


def headings(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<h2 class="group[^>]*>([^<]+) <span class="count"><span[^>]*>· </span>([\d,]+)</span>', page)


KINDS: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"action": "refund", "arguments": {"n": 1}}, "call", []),
    ({"text": "An article"}, "text", []),
    ({"text": "Which city is meant?"}, "question", []),
    ({"text": "どの都市ですか？"}, "question", []),
    ({"photo": PNG, "more": [PNG, {"url": PNG, "name": "a.png"}]}, "picture", ["3 pictures"]),
    ({"photo": "https://example.com/no-ending"}, "picture", ["1 picture"]),
    ({"text": "https://example.com/no-ending"}, "text", []),
    ({"text": "data:image/svg+xml;base64,AAAA"}, "text", ["1 file"]),
    ({"rows": [{"n": 1, "outlier": True}, {"n": 2, "outlier": False}]}, "records", ["2 records", "1 outlier"]),
    ({"rows": [{"n": number} for number in range(1200)]}, "records", ["1,200 records"]),
    ({"patch": HUNK}, "patch", ["+2 −1 in 1 file"]),
    ({"text": HUNK}, "text", []),  # it names no file, and no field says that it is a patch
    ({"text": f"{NAMED}{OTHER}"}, "patch", ["+4 −2 in 2 files"]),
    ({"text": NAMED + "+more\n" * 1500}, "patch", ["patch of 1,507 lines"]),
    ({}, "text", []),
]


@pytest.mark.parametrize(("content", "kind", "words"), KINDS)
def test_a_content_has_a_kind_and_numbers(content: dict[str, Any], kind: str, words: list[str]) -> None:
    found = counted(content, TEMPLATE)
    assert (kind_of(content, found, str(content.get("text", ""))), found.words) == (kind, words)


@pytest.mark.parametrize(
    ("content", "amount"),
    [
        ({"arguments": {"amount": "129.00", "currency": "EUR"}}, "129.00 EUR"),
        ({"total": 5, "currency": "USD"}, "5 USD"),
        ({"total": True, "currency": "USD"}, "None"),
        ({"total": "1e99", "currency": "USD"}, "None"),
        ({"total": 5}, "None"),
        ({"total": 5, "currency": "dollars of some kind"}, "None"),
    ],
)
def test_an_amount_is_read_with_its_currency_only(content: dict[str, Any], amount: str) -> None:
    found = amount_of(content)
    assert (f"{found[0]} {found[1]}" if found else "None") == amount


def test_rows_show_their_kind_what_can_be_counted_and_who_asked(browser: TestClient, server: ReviewServer) -> None:
    content = {"title": "Orders", "rows": [{"n": 1}, {"n": 2}], "source": "shop export"}
    ask(server, content=content, metadata={"agent": "nightly-etl"})
    page = browser.get("/inbox/?view=open").text
    assert '<span class="kind" title="Records">' in page
    assert "2 records · shop export" in page
    assert '<span class="asker" dir="auto">nightly-etl</span>' in page
    assert 'data-review="rev_1"' in browser.get("/inbox/?view=open&asker=nightly-etl").text
    assert 'data-review="rev_1"' not in browser.get("/inbox/?view=open&asker=nightly").text


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"asked_by": {"key_id": "key_1", "key_name": "Billing"}, "metadata": {"agent": "bot"}}, "Billing"),
        ({"asked_by": {"key_id": "key_1", "key_name": ""}}, "key_1"),
        ({"asked_by": None, "metadata": {"agent": "bot"}}, "bot"),
        ({"metadata": {"agent": 5}}, ""),
        ({}, ""),
    ],
)
def test_who_asked_is_the_key_or_what_the_program_calls_itself(document: dict[str, Any], name: str) -> None:
    assert asker_of(document) == name


def test_without_somebody_who_asked_there_is_no_column_for_it(browser: TestClient, server: ReviewServer) -> None:
    ask(server)
    assert '<ul class="rows open reviews">' in browser.get("/inbox/?view=open").text


@pytest.mark.parametrize("query", ["", "&q=draft"])
def test_groups_say_how_many_reviews_of_the_whole_list_they_hold(
    browser: TestClient, server: ReviewServer, query: str
) -> None:
    for hours in [*[-1.0] * 30, 0.5, 23.5, 25, 400]:
        ask(server, due_date=due_in(hours))
    ask(server)
    page = browser.get(f"/inbox/?view=open&sort=due{query}").text
    assert headings(page) == [("Overdue", "30")]
    assert '<span class="late">30 overdue</span>' in page
    page = browser.get(f"/inbox/?view=open&sort=due&page=2{query}").text
    assert headings(page) == [("Overdue", "30"), ("Due within 24 hours", "2"), ("Later", "2"), ("No due date", "1")]


def test_a_list_without_due_dates_has_no_headings(browser: TestClient, server: ReviewServer) -> None:
    ask(server)
    assert 'class="group' not in browser.get("/inbox/?view=open&sort=due").text


def test_mine_is_sorted_by_due_date_unless_another_order_is_asked_for(
    browser: TestClient, server: ReviewServer
) -> None:
    browser.cookies.set("hitl_reviewer", KIM)
    for hours in (5, 1, 3):
        ask(server, due_date=due_in(hours), assignees=[KIM])
    for sort, expected in {"": [2, 3, 1], "due": [2, 3, 1], "newest": [3, 2, 1], "oldest": [1, 2, 3]}.items():
        page = browser.get(f"/inbox/?view=mine&sort={sort}").text
        assert re.findall(r'data-review="rev_(\d)"', page) == [str(number) for number in expected]
    assert Filters.read({"view": "mine", "sort": "due"}).link() == "?view=mine"
    assert Filters.read({"view": "mine", "sort": "newest"}).link() == "?view=mine&sort=newest"


def test_large_numbers_are_written_for_people(browser: TestClient, server: ReviewServer) -> None:
    server.reviews.create_review({"template_id": "any", "content": {"text": "First"}})
    for _ in range(1100):
        ask(server)
    page = browser.get("/inbox/?view=open").text
    assert "<title>(1,101) Open · HITL</title>" in page
    assert '<span class="count" data-count="open">1,101</span>' in page
    assert "Select the first 1,000 of 1,101" in page
    plan = browser.post("/inbox/bulk", data={"action": "approve", "all": "yes", "back": "?view=open"}).text
    assert "Approve 1,000 reviews?" in plan
    assert "the first 1,000 of 1,101 that match" in plan


def finish(server: ReviewServer, clock: FakeClock) -> None:
    """Approve, reject and answer reviews, and let one expire."""
    made = [ask(server, f"Draft {number}") for number in range(3)]
    ask(server, "Draft 3", due_date=due_in(2))
    spam = server.reviews.create_review({"template_id": "spam", "content": {"text": "Buy now"}}).document["id"]
    clock.now += timedelta(seconds=9)
    server.reviews.complete(made[0], {"approved": True, "text": "Draft nought"}, KIM)
    server.reviews.complete(made[1], {"approved": False, "text": "Draft 1"}, KIM)
    server.reviews.reject(made[2], {}, "lee@example.com")
    server.reviews.complete(spam, {"spam": "Rather not"}, "lee@example.com")
    clock.advance(hours=3)


def test_done_reviews_are_counted_and_filtered_by_verdict(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    finish(server, clock)
    page = browser.get("/inbox/?view=done").text
    told = re.findall(r"<span><b>([^<]+)</b> ([^<]+)</span>", page)
    assert told == [
        ("4", "answered in 24 hours"), ("1", "approved"), ("2", "rejected"), ("1", "other answers"),
        ("9 s", "median to answer"), ("1", "expired"),
    ]  # fmt: skip
    for verdict, number in {"approved": 1, "rejected": 2, "answered": 1, "expired": 1, "cancelled": 0}.items():
        assert browser.get(f"/inbox/?view=done&verdict={verdict}").text.count("data-review=") == number
        assert server.reviews.list_reviews(ReviewQuery(verdict=verdict)).total == number
    assert "“Rather not”" in page
    assert '<span class="changes">1 change</span>' in page
    assert "text: Draft 0 → Draft nought" in page


def test_the_empty_list_of_somebody_says_what_was_done(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    finish(server, clock)
    ask(server)
    browser.cookies.set("hitl_reviewer", KIM)
    page = browser.get("/inbox/?view=mine").text
    assert "You’re all caught up" in page
    assert "You answered 2 reviews in the last 24 hours, half of them within 9 s." in page
    assert 'Take from Open <span class="num">1</span>' in page
    nothing = browser.get("/inbox/?view=mine&q=a%26b&due=overdue").text
    assert "Nothing in Mine matches search “a&amp;b” and due “Overdue”." in nothing
    assert 'href="/inbox/?view=mine&amp;due=overdue">Remove search' in nothing


def exported(browser: TestClient, query: str, of: str = "") -> list[dict[str, str]]:
    answer = browser.get(f"/inbox/{of}export.csv{query}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_a_list_is_exported_as_it_is_listed(browser: TestClient, server: ReviewServer, clock: FakeClock) -> None:
    finish(server, clock)
    link = re.search(r'href="/inbox/(export\.csv[^"]+)"', browser.get("/inbox/?view=done&verdict=rejected").text)
    assert link is not None
    rows = exported(browser, unescape(link[1]).removeprefix("export.csv"))
    assert [(row["id"], row["status"], row["verdict"], row["answered by"]) for row in rows] == [
        ("rev_3", "rejected", "rejected", "lee@example.com"),
        ("rev_2", "completed", "rejected", KIM),
    ]
    assert (rows[1]["seconds"], rows[1]["answer"]) == ("9.0", '{"approved": false, "text": "Draft 1"}')
    assert browser.get("/inbox/export.csv?view=done").headers["content-disposition"].startswith("attachment; ")


def test_an_export_has_every_page_once(browser: TestClient, server: ReviewServer) -> None:
    made = [ask(server, **({"due_date": due_in(number % 7 + 1)} if number % 3 else {})) for number in range(450)]
    for query in ("?view=open", "?view=open&sort=due", "?view=open&q=draft"):
        rows = exported(browser, query)
        assert sorted(row["id"] for row in rows) == sorted(made)
    assert exported(browser, "?view=mine") == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "＝1＋1", " =1"])
def test_no_cell_of_an_export_is_a_formula(browser: TestClient, server: ReviewServer, text: str) -> None:
    ask(server, metadata={"agent": text}, content={"title": f"{text} x", "text": text}, assignees=[f"{text.strip()}@x"])
    (row,) = exported(browser, "?view=open")
    told = [row[name] for name in ("title", "asked by", "assigned to")]
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for cell in told)
    assert row["asked by"] == f"'{text}"


# Requests to loops, in the same rows


def loop(server: ReviewServer, name: str, member: str = "") -> str:
    made = server.loops.create_loop(OWNER, {"name": name, "icon": "pen"}).document
    if member:
        server.loops.join(made["invite_code"], {"email": member})
    return str(made["loop"]["id"])


def request(server: ReviewServer, loop_id: str, text: str, **body: Any) -> str:
    asked = {**REQUEST, "request_text": text, "response_type": "text", "response_config": {}, "default_response": "-"}
    return str(server.loops.create_request(OWNER, loop_id, {**asked, **body}).document["request_id"])


def requests_at(browser: TestClient, query: str) -> list[str]:
    return re.findall(r'data-request="([^"]+)"', browser.get(f"/inbox/requests{query}").text)


def test_requests_have_the_rows_filters_and_orders_of_reviews(browser: TestClient, server: ReviewServer) -> None:
    editors, support = loop(server, "Editors", KIM), loop(server, "Support")
    title = request(server, editors, "# Which title?\n\nOne goes to print.", priority="low", timeout_seconds=7200)
    parcel = request(server, support, "Where is parcel 4711?", priority="critical", timeout_seconds=600)
    page = browser.get("/inbox/requests").text
    assert '<span class="subject" dir="auto">Which title?</span>' in page
    assert "One goes to print." in page
    assert '<span class="template" dir="auto">Editors</span>' in page
    assert page.count('class="urgent"') == 1
    for query, found in {
        "": [parcel, title],
        "?sort=oldest": [title, parcel],
        "?sort=due": [parcel, title],
        f"?loop={support}": [parcel],
        "?priority=low": [title],
        "?due=overdue": [],
        "?due=day": [parcel, title],
        "?q=PRINT+title": [title],
        "?q=editors": [title],
        f"?q={parcel}": [parcel],
        "?q=%25": [],
        "?age=hour": [parcel, title],
    }.items():
        assert requests_at(browser, query) == found, query


def test_mine_are_the_requests_of_the_loops_that_one_is_in(browser: TestClient, server: ReviewServer) -> None:
    mine, other = loop(server, "Editors", KIM), loop(server, "Support")
    asked = request(server, mine, "Is it right?")
    request(server, other, "Is it wrong?")
    assert "Who are you?" in browser.get("/inbox/requests?view=mine").text
    browser.cookies.set("hitl_reviewer", "KIM@example.com")
    assert requests_at(browser, "?view=mine") == [asked]
    assert len(requests_at(browser, "?view=open")) == 2


def test_finished_requests_say_the_answer_by_whom_and_how_long_it_took(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    editors = loop(server, "Editors")
    answered = request(server, editors, "Is it right?")
    cancelled = request(server, editors, "Is it wrong?")
    clock.now += timedelta(minutes=2)
    server.loops.respond(answered, "Quite right", {"email": KIM, "name": "Kim"})
    server.loops.cancel_request(OWNER, cancelled)
    page = browser.get("/inbox/requests?view=done").text
    assert re.findall(r'class="verdict-word (\w+)"', page) == ["cancelled", "answered"]
    assert "“Quite right”" in page
    assert "2 min" in page
    for name in ("kim", KIM):
        assert requests_at(browser, f"?view=done&reviewer={name}") == [answered]


def test_a_list_of_requests_is_exported_as_it_is_listed(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    editors, support = loop(server, "Editors", KIM), loop(server, "Support")
    answered = request(server, editors, "# Is it right?\n\nLook twice.", timeout_seconds=7200)
    late, left = request(server, editors, "Is it late?", timeout_seconds=60), request(server, support, "Where?")
    clock.now += timedelta(minutes=2)
    server.loops.respond(answered, "Quite right", {"email": KIM, "name": "Kim"})
    link = re.search(r'href="/inbox/(requests/export\.csv[^"]+)"', browser.get("/inbox/requests?view=done").text)
    assert link is not None
    rows = exported(browser, unescape(link[1]).removeprefix("requests/export.csv"), "requests/")
    assert [(row["id"], row["status"], row["answered by"], row["answer"], row["seconds"]) for row in rows] == [
        (late, "timeout", "", "", ""),
        (answered, "completed", "Kim", '"Quite right"', "120.0"),
    ]
    assert (rows[1]["title"], rows[1]["loop"], rows[1]["type"]) == ("Is it right?", "Editors", "text")
    assert [row["id"] for row in exported(browser, f"?view=open&loop={support}", "requests/")] == [left]
    assert [row["id"] for row in exported(browser, "?view=done&reviewer=kim", "requests/")] == [answered]
    assert exported(browser, "?view=mine", "requests/") == []


def test_an_export_of_requests_has_every_page_once(browser: TestClient, server: ReviewServer) -> None:
    editors = loop(server, "Editors")
    priorities = ("low", "medium", "high", "critical")
    made = [request(server, editors, f"Is it {number}?", priority=priorities[number % 4]) for number in range(405)]
    for query in ("?view=open", "?view=open&sort=due", "?view=open&sort=oldest"):
        assert sorted(row["id"] for row in exported(browser, query, "requests/")) == sorted(made)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "＝1＋1"])
def test_no_cell_of_an_export_of_requests_is_a_formula(browser: TestClient, server: ReviewServer, text: str) -> None:
    asked = request(server, loop(server, f"{text}x"), f"{text} is what?")
    server.loops.respond(asked, text, {"email": KIM, "name": f"{text}y"})
    (row,) = exported(browser, "?view=done", "requests/")
    assert [row[name] for name in ("title", "loop", "answered by")] == [f"'{text} is what?", f"'{text}x", f"'{text}y"]
    assert not row["answer"].startswith(text)


def test_a_list_of_requests_is_saved_as_a_view_and_counted(browser: TestClient, server: ReviewServer) -> None:
    browser.cookies.set("hitl_reviewer", KIM)
    editors = loop(server, "Editors", KIM)
    request(server, editors, "Is it right?", priority="high")
    request(server, editors, "Is it wrong?", priority="low")
    saved = browser.post("/inbox/views", data={"name": "Urgent", "back": "requests?view=mine&priority=high&page=3"})
    assert saved.headers["location"] == "/inbox/requests?view=mine&priority=high"
    page = browser.get(saved.headers["location"]).text
    assert 'href="/inbox/requests?view=mine&amp;priority=high" data-go="1"' in page
    assert re.search(r'Urgent</span><span class="count">1</span>', page)


def test_views_with_a_search_are_counted_too(browser: TestClient, server: ReviewServer) -> None:
    browser.cookies.set("hitl_reviewer", KIM)
    for text in ("A draft", "A draft, too", "Something else"):
        ask(server, text)
    browser.post("/inbox/views", data={"name": "Drafts", "back": "?view=open&q=draft"})
    assert re.search(r'Drafts</span><span class="count">2</span>', browser.get("/inbox/").text)


@pytest.mark.parametrize("sort", ["", "?sort=due", "?sort=oldest", "?sort=newest"])
def test_requests_that_are_answered_meanwhile_hide_no_others(
    browser: TestClient, server: ReviewServer, sort: str
) -> None:
    editors = loop(server, "Editors")
    made = [
        request(server, editors, f"Is {n} right?", priority=("low", "high")[n % 2], timeout_seconds=600 + n % 5 * 60)
        for n in range(60)
    ]
    met: list[str] = []
    address: str | None = f"/inbox/requests{sort}"
    while address is not None:
        page = browser.get(address).text
        shown = re.findall(r'data-request="([^"]+)"', page)
        for each in shown:
            server.loops.cancel_request(OWNER, each)
        met += shown
        follows = re.search(r'rel="next" href="([^"]+)"', page)
        address = unescape(follows[1]) if follows else None
    assert sorted(met) == sorted(made)
