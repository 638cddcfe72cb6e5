"""A team's server under a service manager: it inherits its socket, says how it is, and ends without losing anything."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from team_processes import (
    HITL,
    HOST,
    PATIENCE,
    REVIEW,
    Serving,
    Trust,
    headers_of,
    nginx,
    serving,
    snippets,
    started,
)

from hitl.server.http.systemd import inherited_socket
from hitl.server.primitives import SetupError


@pytest.fixture
def held() -> Iterator[socket.socket]:
    """A listening socket that outlives the servers."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as held:
        yield held


def address(held: socket.socket) -> str:
    host, port = held.getsockname()
    return f"{host}:{port}"


class Load:
    """Programs that create reviews and read without a pause, until told to end; it counts the answers by status."""

    def __init__(self, http: httpx.Client, threads: int = 4) -> None:
        self._http = http
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(threads)
        self._running: list[Future[None]] = [self._pool.submit(self._ask) for _ in range(threads)]
        self._counted = threading.Condition()
        self.statuses: Counter[int] = Counter()

    def wait_for(self, more: int) -> None:
        """Return after this many further answers."""
        with self._counted:
            wanted = self.statuses.total() + more
            assert self._counted.wait_for(lambda: self.statuses.total() >= wanted, PATIENCE)

    def end(self) -> None:
        """Stop, and raise what a program has met."""
        self._over.set()
        for each in self._running:
            each.result(PATIENCE)
        self._pool.shutdown()

    def _ask(self) -> None:
        while not self._over.is_set():
            for answer in (self._http.post("/v1/reviews", json=REVIEW), self._http.get("/v1/reviews?limit=1")):
                with self._counted:
                    self.statuses[answer.status_code] += 1
                    self._counted.notify_all()


def test_no_request_is_lost_over_restarts_behind_nginx(tmp_path: Path, held: socket.socket) -> None:
    trust = Trust.in_folder(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as public:
        port = public.getsockname()[1]
        team = ["--public-url", f"https://{HOST}:{port}", "--trusted-proxy", "127.0.0.1"]
        data = tmp_path / "team.db"
        with (
            nginx(tmp_path, trust, snippets("nginx")[0], address(held), public),
            trust.client(port, headers_of(data)) as http,
        ):
            load = None
            for _ in range(3):
                with serving(data, *team, held=held) as server:
                    load = load or Load(http)
                    load.wait_for(40)
                    server.stop()
            with serving(data, *team, held=held):
                assert load is not None
                load.wait_for(40)
                load.end()
                made = http.get("/v1/reviews?limit=1").json()["meta"]["pagination"]["total"]
            assert load.statuses.keys() == {200, 201}
            assert made == load.statuses[201]


def test_a_stop_answers_what_waits_and_says_when_to_come_back(tmp_path: Path, held: socket.socket) -> None:
    program = headers_of(tmp_path / "team.db")
    with (
        serving(tmp_path / "team.db", held=held) as server,
        httpx.Client(base_url=f"http://{address(held)}", headers=program, timeout=PATIENCE) as http,
        ThreadPoolExecutor(10) as pool,
    ):
        made = http.post("/v1/reviews", json=REVIEW).json()["data"]["id"]
        streams = [http.stream("GET", "/v1/events") for _ in range(5)]
        lines = [each.__enter__().iter_lines() for each in streams]
        assert all(next(each).startswith(":") for each in lines)
        waiting = [pool.submit(_wait_for, http, made, server) for _ in range(5)]
        _until_held(http, server, len(waiting))
        server.process.send_signal(signal.SIGTERM)
        for each in waiting:
            answer = each.result(PATIENCE)
            assert (answer.status_code, answer.json()["data"]["id"]) == (200, made)
        for each in lines:
            assert "retry: 1000" in list(each)
        for stream in streams:
            stream.__exit__(None, None, None)


def _wait_for(http: httpx.Client, review_id: str, server: Serving) -> httpx.Response:
    assert server.process.poll() is None
    return http.get(f"/v1/reviews/{review_id}", headers={"Prefer": "wait=50"})


def _until_held(http: httpx.Client, server: Serving, number: int) -> None:
    """Return when the server has this many further connections: those of the waits, which are sent by then."""
    wanted = number + 6  # the streams, and the client's own
    while len(_connections(server)) < wanted:
        assert http.get("/healthz").status_code == 200


def _connections(server: Serving) -> list[str]:
    """Return the established connections of the server's port."""
    port = f":{int(server.where.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[2] for row in rows if row[1].endswith(port) and row[3] == "01"]


@contextmanager
def notified(folder: Path) -> Iterator[tuple[dict[str, str], socket.socket]]:
    """Yield the environment of a service, and the socket on which its manager listens."""
    path = folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(PATIENCE)
        yield {"NOTIFY_SOCKET": str(path)}, manager


def test_the_service_manager_is_told(tmp_path: Path) -> None:
    command = [*HITL, "server", "--data", str(tmp_path / "team.db"), "--port", "0"]
    with notified(tmp_path) as (env, manager), started(command, env={**env, "WATCHDOG_USEC": "100000"}) as process:
        assert sorted(manager.recv(100) for _ in range(2)) == [b"READY=1", b"WATCHDOG=1"]  # in any order
        assert [manager.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        process.send_signal(signal.SIGHUP)  # nothing to load, and no reason to end
        assert manager.recv(100) == b"WATCHDOG=1"
        process.send_signal(signal.SIGTERM)
        while (told := manager.recv(100)) == b"WATCHDOG=1":
            pass
        assert told == b"STOPPING=1"


def test_a_socket_for_another_process_is_not_taken(tmp_path: Path, held: socket.socket) -> None:
    env = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}  # of a parent, who did not take them away
    with serving(tmp_path / "team.db", env=env) as server:
        assert server.where != address(held)
        assert httpx.get(f"http://{server.where}/healthz").status_code == 200


@pytest.mark.parametrize("number", ["2", "17"])
def test_more_than_one_socket_is_refused(number: str) -> None:
    with pytest.raises(SetupError, match="give one ListenStream"):
        inherited_socket({"LISTEN_FDS": number, "LISTEN_PID": str(os.getpid())}, os.getpid())


def test_the_unix_socket_of_a_service_manager_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(path))
        held.listen(10)
        team = ["--public-url", f"https://{HOST}"]  # the proxy is whoever can open the socket
        for _ in range(2):
            with serving(tmp_path / "team.db", *team, held=held) as server:
                assert server.where == str(path)
                with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as http:
                    answer = http.get(f"http://{HOST}/healthz", headers={"X-Forwarded-For": "192.0.2.1"})
                    assert answer.status_code == 200
        assert path.exists()  # it belongs to the service manager


def test_a_renewed_certificate_is_loaded_on_sighup(tmp_path: Path) -> None:
    first, second = (Trust.in_folder(_made(tmp_path / name)) for name in ("first", "second"))
    used = Trust(first.authority, tmp_path / "cert.pem", tmp_path / "key.pem")
    _copy(first, used)
    files = ["--certfile", str(used.certificate), "--keyfile", str(used.key)]
    options = ["--data", str(tmp_path / "team.db"), "--port", "0", "--public-url", f"https://{HOST}"]
    with started([*HITL, "server", *options, *files]) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "Listens" in line)
        port = int(line.strip().rpartition(":")[2])
        with first.client(port) as http:
            assert http.get("/healthz", headers={"Host": HOST}).status_code == 200
        _copy(second, used)
        process.send_signal(signal.SIGHUP)
        while True:
            with second.client(port) as http:
                try:
                    assert http.get("/healthz", headers={"Host": HOST}).status_code == 200
                    break
                except httpx.ConnectError:  # the signal has not been handled yet
                    continue


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _copy(given: Trust, used: Trust) -> None:
    used.certificate.write_bytes(given.certificate.read_bytes())
    used.key.write_bytes(given.key.read_bytes())
