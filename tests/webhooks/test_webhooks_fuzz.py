"""Webhooks as an attacker would make them: genuine ones, spoilt in one of many ways. None raises, none is believed.

`make fuzz` tries 60,000 of them; HITL_FUZZ_EXAMPLES sets the number.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitl.exceptions import SignatureError
from hitl.webhooks import construct_event, sign, signature_headers, verify_signature
from hitl.webhooks._refusals import MEANINGS

EXAMPLES = int(os.environ.get("HITL_FUZZ_EXAMPLES", "2000"))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_614_265_330
VENDOR, ID, TIME, LIST = "X-HITL-Signature-256", "webhook-id", "webhook-timestamp", "webhook-signature"

Request: TypeAlias = tuple[Any, Any]
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]
Mutation: TypeAlias = Callable[[dict[str, str], bytes, Draw], Request | None]


def resigned(body: bytes, secret: str = SECRET, webhook_id: str = "msg_1", timestamp: Any = NOW) -> dict[str, str]:
    return signature_headers(body, secret, webhook_id=webhook_id, timestamp=timestamp)


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
    return None if secret.startswith("whsec_") else ({**headers, **resigned(body, secret)}, body)


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


def moved_dot(headers: dict[str, str], body: bytes, draw: Draw) -> Request:
    tail = body.partition(b".")[0] + b"."
    part = draw(st.sampled_from([f"msg_1.{NOW}", f"msg_1.{NOW}.{tail.decode(errors='replace')}"]))
    return {**headers, ID: part, TIME: "1"}, body


def odd_encoding(headers: dict[str, str], body: bytes, draw: Draw) -> Request:
    digest = base64.b64decode(headers[LIST][3:])
    padded = base64.b64encode(digest).decode()
    values = (
        digest.hex(),
        padded.rstrip("="),
        padded + "=",
        padded[:-2] + chr(ord(padded[-2]) + 1) + "=",
        base64.b32encode(digest).decode(),
        base64.b85encode(digest).decode(),
        base64.b64encode(digest + b"\0").decode(),
        base64.b64encode(digest[:-1]).decode(),
        padded[:20] + "\n" + padded[20:],
    )
    return {**headers, LIST: "v1," + draw(st.sampled_from(values))}, body


def mixed_families(headers: dict[str, str], body: bytes, draw: Draw) -> Request:
    name = draw(st.sampled_from([ID, TIME, LIST]))
    others = {key: value for key, value in headers.items() if key != name}
    return {**others, name.replace("webhook", "svix"): headers[name]}, body


def one_scheme_forged(headers: dict[str, str], body: bytes, draw: Draw) -> Request:
    forged = resigned(body, "another secret")
    names = draw(st.sampled_from([[VENDOR], [LIST]]))
    return {**resigned(body), **{name: forged[name] for name in names}}, body


def odd_hexadecimal(headers: dict[str, str], body: bytes, draw: Draw) -> Request:
    digits = sign(body, SECRET).removeprefix("sha256=")
    values = (
        digits.upper(),
        f"sha512={digits}",
        f"SHA256={digits}",
        f"sha256={digits.upper()}",
        f"sha256:{digits}",
        f"sha256=sha256={digits}",
        f"sha256= {digits}",
        f"{digits},{digits}",
        f"0x{digits}",
        digits[:32],
        digits + "00",
        " ".join([digits[:32], digits[32:]]),
        base64.b64encode(bytes.fromhex(digits)).decode(),
    )
    name = draw(st.sampled_from([VENDOR, "X-HITL-Signature"]))
    return {name: draw(st.sampled_from(values))}, body


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


TIMESTAMPS = st.sampled_from(
    ("0{}", "+{}", " {} ", "{}.0", "{}e0", "{}_0", "{}\n", "-{}", "{}\u0660", "\uff11{}", "0x{}", "{} {}")
)
VERSIONS = st.sampled_from(["v1a,", "v2,", "V1,", "v1:", "v1;", "v01,", "", "v1,,", "=v1,", "v1.", "v11,"])
SEPARATORS = st.sampled_from([",", "\t", "\n", ";", "\xa0", "\u2003", ", "])
ANOTHER = "v1," + base64.b64encode(b"x" * 32).decode()
AWAY = st.one_of(st.integers(301, NOW), st.integers(-(10**10), -301))
NOT_IN_IDS = st.sampled_from("./ :,;\x00\x7fé\u0660\n")
NAMES = st.sampled_from([ID, TIME, LIST])

MUTATIONS: tuple[Mutation, ...] = (
    bit,
    another_body,
    another_secret,
    another_character,
    character_left_out,
    character_put_in,
    another_value,
    second_value,
    odd_encoding,
    mixed_families,
    one_scheme_forged,
    odd_hexadecimal,
    rubbish,
    hostile_container,
    # shorter and longer bodies
    lambda headers, body, draw: (headers, body[: draw(st.integers(0, len(body) - 1))]),
    lambda headers, body, draw: (headers, body + draw(st.binary(min_size=1))),
    # headers left out, under other names, or with each other's values
    lambda headers, body, draw: ({key: headers[key] for key in sorted(headers.keys() - {draw(NAMES)})}, body),
    lambda headers, body, draw: ({f"X-{name}": value for name, value in headers.items()}, body),
    value_of_another_header,
    # signed at another time, or with a time or an id that has several spellings
    lambda headers, body, draw: ({**headers, **resigned(body, timestamp=NOW - draw(AWAY))}, body),
    lambda headers, body, draw: ({**headers, **resigned(body, timestamp=draw(TIMESTAMPS).format(NOW, NOW))}, body),
    lambda headers, body, draw: ({**headers, **resigned(body, webhook_id=f"msg{draw(NOT_IN_IDS)}1")}, body),
    moved_dot,
    # lists of signatures
    lambda headers, body, draw: ({**headers, LIST: headers[LIST].replace("v1,", draw(VERSIONS))}, body),
    lambda headers, body, draw: (
        {**headers, LIST: " ".join([*draw(st.integers(16, 500)) * ["v1,c2lnbmF0dXJl"], headers[LIST]])},
        body,
    ),
    lambda headers, body, draw: ({**headers, LIST: f"{headers[LIST]}{draw(SEPARATORS)}{ANOTHER}"}, body),
)

BODIES = st.one_of(
    st.just(b'{"event": "review.completed", "review": {"id": "rev_1"}}'),
    st.dictionaries(st.text(), st.text()).map(lambda payload: json.dumps({**payload, "event": "e"}).encode()),
)


@st.composite
def spoilt(draw: Draw) -> Request:
    body = draw(BODIES)
    headers = resigned(body)
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
    assert len(MUTATIONS) == 26
    body = b'{"event": "e"}'
    assert verify_signature(resigned(body), body, SECRET, now=NOW)
