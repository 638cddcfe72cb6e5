"""A team's server behind a proxy, with TLS, as docs/how-to/behind-a-proxy.md configures both."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from team_processes import HITL, HOST, PATIENCE, Trust, caddy, free_port, headers_of, nginx, serving, snippets

from hitl.server.primitives import MACHINE
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

ANN = "ann@example.com"


@dataclass
class Public:
    """A server behind a proxy."""

    trust: Trust
    port: int
    prefix: str
    folder: Path
    link: str
    code: str

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}{self.prefix}"

    def client(self) -> httpx.Client:
        return self.trust.client(self.port, headers_of(self.folder / "team.db"))

    def reviewers(self, *arguments: str) -> Any:
        """Return what `hitl reviewers` says, as JSON."""
        command = [*HITL, "reviewers", *arguments, "--json", "--data", str(self.folder / "team.db")]
        return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE).stdout)


@contextmanager
def behind(way: str, folder: Path) -> Iterator[Public]:
    """Run a server and a proxy in front of it; of a socket, the path is short enough for the system."""
    trust = Trust.in_folder(folder)
    prefix = "/reviews" if "path" in way else ""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        if way.startswith("Caddy"):
            listener.close()
            port = free_port()
        reached = ["--socket", str(folder / "http.sock")] if "socket" in way else ["--trusted-proxy", "127.0.0.1"]
        headers_of(folder / "team.db")
        with ReviewServer(data=folder / "team.db", team=TeamSettings()) as made:
            ticket = made.admission.invite(ANN, role="lead", by=MACHINE).ticket
        server = stack.enter_context(
            serving(folder / "team.db", "--public-url", f"https://{HOST}:{port}{prefix}", *reached)
        )
        if way.startswith("nginx"):
            upstream = f"unix:{server.where}" if "socket" in way else server.where
            configuration = snippets("nginx")[0].replace("location / {", f"location {prefix}/ {{")
            stack.enter_context(nginx(folder, trust, configuration, upstream, listener))
        else:
            upstream = f"unix/{server.where}" if "socket" in way else server.where
            configuration = snippets("caddy")[1 if prefix else 0].replace("intern.example.com", HOST)
            stack.enter_context(caddy(folder, trust, configuration, upstream, port))
        yield Public(trust, port, prefix, folder, f"{prefix}/enter/{ticket.token}", ticket.code)
