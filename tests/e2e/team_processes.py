"""A team's server and the proxies in front of it, each in a process of its own, and clients that trust their TLS."""

from __future__ import annotations

import getpass
import grp
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import trustme
from documents import page

from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}
HOST = "reviews.example.com"
PATIENCE = 60  # seconds that a process may take before the test fails

HITL = [sys.executable, "-W", "error", "-m", "hitl.cli"]

_UPSTREAM = "127.0.0.1:4010"  # in the documentation


@contextmanager
def serving(
    data: Path, *options: str, held: socket.socket | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Run `hitl server` until the block ends, which must end it in order; `held` is a socket that it inherits."""
    command = [*HITL, "server", "--data", str(data), "--port", "0", "--rate-limit", "none", "--log", "text", *options]
    with started(command, held=held, env=env) as process:
        assert process.stdout is not None
        listens = next((line for line in process.stdout if "Listens" in line), "")
        assert listens, process.stderr.read() if process.stderr else ""
        yield Serving(process, listens.split()[1].rstrip(","))


def headers_of(data: Path) -> dict[str, str]:
    """Return the headers of a program, whose key is made when it is first asked for; not while a server has the file."""
    file = data.with_suffix(".program")
    if not file.exists():
        with ReviewServer(data=data, team=TeamSettings()) as server:
            _, key = server.keys.create("a program", owner=None, scopes=("ask:all", "read", "admin"))
        file.write_text(key)
    return {"Authorization": f"Bearer {file.read_text()}"}


@dataclass
class Serving:
    """A server that answers, and where it listens."""

    process: subprocess.Popen[str]
    where: str

    def stop(self) -> str:
        """End it as a service manager does, and return what it said of errors."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors
        return errors


@contextmanager
def started(
    command: Sequence[str], *, held: socket.socket | None = None, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a command, as a service manager would that has opened a socket for it; it must end with success."""
    if held is not None:
        # The shell becomes the command, so its process id is that of the command.
        script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{held.fileno()}'
        command = ["bash", "-c", script, "bash", *command]  # dash knows descriptors of one digit only
    fds = () if held is None else (held.fileno(),)
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**os.environ, **(env or {})}, pass_fds=fds, **pipes) as process:
        try:
            yield process
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        except BaseException:
            process.kill()
            raise
        finally:
            _, errors = ("", "") if process.returncode is not None else process.communicate(timeout=PATIENCE)
    assert "Traceback" not in errors, errors
    assert process.returncode == 0, errors


# --- proxies --------------------------------------------------------------------------------------------------------


@dataclass
class Trust:
    """An authority, and the files of a certificate that it gave the server's public host."""

    authority: trustme.CA
    certificate: Path
    key: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Trust:
        """Write the files into a folder."""
        authority = trustme.CA()
        given = authority.issue_cert(HOST)
        trust = cls(authority, folder / "reviews.pem", folder / "reviews.key")
        given.cert_chain_pems[0].write_to_path(trust.certificate)
        given.private_key_pem.write_to_path(trust.key)
        return trust

    def client(self, port: int, headers: Mapping[str, str] = MappingProxyType({})) -> httpx.Client:
        """Return a client of the public host, at a port of this machine."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        client = httpx.Client(
            base_url=f"https://127.0.0.1:{port}",
            verify=context,
            headers={"Host": f"{HOST}:{port}", **headers},
            timeout=PATIENCE,
        )
        client.event_hooks["request"] = [_ask_for_the_host]
        return client


def _ask_for_the_host(request: httpx.Request) -> None:
    request.extensions["sni_hostname"] = HOST


def free_port() -> int:
    """Return a port that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def snippets(language: str) -> list[str]:
    """Return the configurations in a language of the page about proxies."""
    return re.findall(rf"```{language}\n(.*?)```", page("how-to/behind-a-proxy.md"), re.S)


@contextmanager
def nginx(folder: Path, trust: Trust, configuration: str, upstream: str, listener: socket.socket) -> Iterator[None]:
    """Run nginx with a configuration of the documentation; it takes over a listening socket, so none is refused."""
    port = listener.getsockname()[1]
    of_test = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/reviews.pem": str(trust.certificate),
        "/etc/ssl/reviews.key": str(trust.key),
        "/var/log/nginx/hitl.log": str(folder / "access.log"),
        f"server {_UPSTREAM};": f"server {upstream};",
    }
    for shown, used in of_test.items():
        configuration = configuration.replace(shown, used)
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"{_as_ourselves()}daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n{temporary}access_log off;\n{configuration}\n}}\n"
    )
    command = ["nginx", "-c", str(file), "-p", str(folder), "-e", str(folder / "error.log")]
    # As at an upgrade of nginx, when one process leaves its sockets to the next.
    env = {**os.environ, "NGINX": f"{listener.fileno()};"}
    with subprocess.Popen(command, env=env, pass_fds=(listener.fileno(),)) as process:
        try:
            yield
        finally:
            process.terminate()


def _as_ourselves() -> str:
    # Workers are somebody else by default, who may not write into the folder of a test.
    return f"user {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name};" if os.getuid() == 0 else ""


@contextmanager
def caddy(folder: Path, trust: Trust, configuration: str, upstream: str, port: int) -> Iterator[None]:
    """Run Caddy with a configuration of the documentation, for a public URL that names the port."""
    site, _, rest = configuration.partition(" {")
    rest = rest.replace(_UPSTREAM, upstream)
    file = folder / "Caddyfile"
    file.write_text(
        "{\n admin off\n auto_https off\n}\n"
        f"https://{site}:{port} {{\n bind 127.0.0.1\n tls {trust.certificate} {trust.key}\n{rest}"
    )
    command = ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]
    env = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = ""
            while "serving initial configuration" not in said:
                said = process.stderr.readline()
                assert said, "Caddy did not start"
            yield
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)
