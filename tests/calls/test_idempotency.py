"""Which key a creation carries, and when it is sent twice."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import hashlib
import json
import random
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy
import pandas
import pytest
from hitl_api.api.loops import list_loops
from hitl_api.api.requests import create_request
from hitl_api.api.reviews import create_review as create_review_endpoint
from hitl_api.models import (
    Platform,
    ProcessingType,
    RequestCreate,
    RequestPriority,
    RequestType,
    ResponseType,
    ReviewCreate,
)
from script import BROKEN, Script, answer, refused, reviewed

from hitl._calls import SENT_KEYS, random_key
from hitl._flows import ApiCall
from hitl._methods import Methods
from hitl.exceptions import APIConnectionError, ConfigurationError, ServerError, UnexpectedResponseError
from hitl.retry import retry_with_backoff

ITEM = {"template_id": "template_123", "content": {"text": "x"}}
CREATED = reviewed(code=201)


def core(**settings: Any) -> Methods:
    return Methods({"api_key": "hitl_secret_0123", "retry_delay": 0, **settings})


def key_of(call: ApiCall) -> str:
    return call.request.headers["Idempotency-Key"]


def created(client: Methods, content: Any = None, **given: Any) -> str:
    """Create a review, and return the key that it was sent with."""
    script = Script([CREATED])
    script.play(client.create_review({**ITEM, **({"content": content} if content else {}), **given}))
    return key_of(script.calls[0])


def templated(client: Methods) -> str:
    script = Script([answer(201, {"success": True, "data": {"id": "tpl_1", "name": "T", "fields": []}})])
    script.play(client.create_template("T", [], None, {}))
    return key_of(script.calls[0])


class TestKeys:
    def test_without_a_scope_each_creation_has_a_key_of_its_own(self):
        assert created(core()) != created(core())

    def test_in_a_scope_it_follows_from_the_name_and_what_is_created(self):
        def run() -> list[str]:
            client = core()
            with client.idempotency_scope("job-42"):
                return [created(client), created(client, {"text": "y"}), templated(client)]

        first = run()
        assert run() == first
        assert len(set(first)) == 3
        assert all(re.fullmatch("hitl1-[0-9a-f]{48}", key) for key in first)

    def test_this_is_how_it_follows(self):
        body = hashlib.sha256(b'{"content":{"text":"x"},"template_id":"template_123"}').hexdigest()
        parts = f'["scope","job-42","create_review","{body}",0]'
        expected = f"hitl1-{hashlib.sha256(parts.encode()).hexdigest()[:48]}"
        assert created_in(core(), "job-42") == expected

    def test_two_equal_reviews_that_are_both_wanted_stay_two(self):
        client = core()
        with client.idempotency_scope("job-42"):
            keys = [created(client) for _ in range(3)]
        with client.idempotency_scope("job-42"):
            assert [created(client) for _ in range(3)] == keys
        assert len(set(keys)) == 3

    def test_other_names_of_a_scope_or_of_those_around_it_make_other_keys(self):
        client = core()
        scopes = [("a",), ("b",), ("A",), ("a/b",), ('a","b',), ("a", "b"), ("c", "b")]
        assert len({created_in(client, *names) for names in scopes}) == len(scopes)

    def test_a_key_that_is_given_goes_before(self):
        client = core()
        with client.idempotency_scope("job-42"):
            assert created(client, idempotency_key="mine") == "mine"

    def test_a_scope_ends_with_its_block(self):
        client = core()
        scope = client.idempotency_scope("job-42")
        with scope:
            first = created(client)
        with pytest.raises(KeyError), scope:
            raise KeyError
        assert created(client).startswith("hitl-")
        with scope:
            assert created(client) == first
        assert repr(scope) == "<idempotency scope 'job-42'>"

    def test_a_scope_is_that_of_its_client(self):
        client, other = core(), core()
        with client.idempotency_scope("job-42"):
            assert created(other).startswith("hitl-")
            with other.idempotency_scope("job-42"):
                assert created(other).startswith("hitl1-")

    @pytest.mark.parametrize("name", ["", "  ", "a\nb", "\ud800", "x" * 256, None, 7, b"job"])
    def test_a_name_that_is_none_is_refused(self, name):
        with pytest.raises(ConfigurationError, match="name of an idempotency scope"):
            core().idempotency_scope(name)

    def test_a_generated_endpoint_that_takes_a_key_is_given_one(self):
        client = core()

        def key(endpoint: Any, **given: Any) -> str | None:
            return next(client.call(endpoint, **given)).request.headers.get("Idempotency-Key")

        body = ReviewCreate(**ITEM)
        assert key(create_review_endpoint, body=body).startswith("hitl-")
        assert key(create_review_endpoint, body=body, idempotency_key="mine") == "mine"
        derived = created_in(client, "job-42")
        with client.idempotency_scope("job-42"):
            assert key(create_review_endpoint, body=body) == derived
        assert key(list_loops) is None
        with pytest.raises(ConfigurationError, match="idempotency_key must be"):
            key(create_review_endpoint, body=body, idempotency_key="two words")

    def test_a_key_must_not_hold_the_api_key(self):
        with pytest.raises(ConfigurationError, match="must not hold the API key") as caught:
            core().create_review({**ITEM, "idempotency_key": "x-hitl_secret_0123"})
        assert "hitl_secret" not in str(caught.value)


def created_in(client: Methods, *names: str) -> str:
    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(client.idempotency_scope(name))
        return created(client)


class Words(str, Enum):  # noqa: UP042  # as many programs have it: its str() is "Words.HIGH"
    HIGH = "high"
    JOB = "job-42"


SIX = datetime(2027, 1, 20, 18, tzinfo=UTC)
PEOPLE = ["a@x.co", "b@x.co"]
MIXED = """
import enum
from hitl._methods import Methods
class Kind(enum.Enum):
    ONE = 1.0
    TEXT = "x"
client = Methods({"api_key": "hitl_test_key"})
parts = {1, Kind.ONE}, {"a", "b", None}, {("a", 1), ("a", None)}, frozenset({Kind.TEXT, "y"})
review = {"template_id": "t", "content": {"parts": parts}, "assignees": {"a@x.co", "b@x.co", "c@x.co"}}
field = {"name": "a", "type": "select", "options": {"keep", "delete", "ask"}}
with client.idempotency_scope("job"):
    print(next(client.create_review(review)).request.headers)
    print(next(client.create_template("T", [field], None, {"tags": {"x", "y"}, "settings": {"s": {"p", "q"}}})).request)
print(next(next(iter(next(client.create_reviews([review], 1, batch_key="b")).flows))).request)
"""


class TestCanonical:
    """What means the same has the same key."""

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            (
                "due_date",
                [
                    SIX,
                    SIX.astimezone(ZoneInfo("Europe/Prague")),
                    SIX.astimezone(timezone(timedelta(hours=-5))),
                    "2027-01-20T18:00:00Z",
                    "2027-01-20t19:00:00.000+01:00",
                    pandas.Timestamp("2027-01-20T13:00", tz="America/New_York"),
                ],
            ),
            (
                "assignees",
                [
                    PEOPLE,
                    set(PEOPLE),
                    dict.fromkeys(PEOPLE).keys(),
                    (each for each in PEOPLE),
                    numpy.array(PEOPLE),
                    pandas.Series(PEOPLE),
                ],
            ),
            ("priority", ["high", Words.HIGH, numpy.str_("high")]),
            ("content", [{"n": 1}, {"n": numpy.int64(1)}, {"n": numpy.array(1)}]),
            ("content", [{"n": [0.5, 1.0]}, {"n": numpy.array([0.5, 1.0])}, {"n": pandas.array([0.5, 1.0])}]),
            ("content", [{"a": 1, "b": 2}, {"b": 2, "a": 1}]),
            ("content", [{"f": Decimal("1.50")}, {"f": "1.50"}]),
            ("content", [{"p": Path("a")}, {"p": "a"}]),
            ("content", [{"f": pandas.DataFrame({"x": [1]})}, {"f": [{"x": 1}]}]),
        ],
    )
    def test_what_means_the_same_has_the_same_key(self, name, values):
        keys = set()
        for value in values:
            client = core()
            with client.idempotency_scope("job-42"):
                keys.add(created(client, **{name: value}))
        assert len(keys) == 1

    def test_what_is_sent_otherwise_has_another_key(self):
        client = core()
        noon = datetime(2027, 1, 20, 12, tzinfo=UTC)
        contents = [{"n": 1}, {"n": 1.0}, {"n": True}, {"n": "1"}]
        contents += [{"n": noon}, {"n": noon.astimezone(timezone(timedelta(hours=1)))}]
        with client.idempotency_scope("job-42"):
            assert len({created(client, content) for content in contents}) == len(contents)

    def test_sets_make_the_same_keys_in_every_run(self):
        told = {
            subprocess.run(
                [sys.executable, "-c", MIXED], env={"PYTHONHASHSEED": str(seed)}, capture_output=True, check=True
            ).stdout
            for seed in range(4)
        }
        assert len(told) == 1
        assert b"hitl1-" in told.pop()

    def test_equal_requests_of_two_loops_are_two_creations_in_whatever_order(self):
        deferred, high, text = ProcessingType.DEFERRED, RequestPriority.HIGH, ResponseType.TEXT
        body = RequestCreate(deferred, RequestType.MARKDOWN, high, "Fine?", text, {}, "", Platform.API)

        def keys(*loops: str) -> dict[str, str]:
            client = core()
            with client.idempotency_scope("job-42"):
                return {loop: key_of(next(client.call(create_request, loop, body=body))) for loop in loops}

        assert keys("loop_1", "loop_2") == keys("loop_2", "loop_1")
        assert len(set(keys("loop_1", "loop_2").values())) == 2

    def test_the_name_of_a_scope_may_be_a_member_of_an_enumeration(self):
        assert created_in(core(), Words.JOB) == created_in(core(), "job-42")
        assert repr(core().idempotency_scope(Words.JOB)) == "<idempotency scope 'job-42'>"


class TestConcurrency:
    CONTENTS = tuple({"n": number % 4} for number in range(12))

    def expected(self) -> list[str]:
        client = core()
        with client.idempotency_scope("job"):
            return sorted(created(client, content) for content in self.CONTENTS)

    def test_tasks_carry_the_same_keys_in_whatever_order_they_run(self):
        async def run(seed: int) -> list[str]:
            client = core()

            async def create(content: Any) -> str:
                for _ in range(random.Random(f"{seed}{content}").randrange(5)):
                    await asyncio.sleep(0)
                return created(client, content)

            shuffled = random.Random(seed).sample(self.CONTENTS, len(self.CONTENTS))
            with client.idempotency_scope("job"):
                return sorted(await asyncio.gather(*map(create, shuffled)))

        for seed in range(5):
            assert asyncio.run(run(seed)) == self.expected()

    def test_threads_that_copy_the_context_share_the_scope(self):
        client, keys = core(), []
        with client.idempotency_scope("job"):
            threads = [
                threading.Thread(
                    target=contextvars.copy_context().run, args=(lambda c: keys.append(created(client, c)), c)
                )
                for c in self.CONTENTS
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sorted(keys) == self.expected()

    def test_a_scope_that_is_left_in_another_context_does_no_harm(self):
        client = core()
        scope = client.idempotency_scope("job")
        contextvars.copy_context().run(scope.__enter__)
        scope.__exit__(None, None, None)
        assert created(client).startswith("hitl-")


class TestDecorator:
    """Inside @retry_with_backoff the second call of the function creates under the keys of the first."""

    def keys(self, work: Callable[[], Any], *, fails: int = 2) -> list[list[str]]:
        calls: list[list[str]] = []

        @retry_with_backoff(max_retries=fails, sleep=lambda _: None)
        def decorated() -> None:
            calls.append([])
            calls[-1].extend(work())
            if len(calls) <= fails:
                raise ServerError("again", retryable=True)

        decorated()
        return calls

    def test_each_call_of_the_function_repeats_the_keys_of_its_run(self):
        client = core()
        first, *others = self.keys(lambda: [created(client), created(client), templated(client)])
        assert others == [first, first]
        assert len({*first, *self.keys(lambda: [created(client)])[0]}) == 4

    def test_a_scope_inside_counts_from_the_start_in_each_call(self):
        client = core()

        def work() -> list[str]:
            with client.idempotency_scope("job"):
                return [created(client), created(client)]

        first, second, third = self.keys(work)
        assert first == second == third == work()

    def test_a_scope_around_it_goes_before_and_its_count_is_repeated_too(self):
        client = core()
        with client.idempotency_scope("job"):
            plain = [created(client) for _ in range(5)]
        with client.idempotency_scope("job"):
            before = created(client)
            first, second, third = self.keys(lambda: [created(client), created(client)])
            after = [created(client), created(client)]
        assert first == second == third
        assert [before, *first, *after] == plain

    def test_a_call_that_gets_further_than_the_one_before_goes_on_counting(self):
        client, how_many = core(), iter([1, 3, 2])
        with client.idempotency_scope("job"):
            first, second, third = self.keys(lambda: [created(client) for _ in range(next(how_many))])
        assert (second[:1], second[:2]) == (first, third)
        assert len(set(second)) == 3

    def test_decorated_functions_side_by_side_in_one_scope_do_not_disturb_each_other(self):
        client = core()

        async def one() -> list[list[str]]:
            calls: list[list[str]] = []

            @retry_with_backoff(max_retries=2, sleep=lambda _: asyncio.sleep(0))
            async def decorated() -> None:
                keys = []
                for _ in range(2):
                    keys.append(created(client))
                    await asyncio.sleep(0)
                calls.append(keys)
                if len(calls) <= 2:
                    raise ServerError("again", retryable=True)

            await decorated()
            return calls

        async def run() -> list[list[list[str]]]:
            with client.idempotency_scope("job"):
                return await asyncio.gather(*[one() for _ in range(3)])

        runs = asyncio.run(run())
        assert all(calls[0] == calls[1] == calls[2] for calls in runs)
        assert len({key for calls in runs for key in calls[0]}) == 6

    def test_the_decorator_repeats_an_unknown_outcome_where_the_server_recognises_the_key(self):
        client = core(idempotency="trust")
        script = Script([BROKEN, refused(502), CREATED])
        sent = retry_with_backoff(sleep=lambda _: None)(lambda: script.play(client.create_review(ITEM)))
        assert sent().id == "rev_1"
        assert len(set(map(key_of, script.calls))) == 1

    @pytest.mark.parametrize("max_retries", [0, 3])
    def test_around_a_client_it_makes_exactly_one_request_for_each_call(self, max_retries):
        client, script = core(max_retries=5, idempotency="trust"), Script([refused(503)])
        with pytest.raises(ServerError):
            retry_with_backoff(max_retries, sleep=lambda _: None)(lambda: script.play(client.create_review(ITEM)))()
        assert len(script.calls) == max_retries + 1

    def test_after_it_has_given_up_nobody_else_may_repeat_under_another_key(self):
        client, script = core(idempotency="trust"), Script([BROKEN])

        @retry_with_backoff(1, sleep=lambda _: None)
        def ask() -> Any:
            return script.play(client.create_review(ITEM))

        with pytest.raises(APIConnectionError) as caught:
            ask()
        assert (caught.value.outcome_unknown, caught.value.retryable) == (True, False)
        with client.idempotency_scope("job-42"), pytest.raises(APIConnectionError) as caught:
            ask()
        assert (caught.value.outcome_unknown, caught.value.retryable) == (True, True)


def test_a_random_key_says_that_it_does_not_last():
    assert not random_key("create_review", b"{}").is_lasting


def created_with(key: str) -> None:
    created(core(), idempotency_key=key)


def test_the_answer_to_another_creation_is_not_taken_for_this_one():
    created_with("job-7")
    script = Script([reviewed(code=201, idempotency_key="job-7"), reviewed(code=201, idempotency_key="mine")])
    trusting = core(idempotency="trust")
    review = script.play(trusting.create_review({"template_id": "t", "content": {}, "idempotency_key": "mine"}))
    assert review.id == "rev_1"
    assert [call.fresh for call in script.calls] == [False, True]


def test_the_key_of_another_creation_does_not_show_that_the_server_knows_ours():
    created_with("job-7")
    script = Script([reviewed(code=201, idempotency_key="job-7")])
    with pytest.raises(UnexpectedResponseError, match="another creation") as caught:
        script.play(core().create_review({"template_id": "t", "content": {}, "idempotency_key": "mine"}))
    assert caught.value.outcome_unknown
    assert len(script.calls) == 1


@pytest.mark.parametrize("form", ["account-1:mine", "MINE", "a" * 64, "order-1"])
def test_a_key_in_another_form_is_no_sign_at_all(form: str):
    client = core()
    script = Script([reviewed(code=201, idempotency_key=form), BROKEN])
    asked = {"template_id": "t", "content": {"text": "x"}, "idempotency_key": "mine"}
    assert script.play(client.create_review(asked)).id == "rev_1"
    with pytest.raises(APIConnectionError):
        script.play(client.create_review(asked))
    assert len(script.calls) == 2, "the server has not shown that it knows the key"


SENT = {"template_id": "t", "content": {"text": "x", "price": 1.0, "tags": ["a", "b"], "note": None}}
BACK = {**SENT, "id": "rev_1", "status": "created", "created_at": "2026-01-15T10:30:00Z"}


def answered_with(data: dict[str, Any], **headers: str) -> Any:
    return Script([answer(201, {"success": True, "data": data}, **headers)]).play(core().create_review(SENT))


@pytest.mark.parametrize(
    "changed",
    [
        {"template_id": "u"},
        *({"status": status} for status in ("completed", "rejected", "expired", "cancelled")),
        *({"content": {**SENT["content"], **part}} for part in ({"text": "y"}, {"text": None}, {"price": True})),
        {"content": {**SENT["content"], "tags": ["b", "a"]}},
        {"content": {**SENT["content"], "tags": {"a": "b"}}},
        {"content": {}},
    ],
    ids=str,
)
def test_a_response_that_differs_from_what_was_sent_is_about_another_creation(changed: dict[str, Any]):
    with pytest.raises(UnexpectedResponseError, match="another creation") as caught:
        answered_with({**BACK, **changed})
    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "assigned", "priority": "high", "assignees": ["kim@company.com"], "due_date": None},
        {"content": {**SENT["content"], "price": 1, "added": "by the server"}},
        {"content": {name: value for name, value in SENT["content"].items() if name != "note"}},
        {"content": None},
    ],
    ids=str,
)
def test_what_a_server_may_choose_is_no_sign_of_another_creation(changed: dict[str, Any]):
    assert answered_with({**BACK, **changed}).id == "rev_1"


@pytest.mark.parametrize("rows", [3, 300])
def test_content_that_its_owner_changes_during_the_call_is_held_against_what_was_sent(rows: int):
    content: dict[str, Any] = {"rows": [{"amount": number} for number in range(rows)]}
    sent = json.loads(json.dumps(content))
    flow = core().create_review({"template_id": "t", "content": content})
    next(flow)
    content["rows"][0]["amount"] = "paid"
    content["rows"].append({"amount": 0})
    with pytest.raises(StopIteration) as ended:
        flow.send(answer(201, {"success": True, "data": {**BACK, "content": sent}}))
    assert ended.value.value.content == sent


def test_a_repeated_creation_may_have_been_answered_meanwhile():
    made = {**BACK, "status": "completed", "result": {"approved": True}}
    key = {"idempotency_key": "mine"}
    proven = Script([answer(201, {"success": True, "data": made}, idempotency_key="mine")])
    assert proven.play(core().create_review({**SENT, **key})).status == "completed"
    for replayed in ({}, {"idempotent_replayed": "true"}):
        with pytest.raises(UnexpectedResponseError, match="completed already, and does not repeat") as caught:
            answered_with(made, **replayed)
        assert caught.value.outcome_unknown


@pytest.mark.parametrize("other", [{"template_id": "u"}, {"content": {"text": "y"}}, {"status": "rejected"}], ids=str)
def test_a_response_that_calls_itself_replayed_is_compared_like_any_other(other: dict[str, Any]):
    with pytest.raises(UnexpectedResponseError, match="another creation"):
        answered_with({**BACK, **other}, idempotent_replayed="true")
    assert answered_with(BACK, idempotent_replayed="true").id == "rev_1"


def test_what_else_is_created_is_held_against_what_was_sent():
    other = {"id": "tpl_1", "name": "Another", "fields": []}
    for replayed in ({}, {"idempotent_replayed": "true"}):
        script = Script([answer(201, {"success": True, "data": other}, **replayed)])
        with pytest.raises(UnexpectedResponseError, match="whose name is not what was sent"):
            script.play(core().create_template("T", [], None, {}))
    call = core().call(create_review_endpoint, body=ReviewCreate.from_dict(SENT))
    with pytest.raises(UnexpectedResponseError, match="whose template_id is not what was sent"):
        Script([answer(201, {"success": True, "data": {**BACK, "template_id": "u"}})]).play(call)


@pytest.mark.parametrize("key", ["plain", '"quoted"', 'a"b', "back\\slash"])
@pytest.mark.parametrize("written", [str, json.dumps], ids=["bare", "quoted"])
def test_a_key_is_known_again_bare_or_quoted(key, written):
    script = Script([reviewed(code=201, idempotency_key=written(key)), BROKEN, reviewed(code=201)])
    client = core()
    for _ in range(2):
        script.play(client.create_review({"template_id": "t", "content": {}, "idempotency_key": key}))
    assert len(script.calls) == 3


def test_the_last_ten_thousand_keys_that_were_sent_are_known():
    keys = [random_key().text for _ in range(10_003)]
    for key in keys:
        SENT_KEYS.add(key)
    assert [key in SENT_KEYS for key in keys] == [False] * 3 + [True] * 10_000
    assert f'"{keys[-1]}"' in SENT_KEYS
