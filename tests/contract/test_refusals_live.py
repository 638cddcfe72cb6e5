"""What the server refuses, and the error that tells it, through both clients."""

from __future__ import annotations

from typing import Any

import pytest
from both_clients import Connect
from requests_fit import Recorder

from hitl import HITLClient
from hitl.exceptions import (
    APIStatusError,
    AuthenticationError,
    InvalidRequestError,
    RateLimitError,
    ReviewNotFoundError,
    TemplateNotFoundError,
)
from hitl.testing import Sandbox

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}


def test_a_wrong_key_is_told_without_being_shown(connect: Connect, sandbox: Sandbox) -> None:
    client = connect(sandbox, api_key="hitl_wrong_key_0123456789")
    with pytest.raises(AuthenticationError, match="HITL_API_KEY") as caught:
        client.create_review(**ASKED)
    error = caught.value
    assert (error.status_code, error.code, error.attempts) == (401, "unauthorized", 1)
    assert (error.retryable, error.sent, error.outcome_unknown) == (False, "yes", False)
    assert "hitl_wrong_key" not in f"{error} {error!r} {vars(error)}"


@pytest.mark.parametrize("operation", ["get_review", "cancel_review", "wait_for_review"])
def test_an_unknown_review_is_a_review_not_found(client: HITLClient, operation: str) -> None:
    with pytest.raises(ReviewNotFoundError, match="invalid_id") as caught:
        getattr(client, operation)("invalid_id")
    assert (caught.value.status_code, caught.value.code, caught.value.attempts) == (404, "review_not_found", 1)


def test_changing_an_unknown_review_is_a_review_not_found(client: HITLClient) -> None:
    with pytest.raises(ReviewNotFoundError):
        client.update_review("invalid_id", priority="high")
    with pytest.raises(ReviewNotFoundError):
        client.reassign_review("invalid_id", assignees=["ann@example.com"])


def test_an_unknown_template_is_a_template_not_found(client: HITLClient) -> None:
    with pytest.raises(TemplateNotFoundError) as caught:
        client.create_review("no_such_template", {"text": "A draft"})
    assert (caught.value.status_code, caught.value.code) == (404, "template_not_found")
    with pytest.raises(TemplateNotFoundError):
        client.update_template("no_such_template", name="Form")


def test_a_fault_in_a_form_is_named_by_its_field(client: HITLClient) -> None:
    with pytest.raises(InvalidRequestError, match=r"fields\[1\]\.name") as caught:
        client.create_template("Form", [{"name": "same", "type": "text"}, {"name": "same", "type": "text"}])
    error = caught.value
    assert (error.status_code, error.code) == (400, "validation_error")
    assert error.details["field"] == "fields[1].name"


def test_an_idempotency_key_that_was_used_for_something_else_is_refused(client: HITLClient) -> None:
    client.create_review(**ASKED, idempotency_key="article-7")
    with pytest.raises(InvalidRequestError, match="new key") as caught:
        client.create_review("template_123", {"text": "Another draft"}, idempotency_key="article-7")
    assert (caught.value.status_code, caught.value.code) == (422, "idempotency_key_reused")
    assert caught.value.idempotency_key == "article-7"


def test_a_spent_rate_limit_tells_when_to_come_back(connect: Connect) -> None:
    with Sandbox(rate_limit=(5, 60.0)) as sandbox:
        client = connect(sandbox, max_retries=0)
        for _ in range(5):
            client.list_templates()
        with pytest.raises(RateLimitError, match="spent") as caught:
            client.get_template("template_123")
    error = caught.value
    assert (error.status_code, error.code, error.retryable) == (429, "rate_limit_exceeded", True)
    assert error.retry_after is not None
    assert 1 <= error.retry_after <= 60


def test_an_error_names_the_exchange_for_the_servers_log(client: HITLClient, recorder: Recorder) -> None:
    with pytest.raises(ReviewNotFoundError) as caught:
        client.get_review("invalid_id")
    answer = recorder.exchanges[-1].response
    assert caught.value.request_id == answer.headers["X-Request-Id"] == answer.json()["meta"]["request_id"]


def test_content_that_is_too_large_is_refused_and_not_sent_again(client: HITLClient, recorder: Recorder) -> None:
    with pytest.raises(APIStatusError, match="send less content") as caught:
        client.create_review("template_123", {"text": "x" * 11_000_000})
    assert (caught.value.status_code, caught.value.code, caught.value.attempts) == (413, "payload_too_large", 1)
    assert client.get_template("template_123").id == "template_123"  # the connection is fit for more
