"""When a creation is sent twice, and what its error says if it is not."""

from __future__ import annotations

import pytest
from script import BROKEN, SILENT, UNREACHABLE, Script, answer, refused, reviewed

from hitl._api import operations
from hitl._calls import Backoff, Exchange, Key, Server, random_key
from hitl._flows import ApiCall
from hitl.exceptions import APIStatusError, HITLError

ITEM = {"template_id": "template_123", "content": {"text": "x"}}
CREATED = reviewed(code=201)


def key_of(call: ApiCall) -> str:
    return call.request.headers["Idempotency-Key"]


class TestRepeating:
    """The setting `idempotency`, and what errors say."""

    AMBIGUOUS = (
        BROKEN,
        SILENT,
        refused(500),
        refused(502),
        refused(504),
        answer(201, b"<html>", content_type="text/html"),
    )

    def play(self, script: Script, idempotency: str = "auto", key: str | None = "job-1", server: Server | None = None):
        exchange = Exchange(Backoff(3, 0.0), server or Server(), idempotency=idempotency)
        made = random_key() if key is None else Key(key, is_lasting=True)
        return script.play(exchange(operations.create_review(ITEM).with_key(made)))

    @pytest.mark.parametrize("fault", AMBIGUOUS)
    def test_a_server_that_is_trusted_is_sent_the_same_creation_again(self, fault):
        script = Script([fault, fault, CREATED])
        self.play(script, "trust", key=None)
        assert len({key_of(call) for call in script.calls}) == 1

    @pytest.mark.parametrize("fault", AMBIGUOUS)
    def test_where_it_is_never_to_be_repeated_what_the_server_shows_does_not_matter(self, fault):
        script = Script([fault])
        with pytest.raises(HITLError) as caught:
            self.play(script, "never", server=Server(honours_keys=True))
        assert len(script.calls) == 1
        assert (caught.value.outcome_unknown, caught.value.retryable) == (True, False)

    @pytest.mark.parametrize("fault", [UNREACHABLE, refused(429)])
    @pytest.mark.parametrize("idempotency", ["auto", "trust", "never"])
    def test_where_nothing_was_made_it_is_repeated_whatever_the_setting(self, fault, idempotency):
        assert self.play(Script([fault, CREATED]), idempotency).id == "rev_1"

    def test_an_error_answer_that_repeats_the_key_is_as_good_a_sign(self):
        assert self.play(Script([refused(503, idempotency_key="job-1"), CREATED])).id == "rev_1"

    def test_a_server_that_is_still_handling_the_key_is_asked_again(self):
        script = Script([refused(409, "idempotency_in_progress", retry_after="1"), CREATED])
        assert self.play(script).id == "rev_1"
        assert script.sleeps[0] >= 1.0

    def test_any_other_conflict_is_raised(self):
        script = Script([refused(409, "idempotency_key_reused")])
        with pytest.raises(APIStatusError):
            self.play(script, "trust")
        assert len(script.calls) == 1

    def test_what_one_attempt_may_have_done_no_later_refusal_undoes(self):
        script = Script([BROKEN, refused(401)])
        with pytest.raises(APIStatusError, match="may have been created") as caught:
            self.play(script, "trust")
        assert (caught.value.outcome_unknown, caught.value.sent, caught.value.attempts) == (True, "yes", 2)

    def test_the_farthest_that_any_attempt_got_is_told(self):
        with pytest.raises(HITLError) as caught:
            self.play(Script([BROKEN, UNREACHABLE]), "trust")
        assert (caught.value.sent, caught.value.outcome_unknown) == ("maybe", True)

    @pytest.mark.parametrize(("key", "retryable"), [("mine", True), (None, False)])
    def test_an_unknown_outcome_may_be_repeated_by_the_caller_only_under_a_lasting_key(self, key, retryable):
        with pytest.raises(HITLError) as caught:
            self.play(Script([BROKEN]), "trust", key=key)
        assert (caught.value.outcome_unknown, caught.value.retryable) == (True, retryable)
        assert caught.value.idempotency_key

    def test_a_read_has_neither_a_key_nor_an_unknown_outcome(self):
        with pytest.raises(HITLError) as caught:
            Script([BROKEN]).play(Exchange(Backoff(0, 0.0))(operations.get_review("rev_1")))
        assert (caught.value.outcome_unknown, caught.value.idempotency_key, caught.value.retryable) == (
            False,
            None,
            True,
        )
