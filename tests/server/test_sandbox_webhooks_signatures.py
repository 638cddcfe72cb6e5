from __future__ import annotations

import base64

import pytest

from hitl.server.webhooks.payloads import delivery_headers, is_usable, new_secret
from hitl.webhooks import verify_signature

BODY = b'{"test": 2432232314}'


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, spec and libraries
    headers = delivery_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", BODY, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1_614_265_330
    )
    assert headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["a word", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "Geheimnis é"])
def test_the_vendors_signature_is_one_that_the_client_accepts(secret: str) -> None:
    headers = delivery_headers("dlv_1", BODY, secret, 1)
    assert verify_signature(headers, BODY, secret, now=1)
    assert not verify_signature(headers, BODY + b" ", secret)


def test_another_time_or_id_is_another_signature_in_the_standards_scheme_only() -> None:
    first, later, other = (
        delivery_headers("dlv_1", BODY, "a word", 1),
        delivery_headers("dlv_1", BODY, "a word", 2),
        delivery_headers("dlv_2", BODY, "a word", 1),
    )
    assert len({each["webhook-signature"] for each in (first, later, other)}) == 3
    assert len({each["X-HITL-Signature-256"] for each in (first, later, other)}) == 1


def test_a_new_secret_holds_32_random_bytes() -> None:
    secret, other = new_secret(), new_secret()
    assert secret != other
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.parametrize(
    ("secret", "usable"),
    [
        ("a word", True),
        ("x", False),
        (" ", False),
        ("", False),
        ("a word\n", False),
        ("whsec_", False),
        ("whsec_***", False),
        ("whsec_eA==", False),
        ("whsec_c2VjcmV0", True),
    ],
)
def test_a_secret_is_one_that_a_receiver_takes(secret: str, usable: bool) -> None:
    assert is_usable(secret) is usable
