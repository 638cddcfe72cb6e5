"""Each guard, taken out: the named cases of the fault list fail without it, so they hold what they promise."""

from __future__ import annotations

from typing import Any

import pytest
import test_lifecycle
import test_no_secret_leaks
import test_processes
from cases import KEY, blocking, run
from catalogue import CASES
from guards import guard, marked
from mutations import MUTATIONS, Mutation, value

from hitl import HITLClient
from hitl.exceptions import HITLError
from hitl.testing import HostileServer


@pytest.mark.parametrize(
    ("mutation", "name"),
    [
        pytest.param(mutation, name, id=f"{mutation.promise}: {name}")
        for mutation in MUTATIONS
        for name in mutation.cases
    ],
)
def test_the_case_fails_without_the_guard(mutation: Mutation, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    guard(mutation.guard).take_out(monkeypatch, mutation.without)
    # A bare ValueError is what the generated client says of an id that the facade should have refused.
    with pytest.raises((AssertionError, HITLError, ValueError)):
        run(CASES[name], blocking)


# --- guards whose proof is a test of its own -------------------------------------------------------------------------


def test_the_key_would_show_if_answers_were_not_searched_for_it(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    guard("key-redacted").take_out(monkeypatch, value(lambda self, text: text))
    with pytest.raises(AssertionError):
        test_no_secret_leaks.test_errors_logs_and_tracebacks_do_not_show_the_key(
            server, "a refusal that repeats the key", test_no_secret_leaks._blocking, caplog
        )


def test_the_key_would_show_if_it_were_not_masked(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    guard("secret-masked").take_out(monkeypatch, value(lambda self: self.reveal()))
    with pytest.raises(AssertionError):
        test_no_secret_leaks.test_a_walk_over_a_client_does_not_find_the_key(server, HITLClient)


def test_threads_would_meet_if_a_connection_were_not_taken_out(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def share(self: Any, longest_idle: float) -> Any:
        return self._idle[-1] if self._idle else None

    guard("one-exchange-a-connection").take_out(monkeypatch, value(share))
    with (
        HITLClient(KEY, base_url=server.url, timeout=2, max_retries=0) as client,
        pytest.raises((AssertionError, HITLError)),
    ):
        test_lifecycle.test_threads_share_a_client(server, client)


def test_a_forked_process_would_take_its_parents_connection(server: HostileServer) -> None:
    assert test_processes.connections_of_parent_and_child(server) == 2
    server.requests.clear()
    own_process = guard("own-process")
    without = f"import {own_process.module} as it; it.{own_process.path} = True\n"
    assert test_processes.connections_of_parent_and_child(server, without) == 1


OWN_PROOFS = {
    *("key-redacted", "secret-masked", "one-exchange-a-connection", "own-process"),
    *("allowance-holds", "consume-once", "tagged-tree", "verdict"),  # in tests/approval/test_approval_guards.py
    "turn-verdict",  # in tests/client/test_turn_wait.py
}


def test_each_marked_guard_is_taken_out_by_a_test() -> None:
    assert {mutation.guard for mutation in MUTATIONS} | OWN_PROOFS == set(marked())


def test_at_least_32_promises_are_proven_by_a_mutation() -> None:
    assert len({mutation.promise for mutation in MUTATIONS}) >= 32


@pytest.mark.parametrize("name", sorted({mutation.guard for mutation in MUTATIONS} | OWN_PROOFS))
def test_a_guard_is_marked_once(name: str) -> None:
    guard(name)


def test_a_guard_that_is_gone_is_missed() -> None:
    with pytest.raises(pytest.fail.Exception, match="0 definitions in hitl/ are marked '# guard: not-there'"):
        guard("not-there")
