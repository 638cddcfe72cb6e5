"""Each guard, taken out: the named cases of the fault list fail without it, so they hold what they promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import test_lifecycle
import test_no_secret_leaks
import test_processes
from cases import KEY, blocking, prepare, run
from catalogue import CASES
from mutations import MUTATIONS, Mutation

from hitl import HITLClient, _secret
from hitl._engine import codec as _requests
from hitl._engine import connection as _connection
from hitl._engine import pool as _pool
from hitl.exceptions import HITLError
from hitl.testing import HostileServer


@pytest.mark.parametrize(
    ("mutation", "name"),
    [pytest.param(mutation, name, id=f"{mutation.guard}: {name}") for mutation in MUTATIONS for name in mutation.cases],
)
def test_the_case_fails_without_the_guard(mutation: Mutation, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation.owner, mutation.name, mutation.without)
    with pytest.raises((AssertionError, HITLError)):
        run(CASES[name], blocking)


# --- guards whose proof is a test of its own -------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        prepare(server)
        yield server


def test_the_key_would_show_if_answers_were_not_searched_for_it(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_requests.RequestCodec, "redact", lambda self, text: text)
    with pytest.raises(AssertionError):
        test_no_secret_leaks.test_errors_logs_and_tracebacks_do_not_show_the_key(
            server, "a refusal that repeats the key", test_no_secret_leaks._blocking, caplog
        )


def test_the_key_would_show_if_it_were_not_masked(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_secret.Secret, "__repr__", lambda self: self.reveal())
    with pytest.raises(AssertionError):
        test_no_secret_leaks.test_a_walk_over_a_client_does_not_find_the_key(server, HITLClient)


def test_threads_would_meet_if_a_connection_were_not_taken_out(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def share(self: Any, longest_idle: float) -> Any:
        return self._idle[-1] if self._idle else None

    monkeypatch.setattr(_pool.Pool, "take", share)
    with (
        HITLClient(KEY, base_url=server.url, timeout=2, max_retries=0) as client,
        pytest.raises((AssertionError, HITLError)),
    ):
        test_lifecycle.test_threads_share_a_client(server, client)


def test_a_forked_process_would_take_its_parents_connection(server: HostileServer) -> None:
    assert test_processes.connections_of_parent_and_child(server) == 2
    server.requests.clear()
    without = f"import {_connection.__name__} as it; it.Connection._is_ours = True\n"
    assert test_processes.connections_of_parent_and_child(server, without) == 1


def test_there_are_mutations_of_at_least_25_guards() -> None:
    assert len({mutation.guard for mutation in MUTATIONS}) >= 25
