"""How `client.account()` reads what servers say of a key, in the forms in which they may say it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from script import Response, answer, refused
from scripted import scripted

from hitl.exceptions import PermissionDeniedError, UnexpectedResponseError
from hitl.models import Quota

WHO = {
    "api_key_id": "65f1234567890abcdef12349",
    "user_id": "65f1234567890abcdef12346",
    "email": "user@example.com",
    "account_status": "active",
}
HOUR = {"limit": 100, "remaining": 95, "reset_at": "2026-03-15T15:00:00Z"}
AT = datetime(2026, 3, 15, 15, tzinfo=UTC)
HEADERS = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "95", "x-ratelimit-reset": "1773586800"}


def told(headers: dict[str, str] | None = None, **data: Any) -> Response:
    plain = answer(200, {"error": False, "msg": "API key is valid", "data": {**WHO, **data}})
    return Response(200, {**plain.headers, **(headers or {})}, plain.content)


def test_the_vendors_printed_answer_is_read() -> None:
    account = scripted(told(rate_limit=HOUR, permissions=["loops:read"])).account()
    assert (account.email, account.user_id, account.key_id) == ("user@example.com", WHO["user_id"], WHO["api_key_id"])
    assert (account.status, account.permissions) == ("active", ["loops:read"])
    assert (account.hour, account.month) == (Quota(100, 5, 95, AT), None)


@pytest.mark.parametrize("status", ["suspended", "inactive", "dreaming"])
def test_each_word_for_the_status_is_kept(status: str) -> None:
    assert scripted(told(account_status=status)).account().status == status


def test_without_a_rate_limit_in_the_body_the_headers_say_what_is_left_of_the_hour() -> None:
    assert scripted(told(HEADERS)).account().hour == Quota(100, 5, 95, AT)
    assert scripted(told()).account().hour is None
    far_off = {**HEADERS, "x-ratelimit-reset": "999999999999"}
    assert scripted(told(far_off)).account().hour == Quota(100, 5, 95)


@pytest.mark.parametrize(
    "said",
    [
        {"monthly_quota": {"limit": 500, "used": 17, "remaining": 483, "reset_at": "2026-03-15T15:00:00Z"}},
        {"month": {"limit": 500, "remaining": 483, "resets_at": "2026-03-15T15:00:00Z"}},
        {"monthly_usage": {"usage_limit": 500, "usage_count": 17, "reset_at": "2026-03-15T15:00:00Z"}},
    ],
)
def test_the_month_is_read_by_whichever_name(said: dict[str, Any]) -> None:
    client = scripted(told(**said))
    account = client.account()
    assert (account.month, account.extra) == (Quota(500, 17, 483, AT), {})
    assert len(client.calls) == 1


def test_what_is_no_number_is_not_known() -> None:
    client = scripted(told(monthly_quota={"limit": "unlimited", "plan": "enterprise"}, organisation="Acme"))
    account = client.account()
    assert account.extra == {"organisation": "Acme"}
    assert account.month is not None
    assert (account.month.remaining, account.month.extra) == (None, {"plan": "enterprise"})
    assert client.wait_stats().month_remaining is None


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_that_does_not_know_the_question_is_told_in_one_sentence(status: int) -> None:
    client = scripted(refused(status), max_retries=0)
    with pytest.raises(
        UnexpectedResponseError, match="^account: this server does not say whose API key it is"
    ) as caught:
        client.account()
    assert (caught.value.status_code, caught.value.sent) == (status, "yes")


def test_other_refusals_are_what_they_are() -> None:
    with pytest.raises(PermissionDeniedError):
        scripted(refused(403)).account()


@pytest.mark.parametrize("data", [{"email": 3}, {"email": None}, {"permissions": "all"}, {"user_id": True}])
def test_an_answer_of_another_form_is_an_error_of_ours(data: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponseError, match="does not fit the API"):
        scripted(told(**data), max_retries=0).account()
