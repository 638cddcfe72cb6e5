"""The guards, and for each what stands in its place when it is taken out."""

from __future__ import annotations

import gzip
import json
import math
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from attrs import evolve

from hitl import _own_transport as _own
from hitl import _review
from hitl._api import operations as _operations
from hitl._api import responses as _responses
from hitl._calls import backoff as _backoff
from hitl._calls import exchange as _exchange
from hitl._calls import idempotency as _scope
from hitl._calls import retry_budget as _budget
from hitl._calls import retry_policy as _policy
from hitl._engine import codec as _requests
from hitl._engine import decoding as _body
from hitl._engine import http1 as _wire
from hitl._engine import messages as _messages
from hitl._engine import pool as _pool
from hitl._waiting import poller as _watchlist


@dataclass(frozen=True)
class Mutation:
    """A guard taken out.

    Attributes:
        guard: What the guard is.
        owner: The module or class that has it.
        name: Its name there.
        without: What stands in its place.
        cases: The cases that fail without it.
    """

    guard: str
    owner: Any
    name: str
    without: Any
    cases: Sequence[str]


def _lenient_gzip(body: bytes) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj(31).decompress(body)
    return body


def _boundless_gzip(body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        raise _body.DamagedError("damaged") from None


def _careless_head(self: Any, head: Any) -> None:
    self._status_code, self._headers, self._is_framed = head.status_code, list(head.headers), True


def _always_reusable(answer: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, fault: evolve(answer(self, fault), may_reuse=True)


def _late(drive: Callable[..., Any]) -> Callable[..., Any]:
    return lambda flow, deadline: drive(flow, deadline + 1.5)


def _rule(situation: Any, **changes: Any) -> Mapping[Any, Any]:
    return {**_policy.RULES, situation: _policy.RULES[situation]._replace(**changes)}


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
        _wire.ResponseParser,
        "_answer",
        _always_reusable(_wire.ResponseParser._answer),
        [
            "a connection is not used again after a verdict that nobody asked for",
            "a connection is not used again after a line break",
            "a connection is not used again after HTTP/1.0",
        ],
    ),
    Mutation(
        "a connection is looked at before it is used again",
        _pool.Connection,
        "is_quiet",
        lambda self: True,
        [
            "a connection is not used again after a verdict that comes late",
            "a connection is not used again after a byte that comes late",
            "a connection is not used again after an end without a word",
        ],
    ),
    Mutation(
        "an answer is about what was asked for",
        _responses,
        "_same",
        lambda asked, found: found,
        [
            "an answer for another review is never returned",
            "an id that differs in case only is another review",
            "a change that is answered with another review is an error",
            "a read survives an answer for another review",
        ],
    ),
    Mutation(
        "what was somebody else's answer is asked for on a new connection",
        _policy,
        "RULES",
        _rule("unreadable", fresh=False),
        ["an answer for another review is asked for again on a new connection"],
    ),
    Mutation(
        "gzip is read to its end",
        _body,
        "_unzipped",
        _lenient_gzip,
        [
            "a read survives gzip that stops in the middle",
            "a read survives gzip without its last byte",
            "a read survives gzip with something after it",
        ],
    ),
    Mutation("gzip is unpacked within bounds", _body, "_unzipped", _boundless_gzip, ["a bomb is given up on"]),
    Mutation(
        "a body is read within bounds",
        _wire,
        "LARGEST_BODY",
        math.inf,
        ["a body that is too large is given up on", "a body that says it is too large is given up on"],
    ),
    Mutation(
        "only what was asked for is decoded",
        _requests,
        "decoded",
        lambda body, encoding: body,
        ["a read survives an encoding that was not asked for", "a read survives an unknown encoding"],
    ),
    Mutation(
        "an exchange ends at its deadline",
        _own,
        "drive",
        _late(_own.drive),
        ["silence ends a read in time", "silence in the body ends a read in time", "silence ends a creation in time"],
    ),
    Mutation(
        "an attempt leaves time for another",
        _exchange,
        "SHARE",
        1.0,
        [
            "a slow attempt leaves time for another",
            "silence after the review was made is survived where keys are honoured",
        ],
    ),
    Mutation("interim answers are counted", _wire, "MOST_INTERIM", math.inf, ["a read survives a flood of 1xx"]),
    Mutation("a head is read within bounds", _wire, "LONGEST_HEAD", 10**9, ["a read survives a header of 300 kB"]),
    Mutation(
        "lengths that contradict each other are refused, and other versions",
        _wire.ResponseParser,
        "_take_head",
        _careless_head,
        [
            "a read survives both Content-Length and chunks",
            "a read survives another version",
            "a read survives a body that is cut off without saying so",
        ],
    ),
    Mutation(
        "a creation is repeated only where keys are honoured",
        _exchange.Exchange,
        "_honours_key",
        lambda self, call: True,
        [
            f"a reset after the review was made {IN_DOUBT}",
            f"a page of HTML {IN_DOUBT}",
            'idempotency="never" repeats no creation',
        ],
    ),
    Mutation(
        "a creation is repeated where keys are honoured",
        _exchange.Exchange,
        "_honours_key",
        lambda self, call: False,
        [f"a reset after the review was made {ONE_REVIEW}", f"gzip with a wrong checksum {ONE_REVIEW}"],
    ),
    Mutation(
        "keys are learned from answers only",
        _exchange.Server,
        "learn",
        lambda self, *told: setattr(self, "honours_keys", True),
        ["a page of HTML leaves a creation in doubt where keys are not known to be honoured"],
    ),
    Mutation(
        "keys are learned from our own",
        _exchange,
        "repeats_key",
        lambda answer, key: "idempotency-key" in answer.headers,
        ["the key of another creation leaves a creation in doubt where keys are not known to be honoured"],
    ),
    Mutation(
        "rare failures of a server end no wait",
        _watchlist,
        "is_transient",
        lambda error, *, is_known: error.retryable,
        ["a wait survives a proxy that does not find the server"],
    ),
    Mutation(
        "keys of a scope are derived",
        _scope,
        "derived_key",
        lambda *parts: str(uuid.uuid4()),
        [
            "a job that is run again makes no more reviews",
            "a job that crashed makes no more reviews when it is run again",
        ],
    ),
    Mutation(
        "a decorator is the one that tries again",
        _exchange,
        "is_retrying",
        lambda: False,
        ["a decorator around a client makes exactly its attempts", "nested decorators are one"],
    ),
    Mutation(
        "retries have a budget",
        _budget.RetryBudget,
        "take",
        lambda self: True,
        ["a dead server costs few extra requests"],
    ),
    Mutation(
        "Retry-After is digits",
        _backoff,
        "_number",
        _any_number,
        ["Retry-After 'inf' is ignored", "Retry-After 'Infinity' is ignored", "Retry-After '1e5' is ignored"],
    ),
    Mutation(
        "Retry-After is heeded",
        _backoff,
        "_number",
        lambda value: None,
        ["Retry-After in seconds is not undercut", "Retry-After 61 raises now"],
    ),
    Mutation(
        "Retry-After of any length counts",
        _backoff,
        "LONGEST_RETRY_AFTER",
        -1.0,
        ["Retry-After with a fraction is not undercut"],
    ),
    Mutation(
        "a date is one of HTTP's",
        _backoff,
        "http_date",
        lambda value: 0.0,
        ["Retry-After as a date is not undercut"],
    ),
    Mutation(
        "refusals are final",
        _policy,
        "RULES",
        _rule("refused", again="always"),
        ["a 400 is not asked for again", "a 501 is not asked for again", "a 302 is not asked for again"],
    ),
    Mutation(
        "a stale connection costs nothing",
        _policy,
        "RULES",
        _rule("stale connection", again="never"),
        ["a read on a kept connection survives a reset in the request's head"],
    ),
    Mutation(
        "a page of something in between is asked for again",
        _policy,
        "is_json_type",
        lambda answer: True,
        ["a read survives a page of HTML", "a read survives plain text"],
    ),
    Mutation(
        "JSON is strict",
        _messages,
        "decode",
        json.loads,
        [
            "NaN is no review",
            "Infinity is no review",
            "a number beyond all floats is no review",
            "a name that is there twice is no review",
            "a name that is there twice, deep down is no review",
            "half a surrogate pair is no review",
            "a body in UTF-16 is no review",
        ],
    ),
    Mutation("JSON is UTF-8", _responses, "_require_utf8", lambda answer: None, ["another charset is no review"]),
    Mutation(
        "an id is an id",
        _operations,
        "identifier",
        lambda name, value: value,
        ["the id '..' is refused before a request", "the id 'a?b' is refused before a request"],
    ),
    Mutation(
        "an unknown status is not a final one",
        _review,
        "FINAL_STATUSES",
        _review.FINAL_STATUSES | {"pondered"},
        ["a wait for a status nobody knows ends in time"],
    ),
]
