"""The servers that clients are measured against: the stub, the stub over TLS, and nginx with TLS in front of it."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from string import Template

from attrs import define, field

from benchmarks.environments import ROOT, python_of, surroundings

LOAD = str(ROOT / "benchmarks" / "load.py")

# nginx as its documentation has it: TLS, and connections to the server behind it that are kept.
_NGINX = Template("""
daemon off;
pid $folder/nginx.pid;
error_log stderr;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path $folder/bodies;
  upstream stub { server $stub; keepalive 64; }
  server {
    listen 127.0.0.1:$port ssl;
    ssl_certificate $certificate;
    ssl_certificate_key $certificate;
    keepalive_requests 1000000;
    location / { proxy_pass http://stub; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
""")


@define
class Server:
    """A server, and how busy the stub in it has been."""

    url: str
    stub: str  # where the stub tells its CPU, without TLS or with it
    environment: Mapping[str, str] = field(factory=dict[str, str])  # that a client needs to trust it
    busiest: float = field(default=0.0)

    def run(self, client: str, environment: str, mode: str, calls: int, in_flight: int) -> dict[str, float]:
        """Run a client in an environment, and return what `load.py` tells of it."""
        before = self._cpu()
        command = [str(python_of(environment)), LOAD, client, mode, str(calls), str(in_flight), self.url]
        variables = {**surroundings(environment), **self.environment}
        done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
        found: dict[str, float] = json.loads(done.stdout)
        self.busiest = max(self.busiest, (self._cpu() - before) / found["wall"])
        return {**found, "calls": calls}

    def _cpu(self) -> float:
        return cpu_of(self.stub, self.environment.get("SSL_CERT_FILE"))


def cpu_of(url: str, authorities: str | None = None) -> float:
    """Return the CPU seconds that a stub has used."""
    tls = ssl.create_default_context(cafile=authorities) if url.startswith("https:") else None
    with urllib.request.urlopen(f"{url}/_usage", context=tls) as told:
        return float(json.load(told))


@contextlib.contextmanager
def plain(milliseconds: float = 0.0, *certificate: str) -> Iterator[Server]:
    """Run a stub, and yield it."""
    command = [sys.executable, "-m", "benchmarks.stub", str(milliseconds), *certificate]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            yield Server(url, url)
        finally:
            process.kill()


@contextlib.contextmanager
def over_tls() -> Iterator[Server]:
    """Run a stub that speaks TLS."""
    with _certificate() as (certificate, authorities), plain(0.0, certificate) as server:
        server.environment = {"SSL_CERT_FILE": authorities}
        yield server


@contextlib.contextmanager
def behind_nginx() -> Iterator[Server]:
    """Run a stub behind nginx, which speaks TLS."""
    with _certificate() as (certificate, authorities), plain() as server:
        folder, port = Path(certificate).parent, _free_port()
        values = {"folder": folder, "stub": server.stub.partition("//")[2], "port": port, "certificate": certificate}
        configuration = folder / "nginx.conf"
        configuration.write_text(_NGINX.substitute(values))
        with subprocess.Popen(["nginx", "-c", str(configuration), "-e", "stderr"]) as process:
            try:
                server.url, server.environment = f"https://127.0.0.1:{port}", {"SSL_CERT_FILE": authorities}
                _wait_for(lambda: cpu_of(server.url, authorities))
                yield server
            finally:
                process.terminate()


def _wait_for(answer: Callable[[], object]) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError):
            answer()
            return
        time.sleep(0.05)
    raise OSError("nginx does not answer")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def _certificate() -> Iterator[tuple[str, str]]:
    """Yield the files of a certificate with its key, and of the authority that has issued it."""
    import trustme

    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        certificate, authorities = f"{folder}/server.pem", f"{folder}/authority.pem"
        authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(certificate)
        authority.cert_pem.write_to_path(authorities)
        yield certificate, authorities
