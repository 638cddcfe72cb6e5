"""Webhooks as an attacker would make them: genuine ones, spoilt in one of many ways. None raises, none is believed.

Odd spellings of what is signed are in the tables of test_webhooks.py and test_webhooks_standard.py.
`make fuzz` tries 60,000 of them; HITL_FUZZ_EXAMPLES sets the number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitl.exceptions import SignatureError
from hitl.webhooks import construct_event, signature_headers, verify_signature
from hitl.webhooks._refusals import MEANINGS

EXAMPLES = int(os.environ.get("HITL_FUZZ_EXAMPLES", "2000"))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_614_265_330
VENDOR, ID, TIME, LIST = "X-HITL-Signature-256", "webhook-id", "webhook-timestamp", "webhook-signature"

Request: TypeAlias = tuple[Any, Any]
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]
Mutation: TypeAlias = Callable[[dict[str, str], bytes, Draw], Request | None]


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return signature_headers(body, secret, webhook_id="msg_1", timestamp=NOW)


def bit(headers: dict[str, str], body: bytes, draw: Draw) -> Request:
    position = draw(st.integers(0, len(body) * 8 - 1))
    spoilt = bytearray(body)
    spoilt[position // 8] ^= 1 << position % 8
    return headers, spoilt


def another_body(headers: dict[str, str], body: bytes, draw: Draw) -> Request | None:
    other = draw(st.one_of(st.binary(), st.text()))
    return None if other in {body, body.decode()} else (headers, other)


def another_secret(headers: dict[str, str], body: bytes, draw: Draw) -> Request | None:
    secret = draw(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip()))
    return None if secret.startswith("whsec_") else ({**headers, **signed(body, secret)}, body)


def another_character(headers: dict[str, str], body: bytes, draw: Draw) -> Request | None:
    name = draw(st.sampled_from(sorted(headers)))
    value = headers[name]
    position = draw(st.integers(0, len(value) - 1))
    character = draw(st.characters())
    changed = value[:position] + character + value[position + 1 :]
    return None if changed.strip(" \t") == value else ({**headers, name: changed}, body)


def character_left_out(headers: dict[str, str], body: bytes, draw: Draw) -> Request | None:
    name = draw(st.sampled_from(sorted(headers)))
    position = draw(st.integers(0, len(headers[name]) - 1))
    return {**headers, name: headers[name][:position] + headers[name][position + 1 :]}, body


def character_put_in(headers: dict[str, str], body: bytes, draw: Draw) -> Request | None:
    name = draw(st.sampled_from(sorted(headers)))
    value = headers[name]
    position = draw(st.integers(1, len(value) - 1))
    changed = value[:position] + draw(st.characters()) + value[position:]
    return {**headers, name: changed}, body


def another_value(headers: dict[str, str], body: bytes, draw: Draw) -> Request | None:
    name = draw(st.sampled_from(sorted(headers)))
    kinds = (
        st.none(),
        st.integers(),
        st.text(),
        st.binary(),
        st.lists(st.text()),
        st.dictionaries(st.text(), st.text()),
    )
    value = draw(st.one_of(*kinds))
    return None if isinstance(value, str) and value.strip(" \t") == headers[name] else ({**headers, name: value}, body)


def second_value(headers: dict[str, str], body: bytes, draw: Draw) -> Request | None:
    name = draw(st.sampled_from(sorted(headers)))
    other = draw(st.text())
    pairs = draw(st.permutations([*headers.items(), (name.upper(), other)]))
    return None if other.strip(" \t") == headers[name] else (pairs, body)


def value_of_another_header(headers: dict[str, str], body: bytes, draw: Draw) -> Request | None:
    one, other = draw(st.permutations(sorted(headers)))[:2]
    return {**headers, one: headers[other]}, body


def rubbish(headers: dict[str, str], body: bytes, draw: Draw) -> Request:
    names = st.one_of(st.sampled_from([VENDOR, ID, TIME, LIST, "headers"]), st.text(), st.binary(), st.none())
    values = st.recursive(st.one_of(st.none(), st.text(), st.binary(), st.integers()), st.lists, max_leaves=4)
    pairs = st.lists(st.one_of(st.tuples(names, values), values))
    return draw(st.one_of(st.dictionaries(names, values), pairs, values)), body


class Raises:
    """Raises as soon as it is looked at, in one of several ways."""

    def __init__(self, how: str, error: type[Exception]) -> None:
        self.how = how
        self.error = error

    @property
    def items(self) -> Any:
        if self.how == "attribute":
            raise self.error("hostile")
        return self.produce

    def produce(self) -> Iterator[Any]:
        if self.how == "call":
            raise self.error("hostile")
        return self.generate()

    def generate(self) -> Iterator[Any]:
        yield ("a", "b")
        if self.how == "generator":
            raise self.error("hostile")
        yield Text(self.how, self.error), Text(self.how, self.error)


class Text(str):
    """A text whose methods raise."""

    __slots__ = ("error",)

    def __new__(cls, name: str, error: type[Exception]) -> Self:
        made = super().__new__(cls, ID)
        made.error = error
        return made

    def _raise(self, *_: Any) -> Any:
        raise self.error("hostile")

    lower = strip = encode = split = startswith = __len__ = __eq__ = __str__ = _raise  # type: ignore[assignment]
    __hash__ = _raise


class Liar(list[Any]):
    """A list that lies about its length."""

    def __len__(self) -> int:
        return 2


def hostile_container(headers: dict[str, str], body: bytes, draw: Draw) -> Request:
    error = draw(
        st.sampled_from([ValueError, KeyError, TypeError, RuntimeError, RecursionError, StopIteration, OSError])
    )
    kinds = ("attribute", "call", "generator", "text")
    containers = (
        *(Raises(how, error) for how in kinds),
        [Liar([1, 2, 3])],
        Liar(),
        [(LIST, Text("", error))],
        {LIST: Liar(["x"])},
        {"headers": Raises("call", error)},
        type("Items", (), {"items": 3})(),
    )
    return draw(st.sampled_from(containers)), body


MUTATIONS: tuple[Mutation, ...] = (
    bit,
    another_body,
    another_secret,
    another_character,
    character_left_out,
    character_put_in,
    another_value,
    second_value,
    value_of_another_header,
    rubbish,
    hostile_container,
    lambda headers, body, draw: (headers, body[: draw(st.integers(0, len(body) - 1))]),
    lambda headers, body, draw: (headers, body + draw(st.binary(min_size=1))),
)

BODIES = st.one_of(
    st.just(b'{"event": "review.completed", "review": {"id": "rev_1"}}'),
    st.dictionaries(st.text(), st.text()).map(lambda payload: json.dumps({**payload, "event": "e"}).encode()),
)


@st.composite
def spoilt(draw: Draw) -> Request:
    body = draw(BODIES)
    headers = signed(body)
    if draw(st.booleans()):
        del headers[VENDOR]
    found = draw(st.sampled_from(MUTATIONS))(headers, body, draw)
    return ({}, body) if found is None else found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoilt())
def test_no_spoilt_webhook_is_believed_and_none_raises(request: Request) -> None:
    headers, body = request
    pairs = list(headers) if isinstance(headers, Iterator) else headers
    assert verify_signature(pairs, body, SECRET, now=NOW) is False
    with pytest.raises(SignatureError) as raised:
        construct_event(pairs, body, SECRET, now=NOW)
    assert raised.value.reason in MEANINGS


def test_what_is_spoilt_was_genuine_before() -> None:
    body = b'{"event": "e"}'
    assert verify_signature(signed(body), body, SECRET, now=NOW)
