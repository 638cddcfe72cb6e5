"""Genuine webhooks are recognised in every framework's clothes; nothing else is, and nothing a sender does raises."""

from __future__ import annotations

import base64
import email.message
import hmac
import json
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import django.conf  # type: ignore[import-untyped]
import flask
import httpx
import multidict
import pytest
import starlette.datastructures
import starlette.requests
from django.test import RequestFactory  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

import hitl.webhooks
from hitl.exceptions import SignatureError
from hitl.webhooks import LARGEST_BODY, Router, WebhookEvent, construct_event, sign, signature_headers, verify_signature

SECRET = "your_webhook_secret"
PAYLOAD = {
    "event": "review.completed",
    "review": {"id": "rev_123", "status": "completed", "result": {"approved": True, "feedback": "tréma ✓"}},
    "timestamp": "2024-01-15T12:30:00Z",
}
BODY = json.dumps(PAYLOAD).encode()
SIGNATURE = sign(BODY, SECRET)
DIGITS = SIGNATURE.removeprefix("sha256=")
OTHER = sign(BODY, "another secret")
VENDOR_HEADERS = ("X-HITL-Signature-256", "X-HITL-Signature")
MISSPELT = (
    *(f"{prefix}{DIGITS}" for prefix in ("sha512=", "SHA256=", "sha256:", "sha256=sha256=", "sha256= ", "0x")),
    *(DIGITS.upper(), f"sha256={DIGITS.upper()}", f"{DIGITS[:-1]}é", f"{DIGITS[:-1]}٣", DIGITS[:32], f"{DIGITS}00"),
    *(f"{DIGITS},{DIGITS}", f"{SIGNATURE}, {SIGNATURE}", f"{DIGITS[:32]} {DIGITS[32:]}"),
    base64.b64encode(bytes.fromhex(DIGITS)).decode(),
)

if not django.conf.settings.configured:
    django.conf.settings.configure()


# --- what is genuine -------------------------------------------------------------------------------------------------


def test_a_signature_is_the_hexadecimal_hmac_sha256_of_the_body() -> None:
    # The test vector of RFC 4231, 4.3.
    digits = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign(b"what do ya want for nothing?", "Jefe") == f"sha256={digits}"


@pytest.mark.parametrize("value", [SIGNATURE, DIGITS, f" {SIGNATURE}\t"])
@pytest.mark.parametrize(
    "name", ["X-HITL-Signature-256", "X-HITL-Signature", "x-hitl-signature", "X-Hitl-SIGNATURE-256"]
)
def test_either_header_is_understood_with_and_without_prefix_in_any_case(name: str, value: str) -> None:
    assert verify_signature({name: value}, BODY, SECRET)


@pytest.mark.parametrize("body", [BODY, bytearray(BODY), memoryview(BODY), BODY.decode()])
def test_the_body_may_be_any_kind_of_bytes_or_text(body: Any) -> None:
    assert verify_signature(signature_headers(body, SECRET), body, SECRET)
    assert construct_event({"X-HITL-Signature": SIGNATURE}, body, SECRET).data == PAYLOAD


@pytest.mark.parametrize(
    "secret", [SECRET.encode(), [SECRET], ("the new one", SECRET), [b"the new one", SECRET.encode()], {SECRET}]
)
def test_any_of_several_secrets_may_have_signed(secret: Any) -> None:
    assert verify_signature({"X-HITL-Signature": DIGITS}, BODY, secret)


@pytest.mark.parametrize("secret", ["Your_webhook_secret", "your_webhook_secret.", ["the first", "the second"]])
def test_a_signature_by_another_secret_is_not_genuine(secret: Any) -> None:
    assert not verify_signature({"X-HITL-Signature": DIGITS}, BODY, secret)


def test_both_headers_together_must_both_be_genuine() -> None:
    both = {"X-HITL-Signature-256": SIGNATURE, "X-HITL-Signature": DIGITS}
    assert verify_signature(both, BODY, SECRET)
    assert not verify_signature(both | {"X-HITL-Signature": OTHER}, BODY, SECRET)
    assert not verify_signature(both | {"X-HITL-Signature-256": OTHER}, BODY, SECRET)
    assert not verify_signature(both | {"X-HITL-Signature-256": "sha256=unknown"}, BODY, SECRET)


def test_one_header_may_be_repeated_but_not_with_two_values() -> None:
    name = "X-HITL-Signature"
    assert verify_signature([(name, SIGNATURE), (name.lower(), SIGNATURE)], BODY, SECRET)
    assert not verify_signature([(name, SIGNATURE), (name.lower(), OTHER)], BODY, SECRET)
    assert not verify_signature({name: SIGNATURE, name.upper(): OTHER}, BODY, SECRET)
    assert not verify_signature({name: [SIGNATURE, OTHER]}, BODY, SECRET)


# --- every framework's headers ---------------------------------------------------------------------------------------


def _flask(headers: dict[str, str]) -> Any:
    return flask.Flask("receiver").test_request_context("/", method="POST", data=BODY, headers=headers).request.headers


def _django(headers: dict[str, str]) -> Any:
    return RequestFactory().post("/", BODY, content_type="application/json", headers=headers)


def _starlette(headers: dict[str, str]) -> starlette.requests.Request:
    raw = starlette.datastructures.Headers(headers).raw
    return starlette.requests.Request({"type": "http", "method": "POST", "headers": raw})


def _email(headers: dict[str, str]) -> email.message.Message:
    message = email.message.Message()
    for name, value in headers.items():
        message[name] = value
    return message


CONTAINERS: dict[str, Callable[[dict[str, str]], Any]] = {
    "dict": dict,
    "list of pairs": lambda headers: list(headers.items()),
    "iterator of pairs": lambda headers: iter(headers.items()),
    "list of lists": lambda headers: [list(pair) for pair in headers.items()],
    "Flask": _flask,
    "Django headers": lambda headers: _django(headers).headers,
    "Django META": lambda headers: _django(headers).META,
    "Starlette": lambda headers: _starlette(headers).headers,
    "ASGI": lambda headers: _starlette(headers).scope["headers"],
    "ASGI scope": lambda headers: _starlette(headers).scope,
    "aiohttp": multidict.CIMultiDict,
    "aiohttp, read only": lambda headers: multidict.CIMultiDictProxy(multidict.CIMultiDict(headers)),
    "httpx": httpx.Headers,
    "WSGI environment": lambda headers: _flask(headers).environ,
    "email.Message": _email,
    "http.server": lambda headers: email.message_from_string("".join(f"{n}: {v}\n" for n, v in headers.items()) + "\n"),
    "AWS Lambda's multiValueHeaders": lambda headers: {name: [value] for name, value in headers.items()},
    "AWS Lambda's event": lambda headers: {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "body": BODY.decode(),
    },
    "AWS Lambda's event without headers": lambda headers: {
        "headers": None,
        "multiValueHeaders": {name.lower(): [value] for name, value in headers.items()},
    },
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_headers_are_found_in_the_container_of(container: Callable[[dict[str, str]], Any]) -> None:
    others = {"Content-Type": "application/json", "X-Request-Id": "r1"}
    for name in VENDOR_HEADERS:
        assert verify_signature(container({**others, name: SIGNATURE}), BODY, SECRET)
        assert not verify_signature(container({**others, name: OTHER}), BODY, SECRET)
    assert not verify_signature(container(others), BODY, SECRET)
    headers = signature_headers(BODY, SECRET, webhook_id="msg_1")
    assert construct_event(container(headers), BODY, SECRET).id == "msg_1"
    assert not verify_signature(container({**headers, "webhook-id": "msg_2"}), BODY, SECRET)


def test_two_values_in_one_lambda_event_are_not_genuine() -> None:
    event = {"headers": {"x-hitl-signature": SIGNATURE}, "multiValueHeaders": {"X-HITL-Signature": [OTHER, SIGNATURE]}}
    assert not verify_signature(event, BODY, SECRET)


def test_a_header_that_is_called_headers_does_no_harm() -> None:
    headers = {"Headers": "x", "headers": f"x-hitl-signature: {OTHER}", "X-HITL-Signature": SIGNATURE}
    assert verify_signature(headers, BODY, SECRET)
    assert not verify_signature({"headers": {"headers": {"X-HITL-Signature": SIGNATURE}}}, BODY, SECRET)


# --- programming errors are loud -------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [PAYLOAD, [], None, 3])
@pytest.mark.parametrize("headers", [{}, {"X-HITL-Signature": DIGITS}])
def test_a_parsed_body_is_a_type_error_that_tells_where_the_raw_one_is(headers: Any, body: Any) -> None:
    places = r"raw bytes.*request\.get_data\(\) in Flask, request\.body in Django, await request\.body"
    with pytest.raises(TypeError, match=places):
        verify_signature(headers, body, SECRET)
    with pytest.raises(TypeError, match=places):
        Router(SECRET).dispatch(headers, body)


NO_SECRETS: list[Any] = ["", " \n", b"", b" ", [], (), ["good", ""], None, [None], "\ud800"]
NOT_SECRETS: list[Any] = [3, [3], {"current": SECRET}]  # the names of a dict would be the keys


@pytest.mark.parametrize(
    ("secret", "error", "reason"),
    [
        *((secret, ValueError, "secret") for secret in NO_SECRETS),
        *((secret, TypeError, "str or bytes, (or a list of them, )?not (int|dict)") for secret in NOT_SECRETS),
    ],
)
def test_a_bad_secret_is_refused_whatever_the_request(secret: Any, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        verify_signature({"X-HITL-Signature": sign(BODY, "current")}, BODY, secret)
    with pytest.raises(error, match=reason):
        Router(secret)


BAD_SECRETS: list[tuple[Any, str]] = [
    *((secret, "too short") for secret in ("s", "12345", b"abc", "whsec_YWJj", "\u00fc\u00fc", ["long enough", "x"])),
    *((SECRET + end, "white space") for end in ("\n", "\r\n", " ", "\t", "\u00a0")),
    (" " + SECRET, "white space"),
    (SECRET.encode() + b"\n", "white space"),
    ([SECRET, SECRET + "\n"], "white space"),
    (f'"{SECRET}"', "quotation marks"),
    (f"'{SECRET}'", "quotation marks"),
]


@pytest.mark.parametrize(("secret", "reason"), BAD_SECRETS)
def test_a_secret_that_cannot_be_meant_says_why(secret: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        verify_signature({}, BODY, secret)
    assert SECRET not in str(caught.value)
    with pytest.raises(ValueError, match=reason):
        Router(secret)


@pytest.mark.parametrize("secret", [SECRET, "secret", 'it\'s "odd"', "whsec_c2VjcmV0", b"\x00\xff\x00\xff\x00\xff"])
def test_a_secret_of_the_documentation_and_odd_ones_are_fine(secret: Any) -> None:
    assert verify_signature(signature_headers(BODY, secret), BODY, secret)


@pytest.mark.parametrize("webhook_id", ["msg_1", "a-b", "with.dots", "0", "msg:1"])
@pytest.mark.parametrize("header", ["X-HITL-Signature", "X-HITL-Signature-256"])
def test_what_standard_webhooks_signed_is_no_body_of_the_vendor(webhook_id: str, header: str) -> None:
    sent = signature_headers(BODY, SECRET, webhook_id=webhook_id, timestamp=1_700_000_000)
    digest = base64.b64decode(sent["webhook-signature"].removeprefix("v1,")).hex()
    offered = f"{webhook_id}.1700000000.".encode() + BODY
    assert hmac.new(SECRET.encode(), offered, "sha256").hexdigest() == digest
    assert not verify_signature({header: digest}, offered, SECRET)
    assert not verify_signature({header: f"sha256={digest}"}, offered.decode(), ["another secret", SECRET])
    with pytest.raises(SignatureError):
        construct_event({header: digest}, offered, SECRET)


@pytest.mark.parametrize("body", [b"1.5", b'{"a.1.2": 1}', b"[1.5, 2.1]", b'"a.1.b"', b"see 1.2.3", b"", b"-1.5e3"])
def test_another_body_may_have_dots(body: bytes) -> None:
    assert verify_signature({"X-HITL-Signature": sign(body, SECRET)}, body, SECRET)


@pytest.mark.parametrize("headers", [{}, {"X-HITL-Signature": DIGITS}])
def test_a_time_that_is_no_number_is_a_type_error_whatever_the_request(headers: Any) -> None:
    now: Any = datetime.now(UTC)
    with pytest.raises(TypeError, match="number of Unix seconds, not datetime"):
        verify_signature(headers, BODY, SECRET, now=now)


LONG = "whsec_" + "c2VjcmV0" * 4
CALLS: list[Callable[[Any], object]] = [
    lambda secret: construct_event({"X-HITL-Signature": "0" * 64}, BODY, secret),  # whoever sends it chooses this one
    lambda secret: construct_event({}, {}, secret),  # type: ignore[arg-type]
    lambda secret: verify_signature({}, {}, secret),  # type: ignore[arg-type]
    lambda secret: verify_signature({}, BODY, [secret, secret + "!"]),
    lambda secret: construct_event({}, BODY, secret + "!"),
    lambda secret: Router(secret).dispatch({}, {}),  # type: ignore[arg-type]
    lambda secret: Router(secret + "!"),
    lambda secret: Router(secret, tolerance=0),
]


@pytest.mark.parametrize("call", CALLS)
def test_no_traceback_with_local_variables_shows_the_secret(call: Callable[[Any], object]) -> None:
    with pytest.raises((SignatureError, TypeError, ValueError)) as caught:
        call(LONG)
    assert caught.value.__context__ is None
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [str(frame.locals) for frame in told.stack if "/hitl/" in frame.filename.replace("\\", "/")]
    assert frames
    assert "c2VjcmV0" not in "".join(frames)


# --- events ----------------------------------------------------------------------------------------------------------


def _event(payload: Any) -> WebhookEvent:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return construct_event(signature_headers(body, SECRET), body, SECRET)


def test_an_event_names_what_happened_to_which_review_and_when() -> None:
    event = _event(
        b'{"event":"review.completed","review":{"id":"rev_123","template_id":"template_123","status":"completed",'
        b'"result":{"approved":true,"content":"edited text","feedback":"ok with small edits"},'
        b'"completed_at":"2024-01-15T12:30:00Z","reviewer":"reviewer@company.com"},"timestamp":"2024-01-15T12:31:00Z"}'
    )
    assert event.event == event.type == event.data["event"] == "review.completed"
    assert (event.review, event.timestamp) == (event.data["review"], "2024-01-15T12:31:00Z")
    assert (event.review_id, event.template_id, event.status) == ("rev_123", "template_123", "completed")
    assert event.result == {"approved": True, "content": "edited text", "feedback": "ok with small edits"}
    assert event.reviewer == "reviewer@company.com"
    assert event.completed_at == datetime(2024, 1, 15, 12, 30, tzinfo=UTC)
    assert event.occurred_at == datetime(2024, 1, 15, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize("moment", [None, 3, "", "soon", "2024-01-15T12:30:00", "2024-01-15"])
def test_parts_of_an_unexpected_shape_are_none(moment: Any) -> None:
    review = {"status": 1, "template_id": None, "result": "yes", "reviewer": {"name": "Ann"}, "completed_at": moment}
    event = _event({"event": "e", "review": review, "timestamp": moment})
    assert (event.status, event.template_id, event.result, event.reviewer) == (None,) * 4
    assert (event.completed_at, event.occurred_at) == (None, None)


def test_an_event_made_by_hand_has_no_id() -> None:
    assert (WebhookEvent(PAYLOAD).id, WebhookEvent(PAYLOAD).claims) == ("", ())
    assert WebhookEvent(PAYLOAD, claims=["msg_1"]).id == "msg_1"


@pytest.mark.parametrize("review", [None, "rev_123", [], {}, {"id": None}, {"id": 3}])
def test_an_event_of_an_unknown_shape_has_no_review_id(review: Any) -> None:
    event = _event({"event": "template.updated", "review": review})
    assert event.review == (review if isinstance(review, dict) else None)
    assert (event.review_id, event.timestamp) == (None, None)


def test_events_compare_by_their_data_cannot_be_reassigned_pickle_and_do_not_show_what_people_wrote() -> None:
    event = _event(PAYLOAD)
    assert repr(event) == (
        "WebhookEvent(event='review.completed', review_id='rev_123', timestamp='2024-01-15T12:30:00Z')"
    )
    assert event == _event(PAYLOAD)
    assert event != _event({"event": "review.created"})
    assert event != PAYLOAD
    assert pickle.loads(pickle.dumps(event)) == event
    with pytest.raises(AttributeError):
        event.event = "review.rejected"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "missing_header"),
        (None, "missing_header"),
        (SIGNATURE, "missing_header"),
        ([("X-HITL-Signature",), 3, None, "ab"], "missing_header"),
        ({3: SIGNATURE, None: SIGNATURE}, "missing_header"),
        ({"headers": iter(lambda: 1 / 0, 1)}, "unreadable_headers"),
        ({"X-HITL-Signature": ""}, "bad_signature_header"),
        ({"X-HITL-Signature": None}, "bad_signature_header"),
        ({"X-HITL-Signature": []}, "bad_signature_header"),
        *(({name: value}, "bad_signature_header") for name in VENDOR_HEADERS for value in MISSPELT),
        ([("X-HITL-Signature", SIGNATURE), ("X-HITL-Signature", OTHER)], "bad_signature_header"),
        ({"X-HITL-Signature": OTHER}, "signature_mismatch"),
    ],
)
def test_the_reason_tells_what_is_wrong_with_the_signature(headers: Any, reason: str) -> None:
    with pytest.raises(SignatureError) as raised:
        construct_event(headers, BODY, SECRET)
    assert raised.value.reason == reason
    assert reason in str(raised.value)
    assert not verify_signature(headers, BODY, SECRET)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff", "payload_encoding"),
        (json.dumps(PAYLOAD).encode("utf-16"), "payload_encoding"),
        (b"", "payload_not_json"),
        (b"event=review.completed", "payload_not_json"),
        (b"\xef\xbb\xbf" + BODY, "payload_not_json"),
        (b'{"event":"review.completed","score":NaN}', "payload_not_json"),
        (b'{"event":"review.completed","score":1e999}', "payload_not_json"),
        (b'{"event":"review.completed","score":' + b"1" * 5000 + b"}", "payload_not_json"),
        (b'{"event":"review.completed","event":"review.cancelled"}', "payload_not_json"),
        (b'{"event":"e","review":{"result":{"approved":false,"approved":true}}}', "payload_not_json"),
        (b"[" * 100_000 + b"]" * 100_000, "payload_not_json"),
        (b'{"event":"e","name":"\\ud800"}', "payload_not_json"),
        (b'{"event":"e"}' + b" " * LARGEST_BODY, "payload_too_large"),
        (b"[]", "payload_not_an_event"),
        (b"{}", "payload_not_an_event"),
        (b'{"event":null}', "payload_not_an_event"),
        (b'"review.completed"', "payload_not_an_event"),
    ],
)
def test_the_reason_tells_what_is_wrong_with_a_signed_body(body: bytes, reason: str) -> None:
    with pytest.raises(SignatureError) as raised:
        _event(body)
    assert raised.value.reason == reason


def test_numbers_of_a_payload_arrive_as_they_were_sent_and_text_that_is_not_unicode_is_not_genuine() -> None:
    assert _event(b'{"event":"e","score":0.95,"seconds":-3}').data == {"event": "e", "score": 0.95, "seconds": -3}
    assert not verify_signature({"X-HITL-Signature": DIGITS}, "\ud800", SECRET)


# --- whatever a sender comes up with (more in test_webhooks_fuzz.py) -----------------------------------------------------


@given(body=st.one_of(st.binary(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps)))
def test_a_signed_body_is_an_event_or_a_signature_error(body: Any) -> None:
    headers = signature_headers(body, SECRET)
    assert verify_signature(headers, body, SECRET) is True
    with pytest.raises(SignatureError, match="payload_"):
        construct_event(headers, body, SECRET)


# --- weight ----------------------------------------------------------------------------------------------------------


def test_every_name_it_offers_is_there() -> None:
    assert len(set(hitl.webhooks.__all__)) == len(hitl.webhooks.__all__)
    assert set(hitl.webhooks.__all__) <= set(dir(hitl.webhooks))
    assert all(getattr(hitl.webhooks, name) for name in hitl.webhooks.__all__)
    with pytest.raises(AttributeError, match="module 'hitl.webhooks' has no attribute 'Rooter'"):
        hitl.webhooks.Rooter  # noqa: B018


def test_the_module_loads_neither_the_http_library_nor_attrs() -> None:
    program = "import sys, hitl.webhooks; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"httpx", "httpcore", "anyio", "attr", "attrs", "hitl_api", "inspect"}
    assert not heavy.union({"asyncio", "json", "logging", "sqlite3"}).intersection(loaded)
