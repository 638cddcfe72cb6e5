"""`hitl pending`, `hitl approvals` and `hitl audit`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hitl import HITLClient
from hitl.approval import Allowance, Policy, Rule, SQLiteLedger, require_approval, submit
from hitl.testing import Sandbox

Run = Callable[..., Result]


@pytest.fixture
def ledger(tmp_path: Path, environment: dict[str, str]) -> SQLiteLedger:
    environment["HITL_LEDGER"] = str(tmp_path / "approvals.db")
    return SQLiteLedger(tmp_path / "approvals.db")


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


def test_what_waits_is_listed_by_run(run: Run, sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger) -> None:
    for name in ("run-2", "run-1"):

        @require_approval(client, ledger=ledger, run=name)
        def refund(order: str, run: str) -> None: ...

        submit(refund, "o-7", name)
    listed = run("pending").output.splitlines()
    assert [line.split()[0] for line in listed] == ["RUN", "run-1", "run-2"]
    (row,) = json.loads(run("pending", "--json", "--run", "run-1").output)
    assert (row["state"], row["arguments"], row["run"]) == ("asked", {"order": "o-7", "run": "run-1"}, "run-1")
    assert row["review_id"] in run("pending").output


def test_what_is_in_doubt_is_settled_by_a_person(
    run: Run, sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger
) -> None:
    @require_approval(client, ledger=ledger)
    def refund() -> None:
        raise KeyboardInterrupt

    sandbox.reviewer.on(content=lambda given: given["arguments"] == {}).approve()
    with pytest.raises(KeyboardInterrupt):
        refund()
    (row,) = json.loads(run("pending", "--json").output)
    assert row["state"] == "unknown"
    assert run("approvals", "settle", row["key"], "--by", "kim").exit_code == 2
    done = run("approvals", "settle", row["key"], "--finished", "--by", "kim", "--note", "the bank says so")
    assert (done.exit_code, done.output) == (0, f"{row['key']} finished\n")
    again = run("approvals", "settle", row["key"], "--failed", "--by", "kim")
    assert (again.exit_code, again.output) == (1, f"Error: {row['key']} is finished, so there is nothing to settle\n")
    assert run("approvals", "settle", "nothing", "--failed", "--by", "kim").exit_code == 3
    assert run("pending").output == ""


def test_the_report_counts_by_rule_and_names_the_allowances(
    run: Run, sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger
) -> None:
    rules = [
        Rule("small", allow=lambda call: call.arguments["amount"] < 50),
        Rule("for a while", ask=True, allowance=Allowance(minutes=30, uses=5)),
    ]

    @require_approval(client, ledger=ledger, policy=Policy(rules))
    def refund(amount: int) -> None: ...

    sandbox.reviewer.on(content=lambda given: "amount" in given["arguments"]).approve(allowance="allowance")
    for amount in (1, 2, 60, 70):
        refund(amount)
    told = json.loads(run("approvals", "report", "--json").output)
    counted = {(each["rule"], each["what"]): each["calls"] for each in told["calls"]}
    assert counted[("small", "allowed")] == 2
    (allowance,) = told["allowances"]
    assert (allowance["rule"], allowance["uses_left"], allowance["revoked_by"]) == ("for a while", 4, None)
    assert allowance["id"] in run("approvals", "report").output
    assert run("approvals", "revoke", allowance["id"], "--by", "kim").output == f"{allowance['id']} revoked\n"
    assert run("approvals", "revoke", allowance["id"], "--by", "kim").exit_code == 3
    assert json.loads(run("approvals", "report", "--json").output)["allowances"][0]["revoked_by"] == "kim"


def test_the_audit_is_exported_and_verified(
    run: Run, sandbox: Sandbox, client: HITLClient, ledger: SQLiteLedger, tmp_path: Path
) -> None:
    @require_approval(client, ledger=ledger)
    def refund(order: str) -> None: ...

    sandbox.reviewer.on(content=lambda given: given["arguments"] == {"order": "o-7"}).approve()
    refund("o-7")
    exported = run("audit", "export")
    lines, anchor = exported.stdout, exported.stderr.split()[1]
    assert len(lines.splitlines()) == 4
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(lines)
    bad.write_text(lines.replace("o-7", "o-8"))
    assert run("audit", "verify", str(good), "--anchor", anchor).output == f"4 records, anchor {anchor}\n"
    assert run("audit", "verify", str(bad)).output == "Error: record 1 was changed\n"
    cut = run("audit", "verify", "-", "--anchor", anchor, stdin="".join(lines.splitlines(keepends=True)[:3]))
    assert (cut.exit_code, cut.output) == (1, "Error: the chain ends with record 3, before the anchor: it was cut\n")


def test_a_ledger_that_is_not_there_is_not_made(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    for command in (["pending"], ["approvals", "report"], ["audit", "export"]):
        result = run(*command, "--ledger", str(missing))
        assert (result.exit_code, result.output) == (3, f"Error: there is no ledger at {missing}\n")
    assert not missing.exists()
