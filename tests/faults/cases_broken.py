"""Answers that never come whole: reads are repeated, creations only where the server knows the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cases import GRACE, READ, Case, cancel, create_beside, doubtful, list_all, read, survived, update

from hitl.exceptions import APIConnectionError, APITimeoutError, HITLError, ServerError, UnexpectedResponseError
from hitl.testing import hostile
from hitl.testing.hostile import Fault

# Faults that break the connection off or put no HTTP on it, after the request was handled.
BROKEN: Mapping[str, Fault] = {
    "a reset after the review was made": hostile.reset(handles=True),
    "a reset in the status line": hostile.reset(1),
    "a reset in the headers": hostile.reset(40),
    "a reset in the body": hostile.reset(200),
    "a close after the review was made": hostile.close(handles=True),
    "a close in the status line": hostile.close(5),
    "a close in the headers": hostile.close(40),
    "a close in the body": hostile.close(200),
    "a Content-Length that promises more": hostile.lie_about_length(5),
    "a Content-Length that is no number": hostile.content_length("abc"),
    "a negative Content-Length": hostile.content_length("-1"),
    "a Content-Length in exponents": hostile.content_length("1e3"),
    "two Content-Lengths": hostile.header("Content-Length", "7"),
    "a Content-Length list": hostile.content_length("100, 200"),
    "both Content-Length and chunks": hostile.header("Content-Length", "10") | hostile.chunked(),
    "a chunk whose size is no number": hostile.chunked(size=lambda length: "zz"),
    "a chunk of a negative size": hostile.chunked(size=lambda length: f"-{length:x}"),
    "a chunk that is longer than it says": hostile.chunked(size=lambda length: f"{length - 3:x}"),
    "a chunk that is shorter than it says": hostile.chunked(size=lambda length: f"{length + 900:x}", ending="close"),
    "chunks without an end": hostile.chunked(end=b""),
    "a chunk end that is cut off": hostile.chunked(end=b"0\r\n", ending="close"),
    "an unknown transfer encoding": hostile.header("Transfer-Encoding", "gzip, chunked"),
    "a status that is a word": hostile.status("abc"),
    "a status of 0": hostile.status(0),
    "a status of four digits": hostile.status(2000),
    "no status line": hostile.raw(b"Content-Type: text/html\r\n\r\n{}"),
    "an answer in HTTP/2": hostile.raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"),
    "the banner of SSH": hostile.raw(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "a thousand null bytes": hostile.raw(b"\0" * 1000),
    "another version": hostile.version("HTTP/3.7"),
    "a header without a colon": hostile.header("X-A", "b\r\nno colon here"),
    "a header whose name has a space": hostile.header("X A", "b"),
    "a null byte in a header": hostile.header("X-A", "b\0c"),
    "a flood of headers": hostile.headers(20_000, 20),
    "a header of 300 kB": hostile.headers(1, 300_000),
    "a flood of 1xx": hostile.informational(200),
    "switching protocols unasked": hostile.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n{}"),
}

# Faults of a success that is HTTP, but not what was asked for: something in between may have made them.
UNREADABLE: Mapping[str, Fault] = {
    "gzip that stops in the middle": hostile.gzip(keep=0.5),
    "gzip without its last byte": hostile.gzip(keep=0.997),
    "gzip with a wrong checksum": hostile.gzip(crc="wrong"),
    "gzip with a damaged byte": hostile.gzip(flip=20),
    "gzip that is no gzip": hostile.encoding("gzip"),
    "gzip with something after it": hostile.gzip(after=b"more"),
    "an encoding that was not asked for": hostile.encoding("br"),
    "an unknown encoding": hostile.encoding("rot13"),
    "two encodings": hostile.gzip() | hostile.header("Content-Encoding", "gzip"),
    "a page of HTML": hostile.body(b"<html>Please log in</html>", "text/html"),
    "a page of HTML without a type": hostile.body(b"", None),
    "plain text": hostile.body(b"OK", "text/plain"),
    "an empty body": hostile.body(b""),
    "a blank body": hostile.body(b"  \r\n "),
    "a body that is cut off without saying so": hostile.until_close() | hostile.close(200),
    "an answer for another review": hostile.change(id="rev_2"),
}


_OF_CREATIONS = {name: fault for name, fault in UNREADABLE.items() if "another review" not in name}

_UNDONE: Mapping[str, Fault] = {
    "a reset before a byte is read": hostile.reset(hears=0),
    "a reset in the request's head": hostile.reset(hears=10),
    "a reset in the request's body": hostile.reset(hears=250),
    "a close in the request's head": hostile.close(hears=10),
}

# What a connection out of step may deliver: the answer to a creation of somebody else's.
_ELSEWHERE: Mapping[str, Fault] = {
    "an answer for another template": hostile.change(template_id="refunds"),
    "an answer with other content": hostile.change(content={"text": "Rung."}),
    "an answer that is completed already": hostile.change(status="completed", result={"approved": True}),
}

_HONOURED = "makes one review where keys are honoured"
_IN_DOUBT = "leaves a creation in doubt where keys are not known to be honoured"


def _each(faults: Mapping[str, Fault], error: type[APIConnectionError | UnexpectedResponseError]) -> Iterator[Case]:
    for name, fault in faults.items():
        yield Case(f"a read survives {name}", 7, read, [fault], result=READ, requests=2, is_warm=True)
        if name in _OF_CREATIONS or name in BROKEN:
            yield survived(f"{name} {_HONOURED}", fault, requests=2)
            yield doubtful(f"{name} {_IN_DOUBT}", fault, error, requests=1, reviews=1)


def _undone() -> Iterator[Case]:
    for name, fault in _UNDONE.items():
        yield Case(f"a read survives {name}", 7, read, [fault], result=READ)
        yield Case(f"a read on a kept connection survives {name}", 7, read, [fault], result=READ, is_warm=True)
        yield survived(f"{name} {_HONOURED}", fault)
        if name != "a reset before a byte is read":
            yield doubtful(f"{name} {_IN_DOUBT}", fault, APIConnectionError, {"sent": "maybe"})


_BRIEF: dict[str, Any] = {"within": 0.5 + GRACE, "settings": {"timeout": 0.5}}
_PLAIN = hostile.header("X-Plain", "yes")
_MADE_BUT_LOST = hostile.reset(handles=True)


def _errors() -> Iterator[Case]:
    """Give what a read is told after its last attempt."""
    passing = {"sent": "maybe", "retryable": True, "outcome_unknown": False}
    cut_off = hostile.answer(500) | hostile.lie_about_length(50)
    told: Mapping[str, tuple[Fault, type[HITLError], dict[str, Any]]] = {
        "three resets in a row are told as one error": (_MADE_BUT_LOST, APIConnectionError, passing),
        "an answer that had begun is told as sent": (hostile.reset(60), APIConnectionError, {"sent": "yes"}),
        "a status ends a read although its body is cut off": (cut_off, ServerError, {"status_code": 500}),
    }
    for name, (always, error, facts) in told.items():
        yield Case(name, 7, read, always=always, error=error, facts={"attempts": 3, **facts}, requests=3)


def _silences() -> Iterator[Case]:
    doubt = {"outcome_unknown": True, "sent": "maybe"}
    silence = hostile.silence(handles=True)
    made = "silence after the review was made"
    yield doubtful(f"{made} is a timeout in doubt", silence, APITimeoutError, doubt, requests=1, reviews=1, **_BRIEF)
    yield survived(f"{made} is survived where keys are honoured", silence, requests=2, **_BRIEF)
    half = "half an answer and then silence is survived where keys are honoured"
    yield survived(half, hostile.silence(200), requests=2, **_BRIEF)


def _others() -> Iterator[Case]:
    for name, fault in _ELSEWHERE.items():
        yield doubtful(f"{name} {_IN_DOUBT}", fault, UnexpectedResponseError, requests=1, reviews=1)
    foreign = hostile.header("Idempotency-Key", "job-7")
    name = f"the key of another creation {_IN_DOUBT}"
    yield replace(
        doubtful(name, foreign, UnexpectedResponseError), call=create_beside, faults=[_PLAIN, foreign], reviews=2
    )
    lost = "a creation is made once although every second answer is lost"
    yield survived(lost, _MADE_BUT_LOST, hostile.answer(502), requests=3)
    one: dict[str, Any] = {"error": APIConnectionError, "facts": {"attempts": 1}, "settings": {"max_retries": 0}}
    yield Case("max_retries=0 makes one attempt", 2, read, [_MADE_BUT_LOST], requests=1, **one)
    yield Case("a change survives a reset", 7, update, [_MADE_BUT_LOST], result="high", requests=2)
    yield Case("a cancellation survives a reset", 7, cancel, [_MADE_BUT_LOST], result="cancelled", requests=2)
    yield Case("a list survives a reset", 7, list_all, [hostile.reset(200)], result=["rev_1", "rev_2"], requests=2)


CASES = [
    *_each(BROKEN, APIConnectionError),
    *_each(UNREADABLE, UnexpectedResponseError),
    *_undone(),
    *_errors(),
    *_silences(),
    *_others(),
]
