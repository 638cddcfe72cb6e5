"""Which authorities a connection trusts: those that httpx trusts."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import certifi
import httpx
import pytest

from hitl._engine import Client, Origin, Request, tls_context
from hitl.exceptions import ConfigurationError


@pytest.fixture(autouse=True)
def _no_context_yet() -> Iterator[None]:
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()


def _authorities(context: ssl.SSLContext) -> list[bytes]:
    return sorted(context.get_ca_certs(binary_form=True))


def test_it_trusts_whom_httpx_trusts() -> None:
    ours, theirs = tls_context(), httpx.create_ssl_context(trust_env=False)
    assert _authorities(ours) == _authorities(theirs) != []
    assert (ours.verify_mode, ours.check_hostname) == (theirs.verify_mode, theirs.check_hostname)
    assert (ours.minimum_version, ours.options) == (theirs.minimum_version, theirs.options)


def test_one_context_serves_the_whole_process() -> None:
    assert tls_context() is tls_context()


def test_it_trusts_a_file_of_authorities(tmp_path: Path) -> None:
    whole = Path(certifi.where()).read_text(encoding="utf-8")
    one = whole[: whole.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
    (tmp_path / "one.pem").write_text(one, encoding="utf-8")
    assert len(_authorities(tls_context(str(tmp_path / "one.pem")))) == 1


def test_it_looks_into_a_folder_of_authorities(tmp_path: Path) -> None:
    assert _authorities(tls_context(None, str(tmp_path))) == []


def test_a_file_that_is_not_there_is_an_error_before_anything_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = Origin.parse(f"https://127.0.0.1:{listener.getsockname()[1]}")
        client = Client(origin, tls=partial(tls_context, "/nowhere/authorities.pem"))
        with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
            client.send(Request("GET", "/"), time.monotonic() + 10)
