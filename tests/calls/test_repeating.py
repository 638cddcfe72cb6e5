"""When a creation is sent twice, and what its error says if it is not."""

from __future__ import annotations

from typing import Any

import pytest
from script import BROKEN, SILENT, UNREACHABLE, answer, refused, reviewed
from scripted import ScriptedClient, scripted

from hitl import Review
from hitl.exceptions import APIStatusError, HITLError

CREATED = reviewed(code=201)
AMBIGUOUS = (BROKEN, SILENT, refused(500), refused(502), refused(504), answer(201, b"<html>", content_type="text/html"))


def before(*answers: Any, idempotency: str = "auto") -> ScriptedClient:
    return scripted(*answers, idempotency=idempotency, retry_delay=0)


def create(client: ScriptedClient, key: str | None = "job-1") -> Review:
    return client.create_review("template_123", {"text": "x"}, idempotency_key=key)


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_a_server_that_is_trusted_is_sent_the_same_creation_again(fault):
    client = before(fault, fault, CREATED, idempotency="trust")
    create(client, key=None)
    assert len(client.sent) == 3
    assert len({request.headers["Idempotency-Key"] for request in client.sent}) == 1


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_where_it_is_never_to_be_repeated_what_the_server_shows_does_not_matter(fault):
    client = before(reviewed(code=201, idempotent_replayed="true"), fault, idempotency="never")
    create(client)
    with pytest.raises(HITLError) as caught:
        create(client)
    assert len(client.calls) == 2
    assert (caught.value.outcome_unknown, caught.value.retryable) == (True, False)


@pytest.mark.parametrize("fault", [UNREACHABLE, refused(429)])
@pytest.mark.parametrize("idempotency", ["auto", "trust", "never"])
def test_where_nothing_was_made_it_is_repeated_whatever_the_setting(fault, idempotency):
    assert create(before(fault, CREATED, idempotency=idempotency)).id == "rev_1"


def test_an_error_response_that_repeats_the_key_is_as_good_a_sign():
    assert create(before(refused(503, idempotency_key="job-1"), CREATED)).id == "rev_1"


def test_a_server_that_is_still_handling_the_key_is_asked_again():
    client = before(refused(409, "idempotency_in_progress", retry_after="1"), CREATED)
    assert create(client).id == "rev_1"
    assert client.sleeps[0] >= 1.0


def test_any_other_conflict_is_raised():
    client = before(refused(409, "idempotency_key_reused"), idempotency="trust")
    with pytest.raises(APIStatusError):
        create(client)
    assert len(client.calls) == 1


@pytest.mark.parametrize(("later", "sent", "attempts"), [(refused(401), "yes", 2), (UNREACHABLE, "maybe", 4)])
def test_what_one_attempt_may_have_done_no_later_one_undoes(later, sent, attempts):
    with pytest.raises(HITLError, match="may have been created") as caught:
        create(before(BROKEN, later, idempotency="trust"))
    assert (caught.value.outcome_unknown, caught.value.sent, caught.value.attempts) == (True, sent, attempts)


@pytest.mark.parametrize(("key", "retryable"), [("mine", True), (None, False)])
def test_an_unknown_outcome_may_be_repeated_by_the_caller_only_under_a_lasting_key(key, retryable):
    with pytest.raises(HITLError) as caught:
        create(before(BROKEN, idempotency="trust"), key)
    assert (caught.value.outcome_unknown, caught.value.retryable) == (True, retryable)
    assert caught.value.idempotency_key


def test_a_read_has_neither_a_key_nor_an_unknown_outcome():
    with pytest.raises(HITLError) as caught:
        before(BROKEN).get_review("rev_1")
    error = caught.value
    assert (error.outcome_unknown, error.idempotency_key, error.retryable) == (False, None, True)
