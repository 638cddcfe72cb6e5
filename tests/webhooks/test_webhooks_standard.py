"""Standard Webhooks: the signature covers the id and the time, too. The spec's own example is the measure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest

from hitl.exceptions import SignatureError
from hitl.webhooks import construct_event, sign, signature_headers, verify_signature
from hitl.webhooks._secrets import Key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_614_265_330
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(NOW),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"event": "review.completed", "review": {"id": "rev_1"}}'


def signature(body: bytes = BODY, secret: str = SECRET, webhook_id: str = "msg_1", timestamp: Any = NOW) -> str:
    """Sign as the spec says, by other means than the package."""
    is_standard = secret.startswith("whsec_")
    key = base64.b64decode(secret.removeprefix("whsec_")) if is_standard else secret.encode()
    content = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def signed(value: str | None = None, *, webhook_id: str = "msg_1", timestamp: Any = NOW) -> dict[str, str]:
    value = signature(webhook_id=webhook_id, timestamp=timestamp) if value is None else value
    return {"webhook-id": webhook_id, "webhook-timestamp": str(timestamp), "webhook-signature": value}


def genuine(headers: Any, body: Any = BODY, secret: Any = SECRET, **more: Any) -> bool:
    return verify_signature(headers, body, secret, **{"now": NOW, **more})


def reason(headers: Any, body: Any = BODY, secret: Any = SECRET, **more: Any) -> str:
    with pytest.raises(SignatureError) as raised:
        construct_event(headers, body, secret, **{"now": NOW, **more})
    assert not genuine(headers, body, secret, **more)
    return raised.value.reason


# --- what is genuine -------------------------------------------------------------------------------------------------


def test_the_example_of_the_spec_is_genuine() -> None:
    assert genuine(VECTOR, VECTOR_BODY)
    assert not genuine(VECTOR, VECTOR_BODY + b" ")


def test_what_signature_headers_makes_is_what_the_spec_says() -> None:
    headers = signature_headers(BODY, SECRET, webhook_id="msg_1", timestamp=NOW)
    assert headers == {**signed(), "X-HITL-Signature-256": sign(BODY, SECRET)}
    assert verify_signature(signature_headers(BODY, SECRET, webhook_id="msg_1"), BODY, SECRET)


@pytest.mark.parametrize("name", ["webhook-", "Webhook-", "WEBHOOK-", "svix-", "Svix-", "HTTP_WEBHOOK_", "HTTP_SVIX_"])
def test_the_headers_have_several_spellings(name: str) -> None:
    headers = {name + key.removeprefix("webhook-"): value for key, value in signed().items()}
    assert genuine(headers)
    assert construct_event(headers, BODY, SECRET, now=NOW).id == "msg_1"


@pytest.mark.parametrize("secret", ["a word", "Geheimnis é", "whsec_" + base64.b64encode(b"k" * 100).decode()])
def test_a_secret_without_prefix_is_the_key_as_it_is_written(secret: str) -> None:
    assert genuine(signed(signature(secret=secret)), secret=secret)
    assert genuine(signed(signature(secret=secret)), secret=secret.encode())
    assert genuine(signed(signature(secret="whsec_c2VjcmV0cw==")), secret="whsec_c2VjcmV0cw")  # the padding is left out


@pytest.mark.parametrize("secret", ["whsec_", "whsec_***", "whsec_=", "whsec_ ", "whsec_a", "whsec_ab=c", b"whsec_"])
def test_a_secret_whose_base64_is_broken_or_empty_is_a_value_error_that_does_not_show_it(secret: Any) -> None:
    with pytest.raises(ValueError, match="what follows whsec_ in the webhook secret is not base64") as raised:
        genuine({}, secret=secret)
    assert str(secret[6:]) not in str(raised.value) or len(secret) <= 7


def test_any_signature_by_any_secret_will_do() -> None:
    old, new, other = "whsec_b2xkb2xk", "whsec_bmV3bmV3", "whsec_b3RoZXJz"
    both = f"{signature(secret=new)} {signature(secret=old)}"
    assert genuine(signed(both), secret=old)
    assert genuine(signed(both), secret=[other, new])
    assert genuine(signed(f"v1a,c2ln {signature(secret=other)} rubbish {signature(secret=old)}"), secret=old)
    assert reason(signed(both), secret=other) == "signature_mismatch"
    assert reason(signed(both), secret=[other, "another"]) == "signature_mismatch"
    assert genuine(signed(" ".join(["v1,x"] * 15 + [signature(secret=old)])), secret=old)  # 16 are looked at
    assert reason(signed(f"{signature(secret=old)}, {signature(secret=new)}"), secret=old) == "signature_mismatch"


def test_many_threads_may_use_one_secret(race: Any) -> None:
    body = BODY + b" " * 5000
    headers, other = signed(signature(body)), signed(signature(BODY))
    assert all(race(8, lambda: all(genuine(headers, body) and not genuine(other, body) for _ in range(200))))


# --- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("away", [0, 299, 300, -300])
def test_a_signature_is_good_for_five_minutes_before_and_after(away: int) -> None:
    assert genuine(signed(), now=NOW + away)


@pytest.mark.parametrize(
    ("word", "aways"), [("timestamp_too_old", (300.5, 301, 10**10)), ("timestamp_in_future", (-301, -NOW))]
)
def test_a_signature_further_away_is_refused(word: str, aways: tuple[float, ...]) -> None:
    assert {reason(signed(), now=NOW + away) for away in aways} == {word}


def test_the_tolerance_can_be_chosen() -> None:
    assert genuine(signed(), now=NOW + 3600, tolerance=3600)
    assert genuine(signed(), now=NOW + 3600, tolerance=timedelta(hours=1))
    assert reason(signed(), now=NOW + 2, tolerance=1) == "timestamp_too_old"
    assert reason(signed(), now=float("nan")) == "timestamp_too_old"


@pytest.mark.parametrize(
    "tolerance", [0, 0.5, -300, 86_401, float("inf"), float("nan"), timedelta(0), "300", None, True]
)
def test_a_tolerance_that_lets_everything_or_nothing_pass_or_is_no_number_is_refused(tolerance: Any) -> None:
    is_number = isinstance(tolerance, float | timedelta) or type(tolerance) is int
    expected = (ValueError, "between 1 second and 1 day") if is_number else (TypeError, "must be a number of seconds")
    with pytest.raises(expected[0], match=expected[1]):
        genuine({}, tolerance=tolerance)


def test_a_signature_of_the_vendor_has_no_time() -> None:
    assert genuine({"X-HITL-Signature-256": sign(BODY, SECRET)}, now=NOW * 2)


# --- one spelling each -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "timestamp",
    [
        *("", "-1", "+1", "01", "1.0", "1e9", "0x1", "1_000", "١٢٣", "²", "123456789012", "nan"),
        *(f"{NOW}\n", f"{NOW} 0", f"{NOW}\u0660", f"\uff11{NOW}"),
    ],
)
def test_a_timestamp_has_one_spelling(timestamp: str) -> None:
    assert reason(signed(timestamp=timestamp)) == "bad_timestamp"


@pytest.mark.parametrize(
    "webhook_id", ["", "a.b", "a b", "é", "a\n", "a" * 129, *(f"a{odd}b" for odd in "./:,;\x00\x7f\u0660")]
)
def test_an_id_is_of_letters_digits_hyphens_and_underscores(webhook_id: str) -> None:
    assert reason(signed(webhook_id=webhook_id)) == "bad_id"


def test_moving_a_part_of_the_id_into_the_time_or_the_body_does_not_help() -> None:
    value = signature(webhook_id="a", body=b"1.2." + BODY)
    assert reason({"webhook-id": f"a.{NOW}", "webhook-timestamp": "1", "webhook-signature": value}) == "bad_id"
    assert reason({"webhook-id": "a", "webhook-timestamp": f"{NOW}.1", "webhook-signature": value}) == "bad_timestamp"


GOOD = signature()
DIGEST = base64.b64decode(GOOD[3:])
OTHER = signature(secret="x")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "v1",
        "v1,",
        *(GOOD.replace("v1,", version) for version in ("", "V1,", "v1a,", "v2,", "v1, ", "v1:", "v1;", "v1.", "v01,")),
        *(GOOD.replace("v1,", version) for version in ("v1,,", "=v1,", "v11,")),
        GOOD.rstrip("="),
        GOOD + "=",
        GOOD[:-2] + chr(ord(GOOD[-2]) + 1) + "=",  # the same digest in base64 that is not canonical
        GOOD[:-2] + "é=",
        GOOD[:10] + "=" + GOOD[11:],
        GOOD[:20] + "\n" + GOOD[20:],
        *(GOOD + separator + OTHER for separator in (",", "\t", "\n", ";", "\xa0", "\u2003")),
        " ".join(["v1,x"] * 16 + [GOOD]),
        "x" * 4096 + " " + GOOD,
        "v1," + DIGEST.hex(),
        *("v1," + encoded.decode() for encoded in (base64.b32encode(DIGEST), base64.b85encode(DIGEST))),
        *("v1," + base64.b64encode(other).decode() for other in (DIGEST + b"\0", DIGEST[:-1])),
        "v1,x " * 200_000,
    ],
)
def test_a_signature_has_one_spelling(value: str) -> None:
    assert reason(signed(value)) == "bad_signature_header"


# --- with the vendor's signature beside it ---------------------------------------------------------------------------

VENDOR = {"X-HITL-Signature-256": sign(BODY, SECRET)}
FORGED = {"X-HITL-Signature-256": sign(BODY, "another")}


def test_where_both_schemes_are_present_both_must_be_genuine() -> None:
    assert genuine({**VENDOR, **signed()})
    assert reason({**FORGED, **signed()}) == "signature_mismatch"
    assert reason({**VENDOR, **signed(signature(secret="x"))}) == "signature_mismatch"
    assert reason({**VENDOR, **signed(), "svix-id": "msg_2"}) == "missing_header"
    assert reason({**VENDOR, **signed()}, now=NOW + 1000) == "timestamp_too_old"


@pytest.mark.parametrize("name", VECTOR)
def test_a_part_of_the_three_headers_is_not_genuine(name: str) -> None:
    headers = signed()
    del headers[name]
    assert reason(headers) == "missing_header"
    assert reason({**VENDOR, **headers}) == "missing_header"
    assert reason({**VENDOR, name: signed()[name]}) == "missing_header"
    for family in ("svix", "X-webhook"):
        assert reason({**headers, name.replace("webhook", family): signed()[name]}) == "missing_header"


@pytest.mark.parametrize("name", VECTOR)
def test_a_header_with_two_values_is_not_genuine(name: str) -> None:
    pairs = [*signed().items(), (name.title(), signed(webhook_id="msg_2", timestamp=NOW + 1)[name])]
    assert reason(pairs) in {"bad_id", "bad_timestamp", "bad_signature_header"}
    assert genuine([*signed().items(), *signed().items()])


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_a_key_of_any_length_signs_as_hmac_does(length: int) -> None:
    secret = bytes(range(1, length + 1))
    assert Key(secret).digest(BODY, b"id.1.") == hmac.digest(secret, b"id.1." + BODY, "sha256")
    assert Key(secret).digest(BODY) == hmac.digest(secret, BODY, "sha256")
