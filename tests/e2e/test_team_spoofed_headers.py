"""Header login through nginx and Caddy as docs/how-to/behind-a-proxy.md configures them: who can be whom."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from team_processes import HOST, Trust, caddy, free_port, headers_of, nginx, serving, snippets

from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

ANN, ADMIN = "ann@example.com", "admin@example.com"
SECRET = "the-secret-of-the-proxy-" * 2
HEADER = "X-Forwarded-Email"


class _Provider(BaseHTTPRequestHandler):
    """Knows whoever has Ann's cookie, and lets in without a name who has another one."""

    def do_GET(self) -> None:
        cookie = self.headers.get("Cookie", "")
        self.send_response(200 if "provider=" in cookie else 401)
        if "provider=ann" in cookie:
            self.send_header(HEADER, ANN)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def providing() -> Iterator[str]:
    """Run the provider, and return where it is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Provider) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Site:
    """A server behind a proxy with a provider, and where the server itself listens."""

    trust: Trust
    port: int
    direct: str
    program: dict[str, str]

    def who(self, *headers: tuple[str, str], cookie: str = "") -> str:
        """Return whose pages a browser gets through the proxy, or the status of the refusal."""
        with self.trust.client(self.port) as http:
            return _whose(http.get("/inbox/sessions", headers=[*headers, *([("Cookie", cookie)] if cookie else [])]))

    def who_directly(self, *headers: tuple[str, str], source: str = "127.0.0.1") -> str:
        """Return the same for a program of the machine that calls the server's port."""
        transport = httpx.HTTPTransport(local_address=source)
        with httpx.Client(transport=transport, base_url=f"http://{self.direct}", timeout=60) as http:
            return _whose(http.get("/inbox/sessions", headers=[("Host", f"{HOST}:{self.port}"), *headers]))


def _whose(answer: httpx.Response) -> str:
    if answer.status_code != 200:
        return str(answer.status_code)
    found = {name for name in (ANN, ADMIN) if name in answer.text}
    return " ".join(found) or "nobody"


@pytest.fixture(scope="module", params=["nginx", "Caddy"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("p")
    trust = Trust.in_folder(folder)
    with ReviewServer(data=folder / "team.db", team=TeamSettings()) as server:
        server.people.add(ANN)
        server.people.add(ADMIN, role="admin")
    with ExitStack() as stack:
        provider = stack.enter_context(providing())
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        if request.param == "Caddy":
            listener.close()
            port = free_port()
        secret = folder / "proxy.secret"
        secret.write_text(SECRET)
        secret.chmod(0o640)
        login = ["--auth-header", HEADER, "--proxy-secret-file", str(secret), "--trusted-proxy", "127.0.0.1"]
        program = headers_of(folder / "team.db")
        running = stack.enter_context(serving(folder / "team.db", "--public-url", f"https://{HOST}:{port}", *login))
        if request.param == "nginx":
            common = re.split(r"(?m)^server \{", snippets("nginx")[0])[0]
            stack.enter_context(
                nginx(folder, trust, common + _filled(snippets("nginx")[1], provider), running.where, listener)
            )
        else:
            stack.enter_context(caddy(folder, trust, _filled(snippets("caddy")[2], provider), running.where, port))
        yield Site(trust, port, running.where, program)


def _filled(configuration: str, provider: str) -> str:
    return configuration.replace("127.0.0.1:4180", provider).replace("what proxy.secret holds", SECRET)


def test_the_provider_signs_ann_in(site: Site) -> None:
    assert site.who(cookie="provider=ann") == ANN


@pytest.mark.parametrize("spelling", [HEADER, HEADER.upper(), HEADER.lower()])
def test_ann_stays_ann_whatever_her_browser_adds(site: Site, spelling: str) -> None:
    assert site.who((spelling, ADMIN), cookie="provider=ann") == ANN
    assert site.who((spelling, ADMIN), (spelling, ADMIN), cookie="provider=ann") == ANN
    assert site.who((spelling, ADMIN), ("X-Hitl-Proxy-Secret", SECRET), cookie="provider=ann") == ANN


@pytest.mark.parametrize(
    "spelling", ["X_Forwarded_Email", "X-Forwarded_Email", "X-Forwarded-User", "X-Auth-Request-Email"]
)
def test_another_name_of_the_header_changes_nothing(site: Site, spelling: str) -> None:
    assert site.who((spelling, ADMIN), cookie="provider=ann") == ANN


def test_whom_the_provider_does_not_name_is_nobody(site: Site) -> None:
    assert site.who(cookie="provider=nameless") == "401"
    assert site.who((HEADER, ADMIN), cookie="provider=nameless") == "401"
    assert site.who((HEADER, ADMIN), ("X-Hitl-Proxy-Secret", SECRET), cookie="provider=nameless") == "401"


def test_whom_the_provider_does_not_know_gets_no_further(site: Site) -> None:
    assert site.who() == "401"
    assert site.who((HEADER, ADMIN), ("X-Hitl-Proxy-Secret", SECRET)) == "401"


def test_the_api_is_open_to_keys_and_to_no_name(site: Site) -> None:
    with site.trust.client(site.port) as http:
        assert http.get("/v1/reviews", headers={HEADER: ADMIN, "X-Hitl-Proxy-Secret": SECRET}).status_code == 401
        assert http.get("/v1/reviews", headers=site.program).status_code == 200


def test_a_program_of_the_machine_is_nobody_at_the_port(site: Site) -> None:
    assert site.who_directly((HEADER, ADMIN)) == "401"
    assert site.who_directly((HEADER, ADMIN), ("X-Hitl-Proxy-Secret", SECRET[:-1])) == "401"
    assert site.who_directly((HEADER, ADMIN), ("X-Hitl-Proxy-Secret", SECRET), source="127.0.0.2") == "401"
    assert site.who_directly((HEADER, ANN), (HEADER, ADMIN), ("X-Hitl-Proxy-Secret", SECRET)) == "401"
    # Who knows the secret is the proxy; this shows that the other refusals are not by accident.
    assert site.who_directly((HEADER, ADMIN), ("X-Hitl-Proxy-Secret", SECRET)) == ADMIN
