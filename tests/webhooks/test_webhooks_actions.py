"""The receiver of action nodes under attack: only the first call with an expected correlation id is kept."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import multiprocessing
import os
import pickle
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.exceptions import ConfigurationError, HITLError
from hitl.webhooks import LARGEST_BODY, ActionReceiver, CorrelationStore, MemoryCorrelations, SQLiteCorrelations
from hitl.webhooks._correlations import correlation_id, correlation_name

ID = correlation_id("hitl_test_key", "trigger_workflow", "wf_1", "hitl-1")
NAME = correlation_name(ID)
OTHER = correlation_id("hitl_test_key", "trigger_workflow", "wf_1", "hitl-2")
Race = Callable[[int, Callable[[], Any]], list[Any]]


def call(correlation: object = ID, **more: Any) -> bytes:
    return json.dumps({"hitl": {"correlation": correlation}, "decision": "approved", **more}).encode()


def status(store: CorrelationStore, body: Any) -> int:
    return int(ActionReceiver(store).dispatch({}, body))


# --- what is taken ----------------------------------------------------------------------------------------------------


def test_the_call_that_is_expected_is_kept(correlations: CorrelationStore) -> None:
    correlations.expect(NAME)
    assert correlations.received(NAME) is None
    assert status(correlations, call()) == 200
    assert correlations.received(NAME) == call().decode()


def test_the_id_may_stand_beside_the_rest(correlations: CorrelationStore) -> None:
    correlations.expect(NAME)
    assert status(correlations, json.dumps({"hitl": {"x": 1}, "correlation": ID})) == 200


def test_the_same_call_again_is_the_delivery_of_a_server_that_missed_the_answer(correlations: CorrelationStore) -> None:
    correlations.expect(NAME)
    assert [status(correlations, call()) for _ in range(3)] == [200, 200, 200]


def test_it_is_awaited_in_a_thread(correlations: CorrelationStore) -> None:
    correlations.expect(NAME)
    assert asyncio.run(ActionReceiver(correlations).dispatch_async({}, bytearray(call()))) == 200


# --- what is refused --------------------------------------------------------------------------------------------------


def test_an_id_serves_one_call(correlations: CorrelationStore) -> None:
    correlations.expect(NAME)
    assert status(correlations, call()) == 200
    assert status(correlations, call(decision="rejected")) == 409
    assert correlations.received(NAME) == call().decode()


@pytest.mark.parametrize("forged", [OTHER, ID[:-1], f"{ID}=", ID.lower(), f" {ID}", NAME, "x", "\ud800", "é" * 43])
def test_a_forged_id_is_refused(correlations: CorrelationStore, forged: str) -> None:
    correlations.expect(NAME)
    assert status(correlations, call(forged)) == (400 if forged == "\ud800" else 401)
    assert correlations.received(NAME) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"{",
        b'{"hitl": null}',
        b'{"hitl": {}}',
        call(None),
        call(""),
        call(["x"]),
        call({"correlation": ID}),
        call("x" * 513),
        b"\xff" + call(),
        b'{"hitl": NaN, "correlation": "x"}',
        b"[" * 100_000,
        '{"correlation": "\ud800"}',
    ],
)
def test_what_holds_no_id_is_refused(correlations: CorrelationStore, body: Any) -> None:
    correlations.expect(NAME)
    assert status(correlations, body) == 400


def test_an_id_that_is_given_twice_is_refused(correlations: CorrelationStore) -> None:
    correlations.expect(NAME)
    twice = f'{{"hitl": {{"correlation": "{OTHER}"}}, "hitl": {{"correlation": "{ID}"}}}}'
    assert status(correlations, twice) in (400, 401)
    assert correlations.received(NAME) is None


def test_what_comes_too_late_is_refused_also_when_it_is_forgotten(correlations: CorrelationStore, clock: Any) -> None:
    correlations.expect(NAME)
    clock.now += 60
    assert status(correlations, call()) == 410
    assert correlations.received(NAME) is None
    clock.now += 60
    correlations.expect(correlation_name(OTHER))
    assert status(correlations, call()) in (401, 410)
    assert correlations.received(NAME) is None


def test_what_is_too_large_is_refused(correlations: CorrelationStore) -> None:
    correlations.expect(NAME)
    assert status(correlations, call(x="x" * LARGEST_BODY)) == 413


def test_a_store_that_fails_asks_for_another_try_and_shows_no_id(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MemoryCorrelations):
        def receive(self, name: str, body: str) -> Any:
            raise OSError("no space left")

    assert status(Broken(), call()) == 503
    assert status(MemoryCorrelations(), call()) == 401
    assert [each.levelno for each in caplog.records] == [logging.ERROR, logging.WARNING, logging.WARNING]
    assert ID not in caplog.text


def test_a_parsed_body_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="must be the raw bytes"):
        ActionReceiver(MemoryCorrelations()).dispatch({}, json.loads(call()))


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: call(text)))
def test_whatever_comes_is_refused(body: bytes) -> None:
    store = MemoryCorrelations()
    store.expect(NAME)
    assert status(store, body) in (400, 401)
    assert store.received(NAME) is None


def test_of_many_calls_at_once_one_is_kept(correlations: CorrelationStore, race: Race) -> None:
    correlations.expect(NAME)
    numbers = iter(range(16))
    outcomes = race(16, lambda: status(correlations, call(number=next(numbers))))
    assert sorted(outcomes) == [200] + [409] * 15


# --- correlation ids --------------------------------------------------------------------------------------------------


def test_an_id_follows_from_all_that_it_is_about_and_nothing_else() -> None:
    ids = {
        ID,
        OTHER,
        correlation_id("hitl_test_other", "trigger_workflow", "wf_1", "hitl-1"),
        correlation_id("hitl_test_key", "trigger_workflow", "wf_2", "hitl-1"),
        correlation_id("hitl_test_key", "trigger_workflow", "wf_1hitl-1"),
        correlation_id("hitl_test_key", "trigger_workflow_webhook", "wf_1", "hitl-1"),
    }
    assert len(ids) == 6
    assert {len(each) for each in ids} == {43}  # 256 bits
    assert correlation_id("hitl_test_key", "trigger_workflow", "wf_1", "hitl-1") == ID


# --- stores -----------------------------------------------------------------------------------------------------------


def test_expecting_again_keeps_what_came_and_extends_what_did_not(correlations: CorrelationStore, clock: Any) -> None:
    correlations.expect(NAME)
    clock.now += 59
    correlations.expect(NAME)
    clock.now += 59
    assert correlations.receive(NAME, "{}") == "new"
    correlations.expect(NAME)
    assert correlations.received(NAME) == "{}"
    assert correlations.receive(NAME, "{}") == "repeated"


def test_a_full_store_forgets_the_oldest() -> None:
    store = MemoryCorrelations(capacity=2)
    for name in "abc":
        store.expect(name)
    assert [store.receive(name, "{}") for name in "abc"] == ["unknown", "new", "new"]


@pytest.mark.parametrize("lifetime", [0, -1, 1e12, float("nan")])
def test_a_store_needs_room_and_a_lifetime(lifetime: float) -> None:
    with pytest.raises(ConfigurationError, match="lifetime must be from 1 second"):
        MemoryCorrelations(lifetime=lifetime)
    with pytest.raises(ConfigurationError, match="room for at least 1"):
        MemoryCorrelations(capacity=0)


def test_the_file_outlives_the_process_and_holds_no_id(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    with closing(SQLiteCorrelations(path)) as first, closing(SQLiteCorrelations(path)) as second:
        first.expect(NAME)
        assert ID.encode() not in path.read_bytes() + path.with_name("calls.db-wal").read_bytes()
        assert status(second, call()) == 200
        assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o600}
    with closing(SQLiteCorrelations(path)) as third:
        assert third.received(NAME) == call().decode()


def _receive_in_process(path: str, results: Any, number: int) -> None:
    with closing(SQLiteCorrelations(path)) as store:
        results.put(status(store, call(number=number)))


def test_of_several_processes_one_receives_the_call(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results, path = context.Queue(), str(tmp_path / "calls.db")
    with closing(SQLiteCorrelations(path)) as store:
        store.expect(NAME)
    processes = [context.Process(target=_receive_in_process, args=(path, results, number)) for number in range(3)]
    for process in processes:
        process.start()
    assert sorted(results.get(timeout=60) for _ in processes) == [200, 409, 409]
    for process in processes:
        process.join()


def test_a_file_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the store of correlations cannot open"):
        SQLiteCorrelations(tmp_path / "nowhere" / "calls.db")
    store = SQLiteCorrelations(tmp_path / "calls.db")
    store.close()
    with pytest.raises(HITLError, match="the store of correlations cannot use"):
        store.received(NAME)
    assert status(store, call()) == 503


def test_a_store_in_a_file_can_be_sent_to_another_process_and_one_in_memory_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(SQLiteCorrelations("calls.db", lifetime=60)) as store:
        store.expect(NAME)
        monkeypatch.chdir(os.sep)
        with closing(pickle.loads(pickle.dumps(store))) as other:
            assert other.receive(NAME, "{}") == "new"
    with pytest.raises(TypeError, match="SQLiteCorrelations is for several"):
        copy.deepcopy(MemoryCorrelations())
