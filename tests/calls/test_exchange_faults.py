"""What comes of answers that cannot be trusted or read, and of connections that break."""

from __future__ import annotations

import copy
import pickle
import traceback
from contextlib import nullcontext

import pytest
from hitl_api.api.loops import delete_loop, get_loop, list_loop_members, remove_loop_member, update_loop
from hitl_api.api.requests import add_request_feedback, cancel_request, get_request
from hitl_api.api.reviews import create_review, get_review, update_review
from hitl_api.api.webhooks import test_webhook as try_webhook
from hitl_api.models import Feedback, FeedbackBody, LoopUpdate, ReviewCreate, ReviewUpdate
from one_call import create, exchange, get
from script import BROKEN, SILENT, UNREACHABLE, Script, answer, refused, reviewed

from hitl._api import operations
from hitl._calls import RetriedCall, calling, random_key
from hitl._engine import Response, TransportFailure
from hitl.exceptions import APIConnectionError, APIStatusError, HITLError, TLSError, UnexpectedResponseError

PAGE = answer(200, b"<html>Log in</html>", content_type="text/html")


@pytest.mark.parametrize(
    "unreadable",
    [
        PAGE,
        answer(200, b""),
        answer(204, b""),
        Response(200, {}, b'{"success": true, "da', is_framed=False),
        Response(200, {}, b"", fault="its gzip encoding ends too early"),
        reviewed("completed", "rev_EVIL"),
    ],
)
class TestUnreadableSuccess:
    """What something in between has made of an answer is asked for again, over another connection."""

    def test_a_read_is_made_again(self, unreadable):
        script = Script([unreadable, reviewed("completed")])
        assert script.play(exchange()(get())).id == "rev_1"
        assert [call.fresh for call in script.calls] == [False, True]

    def test_it_is_raised_in_the_end(self, unreadable):
        with pytest.raises(UnexpectedResponseError) as caught:
            Script([unreadable]).play(exchange()(get()))
        error = caught.value
        assert (error.attempts, error.retryable, error.sent, error.outcome_unknown) == (4, True, "yes", False)


@pytest.mark.parametrize("unreadable", [PAGE, answer(201, b""), Response(201, {}, b"", fault="too large")])
def test_a_creation_that_was_answered_by_a_page_is_not_repeated_blindly(unreadable):
    script = Script([unreadable])
    with pytest.raises(UnexpectedResponseError) as caught:
        script.play(exchange()(create("job-1")))
    assert (len(script.calls), caught.value.retryable, caught.value.outcome_unknown) == (1, False, True)


def test_the_reason_why_a_body_cannot_be_trusted_is_told():
    with pytest.raises(UnexpectedResponseError, match="its gzip encoding ends too early"):
        Script([Response(200, {}, b"", fault="its gzip encoding ends too early")]).play(exchange(0)(get()))


def test_deleting_does_not_believe_an_answer_that_was_cut_off():
    script = Script([Response(200, {}, b"", fault="cut off"), answer(204, b"")])
    assert script.play(exchange()(operations.delete_template("tpl_1"))) is None
    assert len(script.calls) == 2


@pytest.mark.parametrize("charset", ["iso-8859-1", "UTF-16", "nonsense", '"latin-1"', "utf-7"])
def test_json_in_another_charset_is_not_guessed_at(charset):
    script = Script([reviewed(content_type=f"application/json; charset={charset}")])
    with pytest.raises(UnexpectedResponseError, match="not UTF-8"):
        script.play(exchange()(get()))
    assert len(script.calls) == 1


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", 'application/json;charset="UTF8"', "text/plain"])
def test_json_that_fits_is_taken_whatever_it_is_called(kind):
    assert Script([reviewed(content_type=kind)]).play(exchange()(get())).id == "rev_1"


STALE = TransportFailure("the connection was closed", "maybe", "stale")


class TestStaleConnections:
    """A connection that the server had closed before it was used again says nothing about the server."""

    def test_the_call_is_made_again_at_once_and_on_another_connection(self):
        script = Script([STALE, refused(503), refused(503), reviewed()])
        assert script.play(exchange(2)(get())).id == "rev_1"
        assert script.sleeps == [1.0, 2.0]
        assert script.calls[1].fresh

    def test_that_happens_once(self):
        script = Script([STALE])
        with pytest.raises(APIConnectionError) as caught:
            script.play(exchange(2)(get()))
        assert (caught.value.attempts, script.sleeps) == (4, [1.0, 2.0])

    def test_it_costs_nothing_of_the_budget(self):
        patient = exchange()
        before = patient.budget.left
        Script([STALE, refused(404)]).play(swallowing(patient(get())))
        assert patient.budget.left == before

    @pytest.mark.parametrize(
        ("max_retries", "call", "mark"),
        [(0, get(), nullcontext()), (3, get(), calling(RetriedCall())), (3, create(), nullcontext())],
        ids=["without retries", "inside the retry decorator", "a creation that may have been done"],
    )
    def test_these_are_not_made_again(self, max_retries, call, mark):
        script = Script([STALE])
        with mark, pytest.raises(APIConnectionError) as caught:
            script.play(exchange(max_retries)(call))
        assert (len(script.calls), caught.value.outcome_unknown) == (1, not call.is_repeatable)


def swallowing(flow):
    try:
        return (yield from flow)
    except HITLError as error:
        return error


@pytest.mark.parametrize(("kind", "error"), [("tls", TLSError), ("unknown_host", APIConnectionError)])
def test_a_server_that_is_not_the_one_is_not_asked_twice(kind, error):
    script = Script([TransportFailure("api.example: it is not", "no", kind)])
    with pytest.raises(error) as caught:
        script.play(exchange()(get()))
    assert type(caught.value) is error
    assert (len(script.calls), caught.value.retryable, caught.value.outcome_unknown) == (1, False, False)


def test_what_is_gone_is_not_asked_for_again():
    script = Script([refused(410)])
    with pytest.raises(APIStatusError, match="gone for good") as caught:
        script.play(exchange()(get()))
    assert (len(script.calls), type(caught.value)) == (1, APIStatusError)


def test_a_very_deep_error_body_does_not_stop_its_error_from_being_copied():
    deep = b'{"error": {"details": ' + b"[" * 300 + b"]" * 300 + b"}}"
    with pytest.raises(APIStatusError) as caught:
        Script([answer(400, deep)]).play(exchange()(get()))
    error = caught.value
    assert copy.deepcopy(error).body == pickle.loads(pickle.dumps(error)).body == error.body
    assert isinstance(error.body, str)


@pytest.mark.parametrize(
    "outcome",
    [refused(400), refused(503), answer(200, b"<html>"), answer(200, {"data": {}}), BROKEN, SILENT, UNREACHABLE, STALE],
)
def test_an_error_leads_to_no_other_error(outcome):
    with pytest.raises(HITLError) as caught:
        Script([outcome]).play(exchange()(create()))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_no_frame_that_has_read_the_answer_hangs_on_the_error():
    with pytest.raises(UnexpectedResponseError) as caught:
        Script([answer(200, {"data": {"id": "rev_1"}})]).play(exchange()(get()))
    functions = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert functions[-1] == "_until_answered"


def test_what_the_rate_limit_is_is_learned():
    patient = exchange()
    said = {"x_ratelimit_limit": "100", "x_ratelimit_remaining": "7", "x_ratelimit_reset": "1795427999"}
    Script([reviewed(**said)]).play(patient(get()))
    Script([reviewed(x_ratelimit_limit="many")]).play(patient(get()))
    assert (patient.server.limit, patient.server.remaining, patient.server.reset) == (100, 7, 1795427999.0)


def endpoint_call(endpoint, *args, **kwargs):
    call = operations.endpoint_call(endpoint, *args, **kwargs)
    return call.with_key(random_key()) if isinstance(call, operations.Creation) else call


@pytest.mark.parametrize(
    "call",
    [
        endpoint_call(get_review, "rev_1"),
        endpoint_call(get_review, review_id="rev_1"),
        endpoint_call(update_review, "rev_1", body=ReviewUpdate()),
    ],
)
def test_an_answer_about_another_thing_is_not_taken_from_a_generated_endpoint_either(call):
    script = Script([reviewed("completed", "rev_EVIL"), reviewed("completed")])
    assert script.play(exchange()(call)).data.id == "rev_1"
    assert [each.fresh for each in script.calls] == [False, True]


def test_what_a_generated_endpoint_creates_has_an_id_of_its_own():
    body = ReviewCreate(template_id="template_123", content={})
    call = endpoint_call(create_review, body=body)
    assert Script([reviewed("created", "rev_9", code=201)]).play(exchange()(call)).data.id == "rev_9"


LOOP = {
    "id": "loop_2",
    "name": "Moderators",
    "icon": "shield",
    "creator_id": "user_1",
    "members": [],
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:00Z",
}
REQUEST = {
    "id": "req_2",
    "loop_id": "loop_1",
    "creator_id": "user_1",
    "processing_type": "time-sensitive",
    "type": "markdown",
    "priority": "high",
    "request_text": "May this be shown?",
    "response_type": "boolean",
    "response_config": {},
    "default_response": "no",
    "status": "completed",
    "response_data": {"boolean": True},
    "platform": "api",
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:00Z",
}


TEMPLATE = {"id": "tpl_2", "name": "T", "fields": []}
DELIVERY = {
    "id": "del_1",
    "webhook_id": "hook_2",
    "url": "https://example.com",
    "event": "test",
    "subject_id": "hook_2",
    "payload": {},
    "status": "pending",
    "created_at": "2026-01-15T10:30:00Z",
    "due_at": None,
    "attempts": [],
}
FEEDBACK = FeedbackBody(Feedback(5))


@pytest.mark.parametrize(
    ("call", "data"),
    [
        (operations.get_template("tpl_1"), TEMPLATE),
        (operations.update_template("tpl_1", {"name": "T"}), TEMPLATE),
        (operations.delete_template("tpl_1"), TEMPLATE),
        (endpoint_call(get_request, "req_1"), {"request": REQUEST}),
        (endpoint_call(cancel_request, "req_1"), {"request_id": "req_2", "status": "cancelled"}),
        (endpoint_call(add_request_feedback, "req_1", body=FEEDBACK), {"request_id": "req_2", "feedback": {}}),
        (endpoint_call(get_loop, "loop_1"), {"loop": LOOP}),
        (endpoint_call(update_loop, loop_id="loop_1", body=LoopUpdate()), {"loop": LOOP}),
        (endpoint_call(delete_loop, "loop_1"), {"loop_id": "loop_2"}),
        (endpoint_call(list_loop_members, "loop_1"), {"loop_id": "loop_2", "members": []}),
        (endpoint_call(remove_loop_member, "loop_1", "user_1"), {"loop_id": "loop_1", "user_id": "user_2"}),
        (endpoint_call(try_webhook, "hook_1"), DELIVERY),
    ],
    ids=lambda value: getattr(value, "operation", ""),
)
def test_an_answer_about_another_thing_is_not_taken(call, data):
    status = 202 if data is DELIVERY else 200
    script = Script([answer(status, {"success": True, "error": False, "msg": "Done", "data": data})])
    with pytest.raises(UnexpectedResponseError, match=r"about '\w+_2', not about '\w+_1'"):
        script.play(exchange(0)(call))


@pytest.mark.parametrize("status", [200, 404])
def test_of_a_very_long_body_only_the_beginning_is_looked_at(status):
    body = b'{"meta": {"request_id": "req_7"}, "padding": "' + b"x" * 300_000 + b'"}'
    with pytest.raises(HITLError) as caught:
        Script([answer(status, body)]).play(exchange()(get()))
    assert caught.value.request_id is None
    told = caught.value.body if isinstance(caught.value, APIStatusError) else caught.value.excerpt
    assert (len(told), told[:8]) == (200, '{"meta":')
