"""What only the ledger in PostgreSQL has: an address with a password, and a network that breaks."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from hitl.approval import LedgerError, PostgresLedger
from hitl.approval.ledger import Decision, NewApproval, Outcome
from hitl.exceptions import ConfigurationError

PASSWORD = "hunter2secret"


def new(key: str) -> NewApproval:
    return NewApproval(key, key, "", 0, "shop:refund", {"n": 1}, {"a": 1}, "f", "s")


def approved(ledger: PostgresLedger, key: str) -> None:
    ledger.ask(new(key))
    ledger.decide(key, "answered", "r", Decision("approved"))


class Proxy:
    """Stands between a ledger and its database, and cuts the connection where it is told to.

    Attributes:
        before: What of the program's bytes is never passed on: the connection is cut instead.
        after: What of the program's bytes is passed on, and the answer to it is not.
    """

    def __init__(self, port: int) -> None:
        self.before: bytes | None = None
        self.after: bytes | None = None
        self.cuts = 0
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # which wakes accept()
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                program, _ = self._server.accept()
                threading.Thread(target=self._serve, args=[program], daemon=True).start()

    def _serve(self, program: socket.socket) -> None:
        with program, socket.create_connection(("127.0.0.1", self._target)) as database:
            back = threading.Thread(target=self._pass_back, args=[database, program])
            back.start()
            with contextlib.suppress(OSError):
                while sent := program.recv(65536):
                    if self.before and self.before in sent:
                        self.before = None
                        break
                    is_last = bool(self.after and self.after in sent)
                    if is_last:
                        self.after = None
                        program.shutdown(socket.SHUT_RDWR)  # before the answer can come back
                    database.sendall(sent)
                    if is_last:
                        break
            self.cuts += 1
            for each, how in ((program, socket.SHUT_RDWR), (database, socket.SHUT_WR)):
                with contextlib.suppress(OSError):
                    each.shutdown(how)
            back.join()

    def _pass_back(self, database: socket.socket, program: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while received := database.recv(65536):
                program.sendall(received)
        with contextlib.suppress(OSError):
            program.shutdown(socket.SHUT_RDWR)


def facts_of(database: str) -> dict[str, Any]:
    found: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(database)
    return found


@pytest.fixture
def proxy(database: str) -> Iterator[Proxy]:
    proxy = Proxy(int(facts_of(database)["port"]))
    yield proxy
    proxy.close()


@pytest.fixture
def ledger(database: str, proxy: Proxy) -> Iterator[PostgresLedger]:
    facts = facts_of(database)
    ledger = PostgresLedger(f"postgresql://hitl:{PASSWORD}@127.0.0.1:{proxy.port}/{facts['dbname']}")
    ledger.approvals()
    yield ledger
    ledger.close()


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_connection_that_is_cut_at_the_commit_loses_no_consume(
    ledger: PostgresLedger, proxy: Proxy, cut: str
) -> None:
    for number in range(5):
        approved(ledger, f"k{number}")
        setattr(proxy, cut, b"COMMIT")
        cuts = proxy.cuts
        assert ledger.consume(f"k{number}", "r", f"claim {number}", "me")
        assert proxy.cuts > cuts
        assert not ledger.consume(f"k{number}", "r", "another claim", "me")
    whats = [json.loads(each.body)["what"] for each in ledger.records()]
    assert whats.count("consumed") == 5


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_connection_that_is_cut_at_the_commit_loses_no_outcome(
    ledger: PostgresLedger, proxy: Proxy, cut: str
) -> None:
    approved(ledger, "k")
    ledger.consume("k", "r", "claim", "me")
    setattr(proxy, cut, b"COMMIT")
    assert ledger.settle("k", "claim", "finished", Outcome())
    assert not ledger.settle("k", "another claim", "failed", Outcome())
    row = ledger.get("k")
    assert row is not None
    assert row.state == "finished"


@pytest.mark.parametrize("cut", [b"UPDATE hitl_approvals", b"INSERT INTO hitl_records", b"pg_advisory_xact_lock"])
def test_a_connection_that_is_cut_within_is_tried_again(ledger: PostgresLedger, proxy: Proxy, cut: bytes) -> None:
    approved(ledger, "k")
    proxy.after = cut
    assert ledger.consume("k", "r", "claim", "me")
    assert [json.loads(each.body)["what"] for each in ledger.records()] == ["asked", "decided", "consumed"]


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("at", [b"hitl_handled", b"COMMIT"])
def test_a_connection_that_is_cut_handles_no_decision_twice(
    ledger: PostgresLedger, proxy: Proxy, cut: str, at: bytes
) -> None:
    def begin(run: str) -> str:
        return ledger.begin_handling("d", "shop:refund", run, running={"mine", "another"}, takes_over=False)

    setattr(proxy, cut, at)
    assert begin("mine") == "begun"
    assert begin("another") == "elsewhere"
    setattr(proxy, cut, at)
    ledger.end_handling("d", "shop:refund")
    assert proxy.cuts == 2
    assert begin("mine") == begin("another") == "handled"


def test_where_nobody_knows_a_ledger_error_says_so(ledger: PostgresLedger, proxy: Proxy) -> None:
    approved(ledger, "k")
    proxy.before = b"COMMIT"
    proxy.close()
    with pytest.raises(LedgerError, match="127.0.0.1"):
        ledger.consume("k", "r", "claim", "me")


def test_connections_that_the_database_closed_meanwhile_are_replaced(ledger: PostgresLedger, database: str) -> None:
    approved(ledger, "k")
    with psycopg.connect(database, autocommit=True) as other:
        ours = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        other.execute(f"SELECT pg_terminate_backend(pid) {ours}".encode())
        while other.execute(f"SELECT count(*) {ours}".encode()).fetchone() != (0,):
            pass
    assert ledger.consume("k", "r", "claim", "me")


def test_a_database_that_may_forget_is_refused(database: str) -> None:
    ledger = PostgresLedger(f"{database} options='-c synchronous_commit=off'")
    with pytest.raises(LedgerError, match="synchronous_commit"):
        ledger.approvals()


@pytest.mark.parametrize("level", ["repeatable\\ read", "serializable"])
def test_a_stricter_isolation_of_the_database_does_not_break_the_chain(database: str, level: str) -> None:
    address = f"{database} options='-c default_transaction_isolation={level}'".replace("\\ ", "\\\\ ")
    ledgers = [PostgresLedger(address) for _ in range(4)]
    ledgers[0].approvals()

    def write(ledger: PostgresLedger) -> None:
        for _ in range(20):
            ledger.record("allowed", {"rule": "x"})

    threads = [threading.Thread(target=write, args=[each]) for each in ledgers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(list(ledgers[0].records())) == 80
    for ledger in ledgers:
        ledger.close()


def test_a_user_who_may_not_create_tables_uses_those_that_are_there(database: str) -> None:
    owner = PostgresLedger(database)
    owner.approvals()
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("DROP ROLE IF EXISTS app")
        other.execute("CREATE ROLE app LOGIN")
        other.execute("GRANT SELECT, INSERT, UPDATE ON hitl_approvals, hitl_records, hitl_allowances TO app")
        app = PostgresLedger(database.replace("user=hitl", "user=app"))
        app.record("allowed", {})
        app.close()
        other.execute("DROP OWNED BY app")
        other.execute("DROP ROLE app")
    assert len(list(owner.records())) == 1
    owner.close()


def everything(error: BaseException) -> str:
    """Return what a careless log may show of an error: its text, those it came from, and the locals of our frames."""
    shown = [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if "/hitl/" in frame.f_code.co_filename]
    shown += [repr(frame.f_locals) for frame in frames]
    for other in (error.__cause__, error.__context__):
        shown += [everything(other)] if other is not None else []
    return "\n".join(shown)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("postgresql://u:{}@127.0.0.1:1/db", LedgerError),
        ("postgresql://u:{}@nowhere.invalid/db", LedgerError),
        ("postgresql://u:{}@/db?host=/nowhere", LedgerError),
        ("host=127.0.0.1 port=1 password={}", LedgerError),
        ("postgresql://127.0.0.1:1/db?password={}", LedgerError),
        ("postgresql://u:x@{}@127.0.0.1:1/db", ConfigurationError),
        ("postgresql://u:x/{}@127.0.0.1:1/db", ConfigurationError),
        ("postgresql://u:{}/x@127.0.0.1:1/db", ConfigurationError),
        ("postgresql://u:1/{}@127.0.0.1:1/db", ConfigurationError),
        ("postgresql://u:%zz{}@127.0.0.1:1/db", ConfigurationError),
        ("postgresql://u@127.0.0.1:{}/db", ConfigurationError),
        ("postgresql://u@127.0.0.1/db?{}=1", ConfigurationError),
        ("password={} {}", ConfigurationError),
        ("{}", ConfigurationError),
    ],
)
def test_no_password_of_an_address_is_ever_shown(address: str, kind: type[Exception]) -> None:
    def use() -> None:
        ledger = PostgresLedger(address.format(*[PASSWORD] * address.count("{}")))
        assert PASSWORD not in repr(ledger)
        assert PASSWORD not in repr(vars(ledger))
        ledger.approvals()

    with pytest.raises(kind) as caught:
        use()
    assert PASSWORD not in everything(caught.value)


def test_a_wrong_password_is_not_shown(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("DROP ROLE IF EXISTS nobody")
        ledger = PostgresLedger(database.replace("user=hitl", f"user=nobody password={PASSWORD}"))
        with pytest.raises(LedgerError, match="nobody") as caught:
            ledger.approvals()
        assert PASSWORD not in everything(caught.value)


def test_without_psycopg_the_message_names_the_extra() -> None:
    program = """
import sys
sys.modules["psycopg"] = None
import hitl.approval
print(hitl.approval.PostgresLedger.__name__)
try:
    hitl.approval.ledger_at("postgresql://u:hunter2secret@h/db")
except hitl.exceptions.ConfigurationError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    name, message = done.stdout.splitlines()
    assert name == "PostgresLedger"
    assert "'postgres' extra" in message
    assert PASSWORD not in message


def test_the_environment_may_name_a_database(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    from hitl.approval import SQLiteLedger, ledger_at

    facts = facts_of(database)
    monkeypatch.setenv("HITL_LEDGER", f"postgresql://hitl@/{facts['dbname']}?host={facts['host']}&port={facts['port']}")
    ledger = ledger_at()
    assert isinstance(ledger, PostgresLedger)
    assert ledger.approvals() == []
    ledger.close()
    with pytest.raises(ConfigurationError, match="HITL_LEDGER"):
        SQLiteLedger()


def test_a_ledger_gives_its_connections_back(database: str) -> None:
    def connections() -> int:
        with psycopg.connect(database) as other:
            found = other.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()").fetchone()
            return found[0] - 1 if found else 0

    ledger = PostgresLedger(database)

    def work() -> None:
        for _ in range(5):
            ledger.record("allowed", {})

    threads = [threading.Thread(target=work) for _ in range(30)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert 1 <= connections() <= 4
    ledger.close()
    while connections():
        pass
    ledger.record("allowed", {})  # it opens again by itself
    ledger.close()
    while connections():
        pass
