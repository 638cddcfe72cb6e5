"""Answers that are whole and wrong: told as errors, never repeated, never guessed at."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from cases import BOTH, READ, Case, doubtful, list_all, read, read_twice

from hitl import HITLClient
from hitl.exceptions import APIStatusError, UnexpectedResponseError
from hitl.testing import HostileServer, hostile
from hitl.testing.hostile import Fault, Reply

_DEEP = b'{"success": true, "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def _replaced(old: bytes, new: bytes) -> Fault:
    return hostile.text(lambda body: body.replace(old, new, 1))


def _in_latin_1(reply: Reply) -> Reply:
    return reply.without_header("Content-Type").with_header("Content-Type", "application/json; charset=latin-1")


MISFITS: Mapping[str, Fault] = {
    "NaN": _replaced(b'"result": null', b'"result": {"score": NaN}'),
    "Infinity": _replaced(b'"result": null', b'"result": {"score": -Infinity}'),
    "a number beyond all floats": _replaced(b'"result": null', b'"result": {"score": 1e999}'),
    "a number of 5,000 digits": _replaced(b'"result": null', b'"result": {"score": ' + b"9" * 5000 + b"}"),
    "a name that is there twice": _replaced(b'"status":', b'"status": "completed", "status":'),
    "a name that is there twice, deep down": _replaced(b'"result": null', b'"result": {"a": true, "a": false}'),
    "half a surrogate pair": _replaced(b"Ring!", b"\\ud800"),
    "a body in UTF-16": hostile.text(lambda body: body.decode().encode("utf-16")),
    "a body in UTF-32": hostile.text(lambda body: body.decode().encode("utf-32")),
    "a byte order mark": hostile.text(lambda body: b"\xef\xbb\xbf" + body),
    "bytes that are not UTF-8": _replaced(b"Ring!", b"Ring\xff"),
    "overlong UTF-8": _replaced(b"Ring!", b"\xc0\xaf"),
    "another charset": Fault("charset", rewrites=(_in_latin_1,)),
    "100,000 brackets": hostile.body(_DEEP),
    "600,000 values": hostile.body(b"[" + b"{}," * 600_000 + b"1]"),
    "JSON that stops in the middle": hostile.text(lambda body: body[:-20]),
    "two JSON texts": hostile.text(lambda body: body + body),
    "a comment": hostile.text(lambda body: body + b"// fine"),
    "single quotes": hostile.text(lambda body: body.replace(b'"', b"'")),
    "a Content-Length that promises less": hostile.lie_about_length(-5),
    "a list": hostile.document([]),
    "a text": hostile.document("rev_1"),
    "a number": hostile.document(1),
    "null": hostile.document(None),
    "an empty object": hostile.document({}),
    "an envelope around nothing": hostile.document({"success": True, "data": None}),
    "an envelope around a list": hostile.document({"success": True, "data": []}),
    "a review without an id": hostile.change(id=...),
    "a review whose id is a number": hostile.change(id=1),
    "a review whose id is null": hostile.change(id=None),
    "a review without a status": hostile.change(status=...),
    "a review whose status is a number": hostile.change(status=7),
    "a review whose status is an object": hostile.change(status={"is": "completed"}),
    "a review without a template": hostile.change(template_id=...),
    "a review whose content is a text": hostile.change(content="Ring!"),
    "a review made on a day that is none": hostile.change(created_at="2027-13-45"),
    "a review made at a number": hostile.change(created_at=5),
    "a review whose result is a list": hostile.change(result=[True]),
}


def _misfits() -> Iterator[Case]:
    for name, fault in MISFITS.items():
        told = {"retryable": False, "attempts": 1, "sent": "yes", "outcome_unknown": False}
        yield Case(f"{name} is no review", 9, read, [fault], error=UnexpectedResponseError, facts=told, requests=1)


def _misfits_of_creations() -> Iterator[Case]:
    for name in ("NaN", "a list", "100,000 brackets", "a review without an id", "a body in UTF-16"):
        told = f"{name} leaves a creation in doubt, and is not asked for again"
        made: dict[str, Any] = {"requests": 1, "reviews": 1, "is_warm": True, "server": {}}
        yield doubtful(told, MISFITS[name], UnexpectedResponseError, **made)


# Odd, but right: nothing of this may be refused.
TOLERATED: Mapping[str, Fault] = {
    "chunks": hostile.chunked(),
    "chunks with extensions": hostile.chunked(size=lambda length: f"{length:x};a=b"),
    "chunks with trailers": hostile.chunked(end=b"0\r\nX-Sum: 1\r\n\r\n"),
    "one chunk to a byte": hostile.chunked(pieces=10_000),
    "gzip": hostile.gzip(),
    "gzip in chunks": hostile.gzip() | hostile.chunked(),
    "a body that ends with the connection": hostile.until_close(),
    "HTTP/1.0": hostile.version("HTTP/1.0"),
    "HTTP/1.0 without a length": hostile.version("HTTP/1.0") | hostile.until_close(),
    "three interim answers": hostile.informational(3),
    "an odd reason phrase": hostile.status(200, "Alles \u00fcberaus gut"),
    "no reason phrase": hostile.status(200, ""),
    "another success status": hostile.status(203),
    "a folded header": hostile.header("X-A", "b\r\n c"),
    "a header that is injected": hostile.header("X-A", "b\r\nX-Injected: yes"),
    "a header in Latin-1": hostile.header("X-A", "\udce9"),
    "an early hang-up": hostile.hang_up(),
    "a slow answer": hostile.drip(5000),
    "a late answer": hostile.deaf(0.1),
    "an unknown field": hostile.change(mood="fine"),
    "no content type": Fault("no type", rewrites=(lambda reply: reply.without_header("Content-Type"),)),
    "two equal Content-Lengths": Fault(
        "two lengths", rewrites=(lambda reply: reply.with_header("Content-Length", str(len(reply.body))),)
    ),
    "a rate limit in odd spelling": hostile.header("X-RateLimit-Remaining", "-7")
    | hostile.header("X-RateLimit-Reset", "soon"),
    "a date that is none": hostile.header("Date", "yesterday"),
}

_EVIL = Reply.of({"success": True, "data": {"id": "rev_2", "status": "rejected", "template_id": "t", "content": {}}})
_APPROVED = {"id": "rev_1", "status": "completed", "result": {"approved": True}, "template_id": "t", "content": {}}
_STOLEN = Reply.of({"success": True, "data": {**_APPROVED, "created_at": "2027-01-01T00:00:00Z"}})
_FOREIGN = Reply.of({"success": True, "data": {**_APPROVED, "id": "rev_9", "created_at": "2027-01-01T00:00:00Z"}})


def _read_apart(client: HITLClient, server: HostileServer, pause: float = 0.1) -> list[object]:
    """Read the same review twice with a pause; return its states, and how many connections were used."""
    first = client.get_review("rev_1").status
    time.sleep(pause)  # so that whatever is still to come has come
    second = client.get_review("rev_1").status
    return [first, second, len({request.connection for request in server.requests})]


def _apart() -> Iterator[Case]:
    spoiled = {
        "a verdict that nobody asked for": hostile.surplus(_STOLEN),
        "a verdict that comes late": hostile.late_surplus(_STOLEN, 0.02),
        "a line break": hostile.surplus(b"\r\n"),
        "a byte that comes late": hostile.late_surplus(b"H", 0.02),
        "a word that it closes": hostile.header("Connection", "close"),
        "an end without a word": hostile.hang_up(),
        "HTTP/1.0": Fault("old", rewrites=(lambda reply: replace(reply, version="HTTP/1.0"),)),
    }
    once: dict[str, Any] = {"requests": 2, "settings": {"max_retries": 0}}
    for name, fault in spoiled.items():
        apart = partial(_read_apart, pause=1.0) if "late" in name else _read_apart  # a busy machine is later still
        told = f"a connection is not used again after {name}"
        yield Case(told, 5, apart, [fault], result=["created", "created", 2], **once)
    honest = "a connection is used again after an honest answer"
    yield Case(honest, 5, _read_apart, result=["created", "created", 1], **once)


def _too_large() -> Iterator[Case]:
    told: dict[str, Any] = {"facts": {"retryable": True, "attempts": 2, "sent": "yes"}, "requests": 2}
    for name, fault in {
        "a bomb": hostile.bomb(20),
        "a body that is too large": hostile.endless(20),
        "a body that says it is too large": hostile.content_length("17000000") | hostile.silence(300),
    }.items():
        brief = {"max_retries": 1, "timeout": 3}
        yield Case(
            f"{name} is given up on", 9, read, always=fault, error=UnexpectedResponseError, settings=brief, **told
        )


def _change(client: HITLClient, _server: HostileServer) -> None:
    client.update_review("rev_1", priority="high")


def _others() -> Iterator[Case]:
    """Give answers that are about something else, or no answer at all to what was asked."""
    other = hostile.change(id="rev_2", status="completed")
    told: dict[str, Any] = {"error": UnexpectedResponseError}
    yield Case("an answer for another review is never returned", 5, read, always=other, requests=3, **told)
    case = hostile.change(id="REV_1")
    yield Case("an id that differs in case only is another review", 5, read, always=case, **told)
    second = hostile.change(id="rev_2")
    yield Case("a change that is answered with another review is an error", 5, _change, always=second, **told)
    yield Case("a 204 with a body is no review", 9, read, [hostile.status(204)] * 3, **told)
    numbers, nothing = hostile.document({"data": [1, 2]}), hostile.document({"data": {}})
    yield Case("a list of something else is an error", 9, list_all, [numbers], **told)
    yield Case("a list that is an object is an error", 9, list_all, [nothing], **told)
    unchanged = [hostile.status(304)]
    yield Case("a 304 with a body does not shift the answers", 5, read, unchanged, error=APIStatusError)


CASES = [
    *_misfits(),
    *_apart(),
    *_too_large(),
    *_misfits_of_creations(),
    *_others(),
    *(
        Case(f"{name} is read all the same", 9, read, [fault], result=READ, requests=1)
        for name, fault in TOLERATED.items()
    ),
    *(
        Case(f"after {name} the next answer is the right one", 5, read_twice, [fault], result=BOTH, requests=2)
        for name, fault in {
            "a second answer in the same packet": hostile.surplus(_EVIL),
            "a second answer for the first review": hostile.surplus(_STOLEN),
            "half a second answer": hostile.surplus(b"HTTP/1.1 200 OK\r\nContent-Le"),
            "a line break too many": hostile.surplus(b"\r\n"),
            "a second answer after chunks": hostile.chunked() | hostile.surplus(_EVIL),
            "a second answer to a request that was never made": hostile.informational(1) | hostile.surplus(_EVIL),
        }.items()
    ),
    Case(
        "a second answer that comes late is not taken for the next one",
        5,
        lambda client, server: [read_twice(client, server) for _ in range(2)],
        [hostile.late_surplus(_FOREIGN, 0.0)] * 2,
        result=[BOTH, BOTH],
    ),
    Case(
        "an answer for another review is asked for again on a new connection",
        5,
        lambda client, server: (read(client, server), len({request.connection for request in server.requests})),
        [hostile.change(id="rev_2", status="completed")],
        result=(READ, 2),
        requests=2,
    ),
    Case(
        "the body of a 204 is not the next answer",
        5,
        lambda client, server: [client.cancel_review("rev_1").status, read_twice(client, server)[1]],
        [hostile.status(204)],
        result=["cancelled", ("rev_2", "completed")],
    ),
]
