"""The arguments of `verify_signature` in all the types that programs have them in."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy
import pytest

from hitl.webhooks import sign, signature_headers, verify_signature

SECRET = "not-a-real-secret"
BODY = b'{"a": 1}'
NOW = 1_800_000_000
HEADERS = signature_headers(BODY, SECRET, webhook_id="msg_1", timestamp=NOW)


class Words(str, Enum):  # noqa: UP042  # as many programs have it: its str() is "Words.SECRET"
    SECRET = SECRET
    BODY = BODY.decode()


class Plain(Enum):
    TEXT = SECRET
    BYTES = SECRET.encode()


class Text(str):
    """One whose methods return something else."""

    __slots__ = ()

    def __str__(self) -> str:
        return "something else"

    def encode(self, *_: Any) -> bytes:
        return b"something else"


class Bytes(bytes):
    def __bytes__(self) -> bytes:
        return b"something else"


def is_genuine(body: Any = BODY, secret: Any = SECRET, **more: Any) -> bool:
    return verify_signature(HEADERS, body, secret, **{"now": NOW, **more})


SECRETS = [
    Words.SECRET, Plain.TEXT, Plain.BYTES, Text(SECRET), Bytes(SECRET.encode()), bytearray(SECRET.encode()),
    memoryview(SECRET.encode()), numpy.str_(SECRET), numpy.bytes_(SECRET.encode()),
]  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS, ids=lambda each: type(each).__name__)
def test_a_secret_is_its_text_or_its_bytes(secret: Any) -> None:
    assert is_genuine(secret=secret)
    assert is_genuine(secret=["another-secret", secret])
    assert sign(BODY, secret) == sign(BODY, SECRET)
    assert not is_genuine(BODY + b" ", secret=secret)


def test_the_members_of_an_enumeration_are_several_secrets() -> None:
    assert is_genuine(secret=Plain)
    assert is_genuine(secret={*Plain})


@pytest.mark.parametrize(
    "secret", ["not-a-\ud800-secret", Text("\udfff" * 9), ["another-secret", "half-\ud800-secret"]]
)
def test_half_a_surrogate_pair_in_a_secret_is_told_without_the_secret(secret: Any) -> None:
    with pytest.raises(ValueError, match="the webhook secret holds half a surrogate pair") as caught:
        is_genuine(secret=secret)
    assert "secret-" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "body",
    [bytearray(BODY), memoryview(BODY), memoryview(bytes(each for one in BODY for each in (one, 0)))[::2], BODY.decode(),
     Words.BODY, Text(BODY.decode()), Bytes(BODY), numpy.bytes_(BODY)],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_a_body_is_its_bytes(body: Any) -> None:
    assert is_genuine(body)
    assert sign(body, SECRET) == sign(BODY, SECRET)


def test_a_body_that_no_sender_can_have_sent_is_not_genuine() -> None:
    assert not is_genuine("\ud800")
    assert not is_genuine(Text("\ud800"))


@pytest.mark.parametrize("number", [int, float, numpy.int64, numpy.float64, Decimal])
def test_times_may_be_any_kind_of_number(number: Any) -> None:
    assert is_genuine(now=number(NOW + 300), tolerance=number(300))
    assert not is_genuine(now=number(NOW + 301), tolerance=number(300))
    assert not is_genuine(now=number(NOW + 301), tolerance=timedelta(minutes=5))


@pytest.mark.parametrize("value", [True, numpy.True_, "300", b"300", None, numpy.array([1, 2]), object()])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="tolerance must be a number of seconds"):
        is_genuine(tolerance=value)
    if value is not None:
        with pytest.raises(TypeError, match="now must be a number of Unix seconds"):
            is_genuine(now=value)
