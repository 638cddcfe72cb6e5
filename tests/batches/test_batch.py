"""Batches as flows: what is sent, what becomes of each item, and how a batch ends early."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hitl_api.models.review_create import ReviewCreate
from hitl_api.models.review_priority import ReviewPriority
from script import BROKEN, UNREACHABLE, Script, given_back, refused, reviewed

from hitl import Review
from hitl._flows import ApiCall, Sleep
from hitl._methods import Methods
from hitl.exceptions import (
    APIConnectionError,
    BatchError,
    ConfigurationError,
    InvalidRequestError,
    RateLimitError,
)

MADE = reviewed(code=201)


def item(number: int = 0, **more: object) -> dict[str, object]:
    return {"template_id": "template_123", "content": {"n": number}, **more}


def items(count: int) -> Iterator[dict[str, object]]:
    return map(item, range(count))


def failing(count: int, error: Exception | None = None) -> Iterator[dict[str, object]]:
    yield from items(count)
    raise error or LookupError("the cursor is gone")


@pytest.fixture
def core():
    return Methods({"api_key": "hitl_test_key"})


def on_clock(script, **settings):
    """Return a core that reads the script's clock."""
    core = Methods({"api_key": "hitl_test_key", **settings})
    core.clock = core.exchange.clock = script.clock
    return core


def keys(script):
    return [call.request.headers["Idempotency-Key"] for call in script.calls]


def streamed(script, batch):
    """Return what is said of each item of a batch that is streamed."""
    gather = batch.gather()
    found = [gather.on_result(index, script._result(flow)) for index, flow in enumerate(gather.flows)]
    batch.finish()
    return found


class TestInput:
    def test_a_generator_is_read_no_further_than_it_is_sent(self, core):
        numbers = iter(range(100))
        flows = iter(core.iter_create_reviews(map(item, numbers), 4, None).gather().flows)
        next(flows), next(flows)
        assert next(numbers) == 2

    def test_a_bad_item_of_a_generator_is_that_items_outcome(self, core):
        script = Script([MADE])
        mixed = iter([item(0), {"template_id": "t"}, "rev_1", item(3)])
        with pytest.raises(BatchError, match=r"2 of 4 items failed.* item 1: .*content must be given\. See ") as caught:
            script.play(core.create_reviews(mixed, 2))
        kinds = [type(each) for each in caught.value.outcomes]
        assert kinds == [Review, ConfigurationError, ConfigurationError, Review]
        assert list(caught.value.failures) == [1, 2]
        assert len(script.calls) == 2

    @pytest.mark.parametrize("given", ["rev_1", b"rev_1", {"template_id": "t", "content": {}}, None, 3])
    def test_what_is_no_iterable_of_items_is_told(self, core, given):
        with pytest.raises(ConfigurationError, match="create_reviews: the items must be an iterable of dicts"):
            core.create_reviews(given, 2)

    def test_an_object_that_cannot_be_looked_into_is_a_bad_item(self, core):
        class Odd(dict):
            def items(self):
                raise OSError("gone")

            keys = __iter__ = items

        with pytest.raises(ConfigurationError, match=r"item 1 cannot be read: OSError\('gone'\)"):
            core.create_reviews([item(0), Odd()], 2)

    def test_objects_of_the_generated_client_are_taken_as_they_are(self, core):
        script = Script([MADE])
        due = datetime(2027, 1, 20, 18, tzinfo=UTC)
        made = ReviewCreate("t", {"at": due}, assignees=["a@b.c"], priority=ReviewPriority.HIGH, due_date=due)
        script.play(core.create_reviews([made], 2))
        assert json.loads(script.calls[0].request.body) == {
            "template_id": "t",
            "content": {"at": "2027-01-20T18:00:00+00:00"},
            "assignees": ["a@b.c"],
            "priority": "high",
            "due_date": "2027-01-20T18:00:00+00:00",
        }

    def test_they_are_checked_like_any_other(self, core):
        with pytest.raises(ConfigurationError, match="item 0: assignees must be a list"):
            core.create_reviews([ReviewCreate("t", {}, assignees="a@b.c")], 2)
        with pytest.raises(ConfigurationError, match="item 0: must be a dict; got ReviewCreate"):
            core.update_reviews([ReviewCreate("t", {})], 2)

    @pytest.mark.parametrize("when", [0, 3])
    def test_an_input_that_fails_ends_the_batch_with_what_was_done(self, core, when):
        script = Script([MADE])
        with pytest.raises(BatchError, match=f"after {when} items the input failed: LookupError..the cursor") as caught:
            script.play(core.create_reviews(failing(when), 2, "return"))
        assert isinstance(caught.value.__cause__, LookupError)
        assert [type(each) for each in caught.value.outcomes] == [Review] * when
        assert len(script.calls) == when

    @pytest.mark.parametrize("said", [lambda: "x" * 100_000, lambda: 1 / 0])
    def test_whatever_it_raises_what_was_done_is_told(self, core, said):
        class OddError(Exception):
            def __repr__(self):
                return said()

            __str__ = __repr__

        with pytest.raises(BatchError, match="after 3 items the input failed: (OddError|x+)") as caught:
            Script([MADE]).play(core.create_reviews(failing(3, OddError()), 2))
        assert len(caught.value.outcomes) == 3
        assert len(str(caught.value)) < 1000

    def test_a_stream_tells_it_after_the_outcomes_of_what_came_before(self, core):
        batch = core.iter_create_reviews(failing(1), 2, None)
        assert len(list(batch.gather().flows)) == 1
        with pytest.raises(BatchError, match="after 1 items the input failed"):
            batch.finish()


class TestOutcomes:
    def test_errors_can_be_returned_in_their_places(self, core):
        script = Script([MADE, refused(400), MADE])
        first, second, third = script.play(core.create_reviews(items(3), 2, "return"))
        assert isinstance(second, InvalidRequestError)
        assert isinstance(first, Review)
        assert isinstance(third, Review)

    def test_another_word_for_it_is_refused(self, core):
        with pytest.raises(ConfigurationError, match="on_error must be one of raise, return"):
            core.create_reviews([], 2, "ignore")

    def test_a_stream_has_for_each_item_what_became_of_it(self, core):
        script = Script([MADE, refused(400)])
        first, second, third = streamed(script, core.iter_create_reviews(iter([item(0), item(1), {}]), 2, None))
        assert (first.index, first.item, first.error) == (0, item(0), None)
        assert first.review.id == "rev_1"
        assert first.idempotency_key == keys(script)[0]
        assert (second.index, second.review) == (1, None)
        assert isinstance(second.error, InvalidRequestError)
        assert (third.index, third.idempotency_key) == (2, None)
        assert isinstance(third.error, ConfigurationError)

    def test_a_stream_keeps_nothing(self, core):
        batch = core.iter_create_reviews(list(items(50)), 2, None)
        assert len(batch._checked) == 50
        streamed(Script([MADE]), batch)
        assert (len(batch._checked), batch._outcomes, batch._in_flight) == (0, [], {})


class TestKeys:
    def test_a_second_run_sends_the_same_keys(self, core):
        first, second = Script([MADE]), Script([MADE])
        first.play(core.create_reviews(items(5), 2, batch_key="import-1"))
        second.play(core.create_reviews(list(items(5)), 2, batch_key="import-1"))
        assert keys(first) == keys(second)
        assert len(set(keys(first))) == 5

    def test_without_one_each_run_has_keys_of_its_own(self, core):
        script = Script([MADE])
        for _ in range(2):
            script.play(core.create_reviews(items(5), 2))
        assert len(set(keys(script))) == 10

    def test_an_items_own_key_counts_more(self, core):
        script = Script([MADE])
        script.play(core.create_reviews([item(0, idempotency_key="row-0"), item(1)], 2, batch_key="import-1"))
        assert keys(script)[0] == "row-0"
        assert keys(script)[1].startswith("hitl1-")

    def test_all_attempts_of_an_item_carry_the_same_key(self):
        script = Script([MADE, refused(429), MADE])
        script.play(on_clock(script).create_reviews(items(2), 2, batch_key="import-1"))
        first, second, again = keys(script)
        assert second == again != first

    @pytest.mark.parametrize("key", ["", "  ", 7])
    def test_a_blank_one_is_refused(self, core, key):
        with pytest.raises(ConfigurationError, match="batch_key must be a text"):
            core.create_reviews([], 2, batch_key=key)

    def test_changes_need_none(self, core):
        script = Script([reviewed(review_id="rev_1")])
        script.play(core.update_reviews([{"id": "rev_1", "priority": "high"}], 2))
        assert "Idempotency-Key" not in script.calls[0].request.headers


class TestRateLimit:
    def test_a_refusal_holds_for_items_that_were_not_refused_themselves(self):
        script = Script([])
        core = on_clock(script)
        gather = core.iter_create_reviews(items(3), 3, None).gather()
        first, second, third = gather.flows
        assert isinstance(next(first), ApiCall)
        call = next(second)
        assert isinstance(call, ApiCall)
        assert isinstance(first.send(refused(429, retry_after="5")), Sleep)
        pause = next(third)
        assert isinstance(pause, Sleep)
        assert pause.seconds >= 5.0
        script.now += pause.seconds
        assert isinstance(third.send(None), Sleep)  # of three, one may be under way now, and the second is
        with pytest.raises(StopIteration):
            second.send(given_back(call, MADE))
        assert isinstance(third.send(None), ApiCall)

    def test_an_item_outlasts_more_refusals_than_a_call_of_its_own_would(self):
        script = Script([*[refused(429, retry_after="1")] * 3, MADE, *[refused(429, retry_after="1")] * 4, MADE])
        made = script.play(on_clock(script, max_retries=2).create_reviews(items(2), 2))
        assert len(made) == 2
        assert len(script.calls) == 9

    def test_attempts_are_counted_over_all_of_them(self):
        script = Script([*[refused(429)] * 5, refused(400)])
        [error] = script.play(on_clock(script, max_retries=1).create_reviews(items(1), 1, "return"))
        assert isinstance(error, InvalidRequestError)
        assert error.attempts == 6

    def test_whoever_wants_no_retries_gets_the_refusal(self):
        script = Script([refused(429, retry_after="1"), MADE])
        first, second = script.play(on_clock(script, max_retries=0).create_reviews(items(2), 2, "return"))
        assert isinstance(first, RateLimitError)
        assert isinstance(second, Review)
        assert sum(script.sleeps) >= 1.0

    def test_where_the_server_asks_for_an_hour_the_rest_of_a_list_is_not_sent(self):
        script = Script([MADE, refused(429, retry_after="3600"), MADE])
        with pytest.raises(BatchError, match="3 of 4 items failed") as caught:
            script.play(on_clock(script).create_reviews(list(items(4)), 2))
        first, second, third, fourth = caught.value.outcomes
        assert isinstance(first, Review)
        assert (second.attempts, third.attempts, fourth.attempts) == (1, 0, 0)
        assert caught.value.retry_after == second.retry_after == fourth.retry_after == 3600.0
        assert fourth.retryable
        assert "left alone for 3600 seconds" in str(fourth)
        assert script.sleeps == []

    def test_and_a_generator_is_not_read_to_its_end(self):
        script = Script([MADE, refused(429, retry_after="3600")])
        rest = items(100)
        with pytest.raises(
            BatchError, match="stopped after 2 items, since the server asked to be left alone"
        ) as caught:
            script.play(on_clock(script).create_reviews(rest, 1, "return"))
        assert len(caught.value.outcomes) == 2
        assert len(list(rest)) == 98

    def test_a_server_that_refuses_for_ever_ends_the_batch(self):
        script = Script([refused(429)])
        with pytest.raises(BatchError, match="3 of 3 items failed") as caught:
            script.play(on_clock(script).create_reviews(list(items(3)), 2))
        assert len(script.calls) <= 8
        assert "refused again and again" in str(caught.value.outcomes[2])

    def test_a_503_that_may_have_been_done_is_not_repeated_blindly(self):
        script = Script([refused(503, retry_after="1"), MADE])
        [error] = script.play(on_clock(script).create_reviews(items(1), 1, "return"))
        assert error.outcome_unknown


class TestInterrupt:
    def begun(self, core, given):
        gather = next(core.create_reviews(given, 4))
        return gather, iter(gather.flows)

    def test_it_is_a_keyboard_interrupt_with_an_outcome_for_every_item(self, core):
        gather, flows = self.begun(core, items(10))
        script = Script([MADE])
        gather.on_result(0, script.play(next(flows)))
        next(next(flows))  # in progress
        next(flows)  # read, but not sent
        error = gather.interrupted([])
        assert str(error) == "create_reviews: interrupted after 1 items; see .outcomes"
        assert isinstance(error, KeyboardInterrupt)
        done, in_progress, waiting = error.outcomes
        assert isinstance(done, Review)
        assert isinstance(in_progress, APIConnectionError)
        assert (in_progress.outcome_unknown, in_progress.sent, in_progress.attempts) == (True, "maybe", 1)
        assert in_progress.idempotency_key.startswith("hitl-")
        assert (waiting.outcome_unknown, waiting.sent, waiting.retryable) == (False, "no", True)

    def test_results_that_came_in_after_it_are_among_the_outcomes(self, core):
        gather, flows = self.begun(core, items(10))
        made = Script([MADE]).play(next(flows))
        next(next(flows))
        done, in_progress = gather.interrupted([(0, made)]).outcomes
        assert (done, in_progress.sent) == (made, "maybe")

    def test_of_a_list_it_includes_what_was_not_even_read(self, core):
        gather, flows = self.begun(core, list(items(10)))
        next(flows)
        assert [each.sent for each in gather.interrupted([]).outcomes] == ["no"] * 10

    def test_a_change_that_was_in_progress_may_simply_be_repeated(self, core):
        gather = next(core.update_reviews([{"id": "rev_1", "priority": "high"}], 1))
        next(next(iter(gather.flows)))
        [error] = gather.interrupted([]).outcomes
        assert (error.retryable, error.outcome_unknown) == (True, False)


@pytest.mark.parametrize("ended", [reviewed(), refused(400)])
def test_changes_of_one_review_are_made_in_turn_and_others_at_once(core, ended):
    words = [("rev_1", "high"), ("rev_2", "high"), ("rev_1", "low"), ("rev_1", "medium")]
    changes = [{"id": review_id, "priority": word} for review_id, word in words]
    flows = list(next(core.update_reviews(changes, 4)).flows)
    last, third, other, first = (next(flow) for flow in reversed(flows))
    assert [type(each) for each in (first, other, third, last)] == [ApiCall, ApiCall, Sleep, Sleep]
    with pytest.raises((StopIteration, InvalidRequestError)):
        flows[0].send(ended)
    assert isinstance(flows[3].send(None), Sleep)
    assert (third.wakeup.is_set, last.wakeup.is_set) == (True, False)
    assert isinstance(flows[2].send(None), ApiCall)
    with pytest.raises((StopIteration, InvalidRequestError)):
        flows[2].send(ended)
    assert isinstance(flows[3].send(None), ApiCall)


@pytest.mark.parametrize(("outcome", "sent"), [(UNREACHABLE, "no"), (BROKEN, "maybe"), (refused(400), "yes")])
def test_the_error_of_a_batch_tells_how_far_its_items_got(outcome, sent):
    with pytest.raises(BatchError) as caught:
        Script([outcome]).play(Methods({"api_key": "hitl_test_key", "max_retries": 0}).create_reviews(items(2), 2))
    assert (caught.value.sent, caught.value.attempts) == (sent, 2)
    assert caught.value.outcome_unknown == (outcome is BROKEN)


def test_a_broken_connection_is_one_items_outcome_and_not_a_pause(core):
    script = Script([BROKEN, MADE])
    first, second = script.play(core.create_reviews(items(2), 2, "return"))
    assert first.outcome_unknown
    assert isinstance(second, Review)
    assert script.sleeps == []
