"""`hitl server check`: each thing that is wrong is found, with what to do, and what is well is left alone."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from starlette.types import Scope

from hitl.cli.checking import check_public_url
from hitl.cli.commands import hitl
from hitl.cli.control import control
from hitl.server.http.server import BackgroundServer
from hitl.server.migrations import MIGRATIONS
from hitl.server.operations.check import Finding, check_clock, check_files
from hitl.server.operations.probe import Probes
from hitl.server.review_server import ReviewServer
from hitl.server.storage import Database
from hitl.server.team_settings import TeamSettings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    data = tmp_path / "team.db"
    Database(data, MIGRATIONS).close()
    Path(f"{data}.backed-up").touch()
    return data


def found(data: Path, now: float | None = None) -> dict[str, Finding]:
    clock = {} if now is None else {"now": lambda: now}
    return {each.name: each for each in check_files(data, len(MIGRATIONS), **clock)}


def wrong(data: Path, now: float | None = None) -> dict[str, tuple[str, str]]:
    """Return what is not well, apart from the room on this machine's disk."""
    return {
        name: (each.level, f"{each.says} -> {each.advice}")
        for name, each in found(data, now).items()
        if each.level != "ok" and name != "space"
    }


# The files


def test_a_server_that_is_well_kept(data: Path):
    assert wrong(data) == {}
    assert list(found(data)) == ["file", "folder", "disk", "space", "schema", "backup"]


def test_a_file_that_is_not_there(tmp_path: Path):
    assert wrong(tmp_path / "typo.db")["file"][0] == "error"
    assert list(tmp_path.iterdir()) == []


def readable_file(data: Path) -> None:
    data.chmod(0o644)


def readable_log(data: Path) -> None:
    Path(f"{data}-wal").touch()
    Path(f"{data}-wal").chmod(0o604)


def open_folder(data: Path) -> None:
    data.parent.chmod(0o755)


def shared_folder(data: Path) -> None:
    data.parent.chmod(0o777)


def key_beside(data: Path) -> None:
    Path(f"{data}.key").touch(0o600)


def readable_key(data: Path) -> None:
    Path(f"{data}.key").touch()
    Path(f"{data}.key").chmod(0o640)


def newer_form(data: Path) -> None:
    Database(data, [*MIGRATIONS, ["CREATE TABLE later (x)"]]).close()
    Path(f"{data}.form-{len(MIGRATIONS)}").unlink()


def older_form(data: Path) -> None:
    data.unlink()
    Database(data, MIGRATIONS[:9]).close()


def migrated(data: Path) -> None:
    older_form(data)
    Database(data, MIGRATIONS).close()


def no_database(data: Path) -> None:
    data.write_bytes(b"Dear diary, " * 1000)
    data.chmod(0o600)


def no_backup(data: Path) -> None:
    Path(f"{data}.backed-up").unlink()


def held(data: Path) -> None:
    with ReviewServer(data=data, team=TeamSettings()) as site:
        site.outbox.call_back("http://127.0.0.1:9/", "review.completed", "rev_1", {}, at=site.clock())
        site.database.execute("UPDATE deliveries SET due_at = NULL")


@pytest.mark.parametrize(
    ("spoil", "name", "level", "says"),
    [
        (readable_file, "file", "error", "chmod 600"),
        (readable_log, "file", "error", "team.db-wal -> chmod 600"),
        (open_folder, "folder", "warning", "chmod 700"),
        (shared_folder, "folder", "error", "others may rename files"),
        (key_beside, "key", "warning", "--secrets-key-file"),
        (readable_key, "key", "error", "chmod 600"),
        (newer_form, "schema", "error", "upgrade hitl"),
        (older_form, "schema", "warning", "make a backup first"),
        (migrated, "copies", "warning", "still hold what has been erased since -> once this version"),
        (no_database, "schema", "error", "is not a sandbox's data file"),
        (no_backup, "backup", "warning", "none was made"),
        (held, "deliveries", "warning", "1 wait since a restore"),
    ],
)
def test_what_is_wrong_is_found(data: Path, spoil: Callable[[Path], None], name: str, level: str, says: str):
    spoil(data)
    ((found_name, (found_level, told)),) = wrong(data).items()
    assert (found_name, found_level) == (name, level)
    assert says in told


def test_a_backup_that_is_older_than_a_week(data: Path):
    made = Path(f"{data}.backed-up").stat().st_mtime
    assert wrong(data, made + 6.9 * 86_400) == {}
    assert "8 days old" in wrong(data, made + 8 * 86_400)["backup"][1]


def test_the_room_that_is_left(data: Path, monkeypatch: pytest.MonkeyPatch):
    for free, level in [(63 * 1024**2, "error"), (900 * 1024**2, "warning"), (2 * 1024**3, "ok")]:
        monkeypatch.setattr("shutil.disk_usage", lambda folder, free=free: _Usage(free))
        assert found(data)["space"].level == level


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


@pytest.mark.parametrize(("jump", "level"), [(0.0, "ok"), (0.04, "ok"), (3600.0, "warning"), (-0.2, "warning")])
def test_a_clock_that_was_set_between_two_looks(jump: float, level: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hitl.server.operations.check._clock_state", lambda: 0)
    time = [100.0, 100.0]

    def sleep(seconds: float) -> None:
        time[0] += seconds + jump
        time[1] += seconds

    assert check_clock(lambda: time[0], lambda: time[1], sleep).level == level


# The command


def run(*arguments: object) -> Result:
    return CliRunner().invoke(hitl, ["server", "check", *map(str, arguments)])


@contextmanager
def running(data: Path, public_url: str | None = None, port: int = 0) -> Iterator[ReviewServer]:
    with ReviewServer(data=data, port=port, team=TeamSettings(public_url=public_url)) as site:
        background = BackgroundServer(site.server())
        background.start()
        try:
            yield site
        finally:
            background.stop()


def test_the_exit_code_is_that_of_the_worst(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hitl.server.operations.check._clock_state", lambda: 0)
    monkeypatch.setenv("HITL_SECRETS_KEY", base64.b64encode(bytes(32)).decode())  # else one is made beside the data
    assert run("--data", data).exit_code == 1  # no server runs
    with running(data):
        told = run("--data", data)
        room = found(data)["space"].level
        assert told.exit_code == {"ok": 0, "warning": 1, "error": 2}[room], told.output
    data.chmod(0o644)
    assert run("--data", data).exit_code == 2


def test_for_programs_it_is_json(data: Path):
    with running(data):
        told = json.loads(run("--data", data, "--json").stdout)
    findings = {each["name"]: each for each in told["findings"]}
    assert findings["server"] == {"name": "server", "level": "ok", "says": "it answers, and can write", "advice": ""}
    assert findings["address"]["says"] == "it has no public address"


def test_a_server_that_is_not_ready_is_told(data: Path):
    with running(data) as site:
        site.database.execute("PRAGMA query_only = ON")
        told = json.loads(run("--data", data, "--json").stdout)
        site.database.execute("PRAGMA query_only = OFF")
    assert next(each for each in told["findings"] if each["name"] == "server")["says"] == "failing: database"


# The public address


class Proxy:
    """A proxy that makes the mistakes that people make; `change` gets the bytes of a request's head."""

    def __init__(self, *, change: Callable[[bytes], bytes] = lambda head: head, holds_back: bool = False) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.target = ("127.0.0.1", 0)
        self._change = change
        self._holds_back = holds_back
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        client, _ = self.listener.accept()
        with client, socket.create_connection(self.target) as server:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(4096)
            server.sendall(self._change(head).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            answer = b""
            while part := server.recv(4096):
                answer += part
                if not self._holds_back:
                    client.sendall(part)
            if self._holds_back:
                client.sendall(answer)


def seen_through(data: Path, proxy: Proxy, silence: float = 0.0, path: str = "") -> dict[str, tuple[str, str]]:
    with running(data, f"{proxy.url}{path}") as site:
        proxy.target = ("127.0.0.1", int(site.listens_on.rpartition(":")[2]))
        with control(str(data)) as server:
            findings = list(check_public_url(server, silence))
    proxy.listener.close()
    return {each.name: (each.level, f"{each.says} -> {each.advice}") for each in findings}


FORWARDED = b"X-Forwarded-Proto: http\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n"


def forwarding(head: bytes) -> bytes:
    return head.replace(b"\r\n\r\n", b"\r\n" + FORWARDED)


def test_a_proxy_that_does_everything_right(data: Path):
    told = seen_through(data, Proxy(change=forwarding))
    assert {name: level for name, (level, _) in told.items()} == dict.fromkeys(("address", "host", "stream"), "ok")


def test_a_prefix_is_part_of_the_address(data: Path):
    told = seen_through(data, Proxy(change=forwarding), path="/reviews/")
    assert {level for level, _ in told.values()} == {"ok"}


@pytest.mark.parametrize(
    ("before", "after", "name", "level", "says"),
    [
        (b"Host: 127.0.0.1", b"Host: hitl", "host", "error", "arrives as hitl:"),
        (b"/probe/", b"/other/", "address", "error", "leads elsewhere (404)"),
        (b"Proto: http", b"Proto: https", "proto", "error", "arrives as https, not http"),
        (b"Proto: http\r\n", b"Proto: http\r\nX-Forwarded-Proto: http\r\n", "proto", "error", "arrives as http, http"),
        (b"X-Forwarded-For: 203.0.113.7\r\n", b"", "client", "warning", "does not say whom it speaks for"),
    ],
)
def test_a_proxy_that_does_something_wrong(data: Path, before: bytes, after: bytes, name: str, level: str, says: str):
    told = seen_through(data, Proxy(change=lambda head: forwarding(head).replace(before, after)))
    assert told[name][0] == level
    assert says in told[name][1]


def test_a_proxy_that_holds_streams_back(data: Path):
    told = seen_through(data, Proxy(change=forwarding, holds_back=True), silence=1.2)
    assert told["stream"][0] == "error"
    assert "proxy_buffering off" in told["stream"][1]


def test_an_address_that_nobody_answers(data: Path):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with running(data, f"http://127.0.0.1:{port}"), control(str(data)) as server:
        (finding,) = check_public_url(server, 0.0)
    assert (finding.level, "cannot be reached" in finding.says) == ("error", True)


def scope_of(nonce: str) -> Scope:
    return {"type": "http", "path": f"/probe/{nonce}", "scheme": "http", "headers": []}


def test_only_a_nonce_of_the_command_is_answered_and_once():
    probes = Probes()
    nonce = probes.begin(0.0)
    assert probes.answer(scope_of("")) is None
    assert probes.answer(scope_of("guess")) is None
    assert probes.answer({**scope_of(nonce), "path": f"/{nonce}"}) is None
    assert probes.answer(scope_of(nonce)) is not None
    assert probes.answer(scope_of(nonce)) is None
