"""Whom a client trusts (`verify=`), client certificates, and proxies that are reached over TLS: over real sockets."""

from __future__ import annotations

import base64
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme
from cases import ASKED, KEY, Connect
from proxy import proxying

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import APIConnectionError, ConfigurationError, TLSError
from hitl.testing import HostileServer

NAME = "review.test"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def serving(authority: trustme.CA, *names: str, clients: trustme.CA | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
    if clients is not None:
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[HostileServer]:
    with HostileServer(tls=serving(authority)) as server:
        yield server


@pytest.fixture
def connect(connect: Connect) -> Connect:
    return lambda url, **more: connect(**{"base_url": url, "timeout": 10, "retry_delay": 0.01, **more})


def folder_of(ca_file: Path, tmp_path: Path) -> Path:
    """Make what `openssl rehash` makes."""
    found = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", str(ca_file)], check=True, capture_output=True, text=True
    )
    shutil.copy(ca_file, tmp_path / f"{found.stdout.strip()}.0")
    return tmp_path


KINDS: dict[str, Callable[[Path, Path], Any]] = {
    "text": lambda ca_file, _: str(ca_file),
    "path": lambda ca_file, _: ca_file,
    "folder": folder_of,
    "context": lambda ca_file, _: ssl.create_default_context(cafile=str(ca_file)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_trusts_whom_it_is_told_to(
    connect: Connect, server: HostileServer, ca_file: Path, tmp_path: Path, kind: str
) -> None:
    with connect(server.url, verify=KINDS[kind](ca_file, tmp_path)) as client:
        for _ in range(3):
            assert client.create_review(**ASKED).status == "created"
    assert server.connections == 1  # its own connections, and kept
    with connect(server.url) as client, pytest.raises(TLSError):
        client.get_review("rev_1")


def test_on_trio_too(server: HostileServer, ca_file: Path) -> None:
    async def read() -> str:
        async with AsyncHITLClient(KEY, base_url=server.url, verify=ca_file) as client:
            return (await client.create_review(**ASKED)).id

    assert anyio.run(read, backend="trio") == "rev_1"


def test_it_trusts_nobody_else_and_only_by_name(connect: Connect, authority: trustme.CA, ca_file: Path) -> None:
    for tls in (serving(trustme.CA()), serving(authority, "other.test")):
        with HostileServer(tls=tls) as server, connect(server.url, verify=ca_file) as client:
            with pytest.raises(TLSError):
                client.create_review(**ASKED)
            assert server.requests == []


def test_two_clients_of_one_process_trust_whom_each_is_told_to(server: HostileServer, ca_file: Path) -> None:
    with HITLClient(KEY, base_url=server.url, verify=ca_file) as one, HITLClient(KEY, base_url=server.url) as other:
        assert one.create_review(**ASKED).status == "created"
        with pytest.raises(TLSError):
            other.get_review("rev_1")
        assert one.create_review(**ASKED).status == "created"


def test_a_true_verify_is_the_default_and_an_argument_comes_before_the_environment(
    connect: Connect, server: HostileServer, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    with connect(server.url, verify=True) as client:
        assert client.create_review(**ASKED).status == "created"
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    with connect(server.url, verify=tmp_path / "other.pem") as client, pytest.raises(TLSError):
        client.get_review("rev_1")


def test_the_generated_client_has_the_same_trust(server: HostileServer, ca_file: Path) -> None:
    with HITLClient(KEY, base_url=server.url, verify=ca_file) as client:
        review = client.create_review(**ASKED)
        assert client.api.get_httpx_client().get(f"/v1/reviews/{review.id}").status_code == 200


# --- client certificates ---------------------------------------------------------------------------------------------


def test_a_context_carries_a_client_certificate(connect: Connect, authority: trustme.CA, ca_file: Path) -> None:
    clients = trustme.CA()
    context = ssl.create_default_context(cafile=str(ca_file))
    clients.issue_cert("me@example.com").configure_cert(context)
    with HostileServer(tls=serving(authority, clients=clients)) as server:
        with connect(server.url, verify=context) as client:
            assert client.create_review(**ASKED).status == "created"
        with connect(server.url, verify=ca_file, max_retries=0) as client:
            with pytest.raises(APIConnectionError) as caught:
                client.get_review("rev_1")
            assert not caught.value.outcome_unknown
        assert len(server.requests) == 1


def test_a_context_that_had_the_server_choose_another_protocol_is_told(
    connect: Connect, authority: trustme.CA, ca_file: Path
) -> None:
    tls = serving(authority)
    tls.set_alpn_protocols(["h2"])
    context = ssl.create_default_context(cafile=str(ca_file))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with HostileServer(tls=tls) as server, connect(server.url, verify=context) as client:
        with pytest.raises(TLSError, match="leave out set_alpn_protocols"):
            client.create_review(**ASKED)
        assert server.requests == []


# --- what cannot be used ---------------------------------------------------------------------------------------------


def written(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def without_names() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


def without_proof() -> ssl.SSLContext:
    context = without_names()
    context.verify_mode = ssl.CERT_NONE
    return context


REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "False": (lambda _: False, "whoever answers.*verify='ca.pem'"),
    "0": (lambda _: 0, "must be True, the path .* got int"),
    "bytes": (lambda _: b"ca.pem", "got bytes"),
    "nothing": (lambda _: "", "got an empty path"),
    "a class": (lambda _: ssl.SSLContext, "got type"),
    "a httpx client": (lambda _: httpx.Client(), "got Client"),
    "no file": (lambda folder: folder / "none.pem", "none.pem.*No such file"),
    "a null": (lambda _: "a\0b", "cannot be read"),
    "an empty file": (lambda folder: written(folder, "ca.pem", b""), "holds no certificate in PEM"),
    "text": (lambda folder: written(folder, "ca.pem", b"hello"), "holds no certificate in PEM"),
    "another key": (lambda folder: written(folder, "ca.pem", trustme.CA().private_key_pem.bytes()), "in PEM form"),
    "half a certificate": (lambda folder: written(folder, "c", trustme.CA().cert_pem.bytes()[:300]), "in PEM form"),
    "an empty folder": (lambda folder: folder, "openssl rehash"),
    "a folder of names": (lambda folder: written(folder, "ca.pem", trustme.CA().cert_pem.bytes()).parent, "rehash"),
    "a server's": (lambda _: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "one for servers"),
    "any name": (lambda _: without_names(), "check_hostname True"),
    "anybody": (lambda _: without_proof(), "CERT_REQUIRED"),
}


@pytest.mark.parametrize("client", [HITLClient, AsyncHITLClient])
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_told_before_anything_is_sent(client: Any, tmp_path: Path, name: str) -> None:
    make, told = REFUSED[name]
    with pytest.raises(ConfigurationError, match=f"(?s)verify.*{told}|{told}"):
        client(KEY, verify=make(tmp_path))


@pytest.mark.parametrize("verify", [True, "/nowhere/ca.pem", ssl.create_default_context()])
def test_it_is_for_the_own_connections_only(verify: Any) -> None:
    told = pytest.raises(ConfigurationError, match=r"verify")
    with told:
        HITLClient(KEY, verify=verify, transport=httpx.HTTPTransport())
    with told:
        HITLClient(KEY, verify=verify, http_client=httpx.Client())
    with told:
        AsyncHITLClient(KEY, verify=verify, transport=httpx.AsyncHTTPTransport())


# --- proxies ---------------------------------------------------------------------------------------------------------

LOGIN = base64.b64encode(b"us er:p@ss:word").decode()
CREDENTIALS = "us%20er:p%40ss:word@"


@pytest.mark.parametrize("is_secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_with_a_login_leads_to_the_server(
    connect: Connect,
    authority: trustme.CA,
    ca_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    is_secure: bool,
) -> None:
    tls = serving(authority, NAME) if scheme == "https" else None
    with HostileServer(tls=tls) as server:
        with proxying(server.port, tls=serving(authority) if is_secure else None, login=LOGIN) as proxy:
            monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy.url(CREDENTIALS))
            with connect(f"{scheme}://{NAME}:8443", verify=ca_file) as client:
                assert client.create_review(**ASKED).status == "created"
                assert client.create_review("content_review", {"text": "x" * 300_000}).content["text"] == "x" * 300_000
                assert client.get_review("rev_1").status == "created"
            assert [head.split(b" ", 2)[:2] for head in proxy.heads] == (
                [[b"CONNECT", b"review.test:8443"]]
                if tls
                else [
                    [b"POST", b"http://review.test:8443/v1/reviews"],
                    [b"POST", b"http://review.test:8443/v1/reviews"],
                    [b"GET", b"http://review.test:8443/v1/reviews/rev_1"],
                ]
            )
        assert b"proxy-authorization" not in b"".join(request.raw for request in server.requests).lower()


def test_a_proxy_that_cannot_prove_who_it_is_sees_neither_login_nor_request(
    connect: Connect, authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tls in (serving(trustme.CA()), serving(authority, "other.test")):
        with HostileServer() as server, proxying(server.port, tls=tls, login=LOGIN) as proxy:
            for scheme in ("http", "https"):
                monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy.url(CREDENTIALS))
                with connect(f"{scheme}://{NAME}", verify=ca_file) as client:
                    with pytest.raises(TLSError, match="of the proxy") as caught:
                        client.create_review(**ASKED)
                    assert "p@ss" not in str(caught.value)
            assert proxy.heads == []


def test_the_server_behind_a_secure_proxy_must_prove_who_it_is(
    connect: Connect, authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tls in (serving(trustme.CA(), NAME), serving(authority, "other.test")):
        with HostileServer(tls=tls) as server, proxying(server.port, tls=serving(authority)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url())
            with connect(f"https://{NAME}", verify=ca_file) as client, pytest.raises(TLSError):
                client.create_review(**ASKED)
            assert server.requests == []


def test_a_proxy_that_wants_a_login_says_so_over_tls(
    connect: Connect, authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileServer() as server, proxying(server.port, tls=serving(authority), login=LOGIN) as proxy:
        for scheme in ("http", "https"):
            monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy.url())
            with connect(f"{scheme}://{NAME}", verify=ca_file) as client:
                with pytest.raises(APIConnectionError, match="the proxy answered 407") as caught:
                    client.create_review(**ASKED)
                assert (caught.value.attempts, caught.value.sent) == (1, "no")
        assert server.requests == []


def test_a_large_body_crosses_tls_inside_of_tls_both_ways_on_trio(
    authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileServer(tls=serving(authority, NAME)) as server, proxying(server.port, tls=serving(authority)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url())

        async def create() -> int:
            async with AsyncHITLClient(KEY, base_url=f"https://{NAME}", verify=ca_file, timeout=30) as client:
                review = await client.create_review("content_review", {"text": "é" * 1_000_000})
                return len(review.content["text"])

        for run in (partial(anyio.run, create), partial(anyio.run, create, backend="trio")):
            assert run() == 1_000_000
