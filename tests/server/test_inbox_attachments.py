"""Attached files and notes on pictures: what a form sends, what it becomes, and how it is shown."""

from __future__ import annotations

from base64 import b64encode
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from hitl.server.inbox.attachments import (
    DEFAULT_SIZE,
    LARGEST_SUM,
    Embedded,
    FileLimits,
    attached,
    download_name,
    embedded,
    form_room,
    limits,
    size_in_words,
    without_files,
)
from hitl.server.inbox.content_files import File
from hitl.server.inbox.forms import Draft, build_form, read_result
from hitl.server.inbox.rendering import Items, Pairs, Text
from hitl.server.inbox.submission import MAX_FORM_BYTES
from hitl.server.inbox.views import answers, typed_answers
from hitl.server.review_server import ReviewServer

PROOF: dict[str, Any] = {"name": "proof", "type": "file", "label": "Proof", "max_size": "6MB", "accept": ["pdf"]}
PICTURE: dict[str, Any] = {"name": "picture", "type": "image_review", "label": "Picture"}
ADDRESS = "https://example.com/a.pdf"
SENT = "data:application/pdf;name=my%20r%C3%A9sum%C3%A9.pdf;base64url,aGVsbG8="
ANSWER = {"url": "data:application/pdf;base64,aGVsbG8=", "name": "my résumé.pdf"}


def read(field: dict[str, Any], *texts: str) -> Any:
    return read_result({"fields": [field]}, {}, {field["name"]: list(texts)}).get(field["name"])


def notes(*texts: str) -> list[dict[str, str]]:
    return [{"text": text} for text in texts]


def drawn(field: dict[str, Any] | None, value: Any) -> Any:
    template = {"fields": [field]} if field else None
    (answer,) = answers({"result": {"proof": value}, "content": {}}, template)
    return answer.shown


def test_an_attached_file_becomes_an_object_with_its_name() -> None:
    assert read(PROOF, "", SENT) == ANSWER


def test_an_attached_file_goes_before_an_address_where_one_file_is_asked_for() -> None:
    assert read(PROOF, ADDRESS, SENT) == ANSWER
    assert read(PROOF, ADDRESS, SENT, SENT) == [ANSWER, ANSWER]  # forged; the server refuses it


def test_addresses_and_attached_files_are_sent_together_where_several_are_taken() -> None:
    assert read({**PROOF, "multiple": True}, f"{ADDRESS}\r\n", SENT) == [ADDRESS, ANSWER]


def test_a_data_uri_without_a_name_stays_the_text_that_was_typed() -> None:
    assert read(PROOF, "data:text/plain,hello") == "data:text/plain,hello"
    assert attached("data:text/plain;name=b;base64,aGVsbG8=") is None


def test_what_was_attached_comes_back_with_a_form_that_could_not_be_sent() -> None:
    (control,) = build_form({"fields": [PROOF]}, {}, Draft({"proof": [SENT, ADDRESS]})).inputs
    assert control.value == ADDRESS
    assert [(file.text, file.name, file.bytes, file.size) for file in control.attached] == [
        (SENT, "my résumé.pdf", 5, "5 B")
    ]


def test_a_control_knows_what_its_field_takes() -> None:
    (control,) = build_form({"fields": [PROOF]}, {}).inputs
    assert control.files == FileLimits(".pdf", 6 * 1024**2, 6 * 1024**2, multiple=False)
    assert limits({"type": "file"}).largest == DEFAULT_SIZE
    assert limits({"type": "file", "accept": [".PDF", " image/*"]}).accept == ".PDF,image/*"
    assert limits({"type": "file", "max_size": "1MB", "multiple": True}).together == 10 * 1024**2
    assert limits({"type": "file", "max_size": "9GB", "multiple": True}).together == LARGEST_SUM


def test_a_form_may_be_larger_by_what_its_files_may_have() -> None:
    assert form_room(None) == form_room({"fields": [PICTURE]}) == 0
    assert form_room({"fields": [PROOF, PICTURE]}) == int(6 * 1024**2 * 1.4)


@pytest.mark.parametrize(
    ("value", "file"),
    [
        (ANSWER, Embedded("my résumé.pdf", b"hello")),
        ("data:text/plain;name=a%20b.txt;base64,aGVsbG8=", Embedded("a b.txt", b"hello")),
        ("data:,a%20b", Embedded("", b"a b")),
        ("data:;base64,!", None),
        ("data:,\ud800", None),
        ("data:nothing", None),
        (ADDRESS, None),
        (7, None),
        ({"name": "x"}, None),
    ],
)
def test_a_file_is_read_out_of_an_answer(value: object, file: Embedded | None) -> None:
    assert embedded(value) == file


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../.ssh/id_rsa", "id_rsa"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        (".bashrc", "bashrc"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ('a"b<c>|d\r\n.txt', "a_b_c__d_ .txt"),
        ("", "file"),
        (" .. ", "file"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_a_download_has_a_name_that_is_safe_everywhere(name: str, safe: str) -> None:
    assert download_name(name) == safe


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (1023, "1023 B"), (2048, "2 KB"), (3 * 1024**2 // 2, "1.5 MB")]
)
def test_a_size_is_written_as_people_read_it(size: int, words: str) -> None:
    assert size_in_words(size) == words


def test_a_finished_page_offers_files_and_shows_addresses() -> None:
    file = File("my résumé.pdf", "my résumé.pdf", "5 B", "aGVsbG8=")
    assert drawn(PROOF, ANSWER) == file
    assert drawn(PROOF, [ADDRESS, ANSWER]) == Items([Text(ADDRESS), file])
    assert drawn(PROOF, [ADDRESS]) == Items([Text(ADDRESS)])
    assert drawn(None, ANSWER) == file  # its template was deleted


def test_what_was_typed_too_late_names_the_file_and_not_its_data() -> None:
    (answer,) = typed_answers({"fields": [PROOF]}, {"proof": ["", SENT]}, {})
    assert isinstance(answer.shown, File)


def test_a_listing_leaves_out_the_data_of_files() -> None:
    long = f"data:text/plain;base64,{b64encode(b'x' * 2048).decode()}"
    assert without_files({"a": [long, "data:,short", 1]}) == {
        "a": ["data:text/plain;base64,… (2 KB, SHA-256 1d1801f753cc…)", "data:,short", 1]
    }


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (["reject", "Blurred\r\n\r\n Too dark "], {"decision": "reject", "annotations": notes("Blurred", "Too dark")}),
        (["approve", " \r\n"], "approve"),
        (["approve"], "approve"),
        (["", "approve"], {"annotations": notes("approve")}),
        (["", ""], None),
    ],
)
def test_notes_on_a_picture_are_read_line_by_line(texts: list[str], value: Any) -> None:
    assert read(PICTURE, *texts) == value


def test_notes_are_asked_for_only_with_the_tool_for_them() -> None:
    without = {**PICTURE, "tools": ["approve", "reject"]}
    assert build_form({"fields": [without]}, {}).inputs[0].notes is None
    assert read(without, "reject", "forged") == "reject"
    assert build_form({"fields": [{**PICTURE, "tools": ["annotate"]}]}, {}).inputs[0].notes == ""
    assert build_form({"fields": [PICTURE]}, {}, Draft({"picture": ["", "Dark"]})).inputs[0].notes == "Dark"


def test_the_notes_are_shown_below_the_decision() -> None:
    picture = {**PICTURE, "name": "proof"}
    assert drawn(picture, "approve") == Text("Approve")
    assert drawn(picture, {"decision": "reject"}) == Text("Reject")
    noted = {"decision": "reject", "annotations": [{"text": "Dark"}]}
    assert drawn(picture, noted) == Pairs([("Decision", Text("Reject")), ("Notes", Items([Text("Dark")]))])
    placed = {"decision": "reject", "annotations": [{"text": "Here", "x": 0.5, "y": 0}]}
    assert isinstance(drawn(picture, placed).items[1][1].items[0], Pairs)


@pytest.fixture
def templates() -> Any:
    return [{"id": "files", "name": "Files", "fields": [PROOF, PICTURE]}]


@pytest.fixture
def review_id(server: ReviewServer) -> str:
    return str(server.reviews.create_review({"template_id": "files", "content": {"text": "Look."}}).document["id"])


def answer(browser: TestClient, review_id: str, **fields: str) -> Any:
    form = {"version": "1", "reviewer": "kim@example.com", "decision": "complete", **fields}
    return browser.post(f"/inbox/reviews/{review_id}/answer", data=form)


def test_a_file_as_large_as_the_field_takes_passes_through_the_form(
    browser: TestClient, server: ReviewServer, review_id: str
) -> None:
    data = b64encode(b"\xfb\xff\xfe" * (2 * 1024**2)).decode()  # as many + and / as there can be
    sent = {"field.proof": f"data:application/pdf;name=a.pdf;base64url,{data.replace('+', '-').replace('/', '_')}"}
    assert answer(browser, review_id, **sent).status_code == 303
    result = server.reviews.get_review(review_id)["result"]
    assert result == {"proof": {"url": f"data:application/pdf;base64,{data}", "name": "a.pdf"}}
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert f'href="data:application/octet-stream;base64,{data}" download="a.pdf"' in unescape(page)


def test_a_form_that_is_larger_than_its_files_may_be_is_refused(
    browser: TestClient, server: ReviewServer, review_id: str
) -> None:
    room = form_room(server.reviews.get_template("files"))
    body = b"reviewer=" + b"x" * (MAX_FORM_BYTES + room)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    refused = browser.post(f"/inbox/reviews/{review_id}/answer", content=body, headers=headers)
    assert refused.status_code == 413


def test_a_wrong_file_is_marked_and_what_was_attached_and_noted_is_kept(browser: TestClient, review_id: str) -> None:
    sent = "data:text/plain;name=a.txt;base64url,aGVsbG8="
    faulty = answer(browser, review_id, **{"field.proof": sent, "notes.picture": "Dark"})
    assert faulty.status_code == 422
    page = unescape(faulty.text)
    assert "must be a file of one of these kinds: pdf" in page
    assert f'value="{sent}"' in page
    assert ">\nDark</textarea>" in page


def test_a_document_never_asks_to_be_shown_by_the_browser(
    browser: TestClient, server: ReviewServer, review_id: str
) -> None:
    evil = {"url": "data:text/html,<script>alert(1)</script>", "name": 'a\u202e".pdf'}
    server.reviews.complete(review_id, {"proof": evil}, "kim@example.com", version=1)
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert "data:text/html" not in page
    assert 'download="a__.pdf"' in page
    assert "<img" not in page
