"""What stands in the place of a guard that is taken out, and the cases of the fault list that fail without it."""

from __future__ import annotations

import gzip
import json
import uuid
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from attrs import evolve

from hitl._engine.http1 import decoded_headers

Without = Callable[[Any], Any]


class Mutation:
    """A guard taken out.

    Args:
        promise: What the guard keeps true.
        guard: The name that marks it in the package; see `guards`.
        without: Makes of the guard what stands in its place.
        cases: The cases that fail without it.
    """

    def __init__(self, promise: str, guard: str, without: Without, *cases: str) -> None:
        self.promise, self.guard, self.without, self.cases = promise, guard, without, cases


def value(constant: object) -> Without:
    return lambda _: constant


def returning(result: object) -> Without:
    return lambda _: lambda *args, **kwargs: result


def _lenient_gzip(_: Any) -> Any:
    def unzipped(body: bytes) -> bytes:
        with suppress(zlib.error):
            return zlib.decompressobj(31).decompress(body)
        return body

    return unzipped


def _boundless_gzip(unzipped: Any) -> Any:
    def decompressed(body: bytes) -> bytes:
        try:
            return gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            return unzipped(body)  # which knows how to refuse it

    return decompressed


def _careless_head(_: Any) -> Any:
    def take_head(self: Any, head: Any) -> None:
        self._status_code, self._headers, self._is_framed = head.status_code, decoded_headers(head.headers), True

    return take_head


def _always_reusable(answer: Any) -> Any:
    return lambda self, fault: evolve(answer(self, fault), may_reuse=True)


def _late(drive: Any) -> Any:
    return lambda flow, deadline: drive(flow, deadline + 1.5)


def _learning_any_key(learn: Any) -> Any:
    return lambda self, answer, _key, now: learn(self, answer, answer.headers.get("idempotency-key"), now)


def _learning_at_once(_: Any) -> Any:
    return lambda self, *args: setattr(self, "honours_keys", True)


def _rule(situation: str, **changes: Any) -> Without:
    def changed(rules: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**rules, situation: rules[situation]._replace(**changes)}

    return changed


def _any_number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


IN_DOUBT = "leaves a creation in doubt where keys are not known to be honoured"
ONE_REVIEW = "makes one review where keys are honoured"

MUTATIONS = [
    Mutation(
        "surplus bytes spoil a connection",
        "surplus-bytes",
        _always_reusable,
        "a connection is not used again after a verdict that nobody asked for",
        "a connection is not used again after a line break",
        "a connection is not used again after HTTP/1.0",
    ),
    Mutation(
        "a connection is looked at before it is used again",
        "idle-connection",
        returning(True),
        "a connection is not used again after a verdict that comes late",
        "a connection is not used again after a byte that comes late",
        "a connection is not used again after an end without a word",
    ),
    Mutation(
        "an answer is about what was asked for",
        "asked-id",
        value(lambda asked, found: found),
        "an answer for another review is never returned",
        "an id that differs in case only is another review",
        "a change that is answered with another review is an error",
        "a read survives an answer for another review",
    ),
    Mutation(
        "what was somebody else's answer is asked for on a new connection",
        "retry-rules",
        _rule("unreadable", fresh=False),
        "an answer for another review is asked for again on a new connection",
    ),
    Mutation(
        "gzip is read to its end",
        "whole-gzip",
        _lenient_gzip,
        "a read survives gzip that stops in the middle",
        "a read survives gzip without its last byte",
        "a read survives gzip with something after it",
    ),
    Mutation("gzip is unpacked within bounds", "whole-gzip", _boundless_gzip, "a bomb is given up on"),
    Mutation(
        "a body is read within bounds",
        "body-bound",
        value(2**40),
        "a body that is too large is given up on",
        "a body that says it is too large is given up on",
    ),
    Mutation(
        "only what was asked for is decoded",
        "content-encoding",
        value(lambda body, encoding: body),
        "a read survives an encoding that was not asked for",
        "a read survives an unknown encoding",
    ),
    Mutation(
        "an exchange ends at its deadline",
        "deadline",
        _late,
        "silence ends a read in time",
        "silence in the body ends a read in time",
        "silence ends a creation in time",
    ),
    Mutation(
        "an attempt leaves time for another",
        "time-to-retry",
        value(1.0),
        "a slow attempt leaves time for another",
        "silence after the review was made is survived where keys are honoured",
    ),
    Mutation("interim answers are counted", "interim-bound", value(10**9), "a read survives a flood of 1xx"),
    Mutation("a head is read within bounds", "head-bound", value(10**9), "a read survives a header of 300 kB"),
    Mutation(
        "lengths that contradict each other are refused, and other versions",
        "framing",
        _careless_head,
        "a read survives both Content-Length and chunks",
        "a read survives another version",
        "a read survives a body that is cut off without saying so",
    ),
    Mutation(
        "a creation is repeated only where keys are honoured",
        "keys-honoured",
        returning(True),
        f"a reset after the review was made {IN_DOUBT}",
        f"a page of HTML {IN_DOUBT}",
        'idempotency="never" repeats no creation',
    ),
    Mutation(
        "a creation is repeated where keys are honoured",
        "keys-honoured",
        returning(False),
        f"a reset after the review was made {ONE_REVIEW}",
        f"gzip with a wrong checksum {ONE_REVIEW}",
    ),
    Mutation("keys are learned from answers only", "keys-learned", _learning_at_once, f"a page of HTML {IN_DOUBT}"),
    Mutation(
        "keys are learned from our own",
        "keys-learned",
        _learning_any_key,
        f"the key of another creation {IN_DOUBT}",
    ),
    Mutation(
        "a creation's answer is held against what was sent",
        "own-creation",
        value(lambda _key, _sent, read, response: read(response)),
        f"an answer for another template {IN_DOUBT}",
        f"an answer that is completed already {IN_DOUBT}",
    ),
    Mutation(
        "rare failures of a server end no wait",
        "transient-in-waits",
        value(lambda error, *, is_known: error.retryable),
        "a wait survives a proxy that does not find the server",
    ),
    Mutation(
        "keys of a scope are derived",
        "derived-keys",
        value(lambda *parts: str(uuid.uuid4())),
        "a job that is run again makes no more reviews",
        "a job that crashed makes no more reviews when it is run again",
    ),
    Mutation(
        "a decorator is the one that tries again",
        "one-retry-layer",
        returning(False),
        "a decorator around a client makes exactly its attempts",
        "nested decorators are one",
    ),
    Mutation("retries have a budget", "retry-budget", returning(True), "a dead server costs few extra requests"),
    Mutation(
        "Retry-After is digits",
        "retry-after-digits",
        value(_any_number),
        "Retry-After 'inf' is ignored",
        "Retry-After 'Infinity' is ignored",
        "Retry-After '1e5' is ignored",
    ),
    Mutation(
        "Retry-After is heeded",
        "retry-after-digits",
        returning(None),
        "Retry-After in seconds is not undercut",
        "Retry-After 61 raises now",
    ),
    Mutation(
        "Retry-After of any length counts",
        "retry-after-bound",
        value(-1.0),
        "Retry-After with a fraction is not undercut",
    ),
    Mutation("a date is one of HTTP's", "http-date", returning(0.0), "Retry-After as a date is not undercut"),
    Mutation(
        "refusals are final",
        "retry-rules",
        _rule("refused", again="always"),
        "a 400 is not asked for again",
        "a 501 is not asked for again",
        "a 302 is not asked for again",
    ),
    Mutation(
        "a stale connection costs nothing",
        "retry-rules",
        _rule("stale connection", again="never"),
        "a read on a kept connection survives a reset in the request's head",
    ),
    Mutation(
        "a page of something in between is asked for again",
        "json-type",
        returning(True),
        "a read survives a page of HTML",
        "a read survives plain text",
    ),
    Mutation(
        "JSON is strict",
        "strict-json",
        value(lambda content, **limits: json.loads(content)),
        "NaN is no review",
        "Infinity is no review",
        "a number beyond all floats is no review",
        "a name that is there twice is no review",
        "a name that is there twice, deep down is no review",
        "half a surrogate pair is no review",
        "a body in UTF-16 is no review",
    ),
    Mutation("JSON is UTF-8", "utf-8", returning(None), "another charset is no review"),
    Mutation(
        "an id is an id",
        "valid-id",
        value(lambda name, given: given),
        "the id '..' is refused before a request",
        "the id 'a?b' is refused before a request",
    ),
    Mutation(
        "an unknown status is not a final one",
        "final-statuses",
        lambda statuses: statuses | {"pondered"},
        "a wait for a status nobody knows ends in time",
    ),
]
