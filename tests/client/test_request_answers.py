"""What a request says, whichever of the forms the service uses: the vendor's pages show several of each."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from script import answer
from scripted import scripted

from hitl import HITLClient, Request, read_answer
from hitl.exceptions import (
    AnswerError,
    ConfigurationError,
    RequestCancelledError,
    RequestExpiredError,
    UnexpectedResponseError,
)
from hitl.models import UploadedFile

ID = "65f1234567890abcdef12348"
LOOP = "65f1234567890abcdef12345"
OPTIONS = {"options": [{"value": "approve", "label": "Approve it"}, {"value": "reject", "label": "Reject it"}]}
ANSWERED = {"status": "completed", "response_by": "65f1", "response_at": "2027-01-15T08:00:00Z"}


def document(**more: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "loop_id": LOOP,
        "processing_type": "deferred",
        "type": "markdown",
        "priority": "high",
        "request_text": "Is it?",
        "response_type": "boolean",
        "status": "pending",
        **more,
    }


def answered(response_type: str, data: Any, **more: Any) -> Request:
    return Request.from_json(document(**ANSWERED, response_type=response_type, response_data=data, **more))


class TestBothForms:
    @pytest.mark.parametrize(
        ("response_type", "config", "wrapped", "bare", "value"),
        [
            ("single_select", OPTIONS, {"selected_value": "approve", "selected_label": "Approve it"}, "approve", "approve"),
            ("single_select", OPTIONS, {"selected_value": "approve"}, "Approve it", "approve"),
            ("single_select", {"options": ["Not sure"]}, {"selected_value": "not_sure"}, "not_sure", "not_sure"),
            ("multi_select", OPTIONS, {"selected_values": ["reject", "approve"]}, ["reject", "Approve it"], ["reject", "approve"]),
            ("multi_select", OPTIONS, {"selected_values": []}, [], []),
            ("multi_select", {}, {"selected_values": ["none"]}, "none", ["none"]),
            ("rating", {}, {"rating": 4.5, "rating_label": "Good"}, 4.5, 4.5),
            ("number", {}, {"number": 129.99, "formatted_value": "$129.99"}, 129.99, 129.99),
            ("boolean", {}, {"boolean": True, "boolean_label": "Approve"}, True, True),
            ("boolean", {}, {"boolean": False}, False, False),
            ("text", {}, {"text": "So"}, "So", "So"),
            ("editable_text", {}, {"revised_text": "So", "was_edited": True}, "So", "So"),
        ],
    )  # fmt: skip
    def test_the_answer_is_the_same_wrapped_and_bare(self, response_type, config, wrapped, bare, value):
        for data in (wrapped, bare):
            assert answered(response_type, data, response_config=config).answer == value

    @pytest.mark.parametrize(
        ("response_type", "config", "data", "label"),
        [
            ("single_select", OPTIONS, {"selected_value": "approve", "selected_label": "Yes!"}, "Yes!"),
            ("single_select", OPTIONS, "approve", "Approve it"),
            ("single_select", {"options": ["Not sure", "Sure"]}, "not_sure", "Not sure"),
            ("multi_select", OPTIONS, ["reject", "approve"], "Reject it, Approve it"),
            ("multi_select", OPTIONS, {"selected_values": ["reject"], "selected_labels": ["No!"]}, "No!"),
            ("rating", {}, {"rating": 4, "rating_label": "Good"}, "Good"),
            ("number", {}, {"number": 2, "formatted_value": "2 EUR"}, "2 EUR"),
            ("boolean", {"true_label": "Publish"}, True, "Publish"),
            ("text", {}, "So", None),
            ("single_select", {}, "approve", None),
        ],
    )
    def test_its_label_is_what_people_saw(self, response_type, config, data, label):
        assert answered(response_type, data, response_config=config).label == label

    def test_a_value_is_never_taken_for_the_label_of_another_option(self):
        crossed = {"options": [{"value": "no", "label": "yes"}, {"value": "yes", "label": "no"}]}
        for data in ("yes", {"selected_value": "yes", "selected_label": "no"}):
            assert answered("single_select", data, response_config=crossed).answer == "yes"
        assert (
            answered("single_select", {"selected_value": "Approve it"}, response_config=OPTIONS).answer == "Approve it"
        )

    @pytest.mark.parametrize(
        ("response_type", "data"),
        [("multi_select", 7), ("multi_select", [1]), ("rating", "4"), ("boolean", "true"), ("hologram", {"rating": 4})],
    )
    def test_what_fits_no_form_is_given_as_it_is(self, response_type, data):
        assert answered(response_type, data).answer == data

    @pytest.mark.parametrize(
        ("more", "by"),
        [
            ({"response_by": "65f1"}, "65f1"),
            ({"response_by": {"user_id": "65f1", "name": "Ann", "email": "ann@example.com"}}, "ann@example.com"),
            ({"response_by": {"user_id": "65f1", "name": "Ann"}}, "Ann"),
            ({"response_by": {"user_id": "65f1"}}, "65f1"),
            (
                {"response_by": "65f1", "response_by_user": {"id": "65f1", "email": "ann@example.com"}},
                "ann@example.com",
            ),
            ({"response_by": None, "response_by_user": {"id": "65f1", "name": "Ann", "email": None}}, "Ann"),
            ({"response_by": None, "response_by_user": None}, None),
        ],
    )
    def test_who_answered_is_an_id_or_an_object(self, more, by):
        assert Request.from_json(document(status="completed", response_data=True, **more)).by == by

    @pytest.mark.parametrize("forgotten", ["created_at", "response_config", "default_response", "timeout_at"])
    def test_a_list_may_leave_out_what_a_single_read_shows(self, forgotten):
        assert getattr(Request.from_json(document()), forgotten) is None

    def test_the_words_of_other_clients_are_not_the_end(self):
        assert not any(
            Request.from_json(document(status=word)).is_final for word in ("claimed", "answered", "resolved")
        )


class TestTimeout:
    @pytest.mark.parametrize(
        "forms",
        [
            {"status": "timeout", "response_data": None},
            {"status": "timeout", "response_data": {"boolean": True}},
            {"status": "completed", "response_data": True, "timed_out": True},
        ],
    )
    def test_the_default_counts_and_is_never_an_approval(self, forms):
        request = Request.from_json(document(default_response=True, **forms))
        assert (request.answer, request.timed_out, request.is_final) == (True, True, True)
        assert (request.is_answered, request.verdict) == (False, "expired")

    @pytest.mark.parametrize(("default", "value"), [("none", ["none"]), (["a", "b"], ["a", "b"]), ([], [])])
    def test_the_default_of_several_choices_is_a_list_or_a_single_text(self, default, value):
        request = document(status="timeout", response_type="multi_select", default_response=default)
        assert Request.from_json(request).answer == value

    def test_a_default_may_be_wrapped_too(self):
        given = {"status": "timeout", "response_type": "text", "default_response": {"text": "Nothing"}}
        assert Request.from_json(document(**given)).answer == "Nothing"


class TestVerdict:
    @pytest.mark.parametrize(
        ("more", "verdict"),
        [
            ({"response_data": True}, "approved"),
            ({"response_data": {"boolean": True}}, "approved"),
            ({"response_data": {"boolean": False}}, "rejected"),
            ({"response_data": "true"}, "answered"),
            ({"response_data": 1}, "answered"),
            ({"response_data": None}, "answered"),
            ({"response_data": True, "response_by": None, "response_at": None}, "answered"),  # whose is it?
            ({"response_data": "approve", "response_type": "single_select"}, "answered"),
            ({"response_data": True, "response_type": "text"}, "answered"),
            ({"response_data": True, "status": "cancelled"}, "cancelled"),
            ({"response_data": True, "status": "pending"}, None),
            ({"response_data": True, "status": "approved"}, None),
        ],
    )
    def test_only_a_persons_clear_yes_is_an_approval(self, more, verdict):
        assert Request.from_json(document(**{**ANSWERED, **more})).verdict == verdict

    @pytest.mark.parametrize("status", ["pending", "claimed", "cancelled", "pondering"])
    def test_there_is_no_answer_before_the_end(self, status):
        request = Request.from_json(document(status=status, response_data=True, default_response=True))
        assert (request.answer, request.label) == (None, None)


class TestReading:
    def test_it_is_written_as_it_was_read(self):
        given = document(**ANSWERED, response_data={"boolean": True}, created_at="2027-01-15T08:00:00+00:00", odd=[1])
        given["response_at"] = "2027-01-15T08:00:00+00:00"
        request = Request.from_json(given)
        assert request.to_json() == given
        assert (request.extra, request.at) == ({"odd": [1]}, datetime(2027, 1, 15, 8, tzinfo=UTC))
        assert pickle.loads(pickle.dumps(request)) == request
        read = request.to_dict()
        assert (read["answer"], read["by"], read["timed_out"], read["verdict"]) == (True, "65f1", False, "approved")
        assert json.loads(json.dumps(read)) == read

    def test_its_repr_shows_what_matters(self):
        shown = repr(answered("boolean", {"boolean": False}))
        assert shown == f"Request(id='{ID}', status='completed', text='Is it?', answer=False, by='65f1')"

    @pytest.mark.parametrize(
        "wrong",
        [{"id": 7}, {"id": None}, {"status": None}, {"request_text": None}, {"response_at": 7}, {"context": []}],
    )
    def test_what_is_no_request_is_refused(self, wrong):
        with pytest.raises(ValueError, match="expected|must be given"):
            Request.from_json(document(**wrong))

    def test_all_answers_that_the_vendor_prints_are_read(self):
        printed = json.loads((Path(__file__).parents[1] / "data" / "vendor-answers.json").read_text())
        found = [each["body"]["data"] for each in printed if each["operation"] == "get_request"]
        requests = [Request.from_json(each["request"]) for each in found]
        assert len(requests) >= 14
        assert all(each.answer is not None for each in requests if each.status == "completed")
        pages = [each["body"] for each in printed if each["operation"] == "list_requests" and each["status"] == 200]
        for page in pages:
            assert len(scripted(answer(200, page)).requests.list()) == page["data"]["count"]


class TestTyped:
    def test_an_answer_is_read_as_the_type_that_was_asked_for(self):
        assert read_answer(answered("boolean", {"boolean": True})) is True
        assert read_answer(answered("single_select", "b"), Literal["a", "b"]) == "b"
        found = read_answer(answered("number", 4.0), int)
        assert (found, type(found)) == (4, int)

    def test_after_the_timeout_the_default_is_read(self):
        request = Request.from_json(document(status="timeout", response_type="number", default_response=7))
        assert read_answer(request, float) == 7.0

    @pytest.mark.parametrize(("data", "returns"), [("yes", bool), (4.5, int), ("c", Literal["a", "b"]), (None, str)])
    def test_what_is_not_of_the_type_is_an_error_with_the_request(self, data, returns):
        with pytest.raises((AnswerError, RequestExpiredError)) as caught:
            read_answer(answered("boolean", data), returns)
        assert caught.value.request is not None

    @pytest.mark.parametrize(
        ("status", "error"),
        [("pending", ConfigurationError), ("cancelled", RequestCancelledError), ("timeout", RequestExpiredError)],
    )
    def test_without_an_answer_there_is_nothing_to_read(self, status, error):
        with pytest.raises(error, match=f"request {ID}|the time of request"):
            read_answer(Request.from_json(document(status=status)))


class TestEnvelope:
    @pytest.mark.parametrize(
        "body",
        [
            {"error": True, "msg": "No.", "data": {"request": document()}},
            {"success": True, "data": {"request": document()}},
            {"error": False, "msg": ""},
            {"error": False, "msg": "", "data": []},
            {"error": False, "msg": "", "data": {"request": {**document(), "id": "65f1000000000000000000ff"}}},
        ],
    )
    def test_a_success_that_is_none_or_about_another_request_is_unexpected(self, body):
        with pytest.raises(UnexpectedResponseError):
            scripted(answer(200, body), max_retries=0).requests.get(ID)

    @pytest.mark.parametrize(
        ("data", "more"),
        [
            ({}, True),  # the service in operation does not say
            ({"total": 300}, True),
            ({"has_more": True}, True),
            ({"pagination": {"limit": 2, "offset": 0, "next_offset": 2}}, True),
            ({"has_more": False, "pagination": {"next_offset": 2}}, False),  # printed so
            ({"total": 2, "has_more": False}, False),
            ({"pagination": {"next_offset": None}}, False),
        ],
    )
    def test_a_list_goes_on_where_the_service_says_so_or_the_page_is_full(self, data, more):
        first, second = ([document(id=f"{number:024x}") for number in part] for part in ((1, 2), (2, 3)))
        pages = [answer(200, {"error": False, "msg": "", "data": {"requests": first, "count": 2, **data}})]
        pages.append(answer(200, {"error": False, "msg": "", "data": {"requests": second[1:], "count": 1}}))
        client = scripted(*pages)
        assert len(client.requests.list(page_size=2)) == (3 if more else 2)

    def test_filters_that_a_server_ignores_are_applied_here(self):
        found = [document(id=f"{number:024x}", status=status) for number, status in enumerate(("pending", "timeout"))]
        client = scripted(answer(200, {"error": False, "msg": "", "data": {"requests": found, "count": 2}}))
        assert [each.status for each in client.requests.list(status="timeout")] == ["timeout"]
        assert dict(client.sent[0].query) == {"status": "timeout", "limit": 100}

    @pytest.mark.parametrize("name", ["request_id", "id"])
    def test_the_id_of_a_new_request_has_either_name(self, name):
        receipt = {name: ID, "status": "pending", "timeout_at": "2027-01-15T08:00:00Z", "broadcasted_to": 4}
        client = scripted(answer(201, {"error": False, "msg": "", "data": receipt}))
        made = client.requests.create(LOOP, "Is it?")
        assert (made.id, made.loop_id, made.text, made.response_type) == (ID, LOOP, "Is it?", "boolean")
        assert (made.status, made.timeout_at) == ("pending", datetime(2027, 1, 15, 8, tzinfo=UTC))

    @pytest.mark.parametrize("status", [200, 201])
    def test_a_new_request_comes_with_either_status_and_without_a_sentence(self, status):
        client = scripted(answer(status, {"error": False, "data": {"request_id": ID}}))
        assert client.requests.create(LOOP, "Is it?").status == "pending"

    @pytest.mark.parametrize(
        "receipt",
        [
            {"data": {"request_id": ID, "status": "cancelled"}},
            {"data": {"request_id": ID, "status": "cancelled", "previous_status": "pending", "refund_info": {}}},
            {"data": None},
            {},
        ],
    )
    def test_a_receipt_says_more_or_less(self, receipt):
        read = answer(200, {"error": False, "msg": "", "data": {"request": document(status="cancelled")}})
        client = scripted(answer(200, {"error": False, "msg": "", **receipt}), read)
        assert client.requests.cancel(ID).status == "cancelled"
        scripted(answer(200, {"error": False, "msg": "", **receipt})).requests.add_feedback(ID, rating=5)

    def test_a_receipt_for_another_request_is_unexpected(self):
        receipt = {"error": False, "msg": "", "data": {"request_id": "65f1000000000000000000ff", "status": "cancelled"}}
        with pytest.raises(UnexpectedResponseError, match="not about"):
            scripted(answer(200, receipt), max_retries=0).requests.cancel(ID)

    def test_a_cancellation_that_is_repeated_is_no_error_and_one_too_late_is(self):
        refusal = answer(400, {"error": True, "msg": "Request cannot be cancelled in current state"})
        for status in ("cancelled", "completed"):
            read = answer(200, {"error": False, "msg": "", "data": {"request": document(status=status)}})
            client = scripted(refusal, read)
            if status == "cancelled":
                assert client.requests.cancel(ID).status == "cancelled"
            else:
                with pytest.raises(Exception, match="cannot be cancelled"):
                    client.requests.cancel(ID)


PICTURE = UploadedFile("https://example.com/b.png", "b.png", "image/png", 9)


def test_nothing_is_sent_that_the_service_would_refuse() -> None:
    client = HITLClient("key", base_url="http://127.0.0.1:1")
    for arguments, words in (
        ({"text": ""}, "text must be a text"),
        ({"text": "x" * 2001}, "text may have at most 2000"),
        ({"timeout": 59}, "timeout must be 60 to 86400 seconds, or not given"),
        ({"timeout": 86401}, "timeout must be 60 to 86400"),
        ({"priority": "normal"}, "priority must be one of low, medium, high, critical"),
        ({"image_url": "shown.png"}, "image_url must be a URL that begins with https://"),
        ({"file": "contract.pdf"}, "file must be what client.uploads returned"),
        ({"file": PICTURE, "image_url": "https://example.com/a.png"}, "either image_url or file"),
        ({"callback_url": "ftp://x"}, "callback_url must be a URL that begins with https://"),
        ({"context": [1]}, "context must be a dict"),
        ({"response": "boolean"}, "response must be a SingleSelect"),
        ({"idempotency_key": "a b"}, "idempotency_key must be"),
        ({"returns": int}, "default must be given"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            client.requests.create(LOOP, **{"text": "Is it?", **arguments})
    for act, words in (
        (lambda: client.requests.create("a/b", "Is it?"), "loop_id must be an id"),
        (lambda: client.requests.create_many(LOOP, ["Is it?"]), "item 0: must be a dict"),
        (lambda: client.requests.create_many(LOOP, [{"txet": "Is it?"}]), "item 0: unknown: txet"),
        (lambda: client.requests.update(ID), "nothing to change"),
        (lambda: client.requests.add_feedback(ID), "nothing to change|nothing to add"),
        (lambda: client.requests.add_feedback(ID, rating=6), "rating must be a number from 1 to 5"),
        (lambda: client.requests.add_feedback(ID, comment="x" * 1001), "comment may have at most 1000"),
        (lambda: client.requests.add_feedback(ID, category="nice"), "category must be one of"),
        (lambda: client.requests.list(priority="normal"), "priority must be one of"),
        (lambda: client.requests.get(""), "must be an id"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            act()
