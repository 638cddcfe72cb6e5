"""Whom a connection trusts: as httpx would have it, found out when the first one is made."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import certifi
import httpx
import pytest

from hitl import HITLClient
from hitl._engine import tls as _tls
from hitl.exceptions import ConfigurationError


@pytest.fixture(autouse=True)
def _no_context_yet() -> Iterator[None]:
    _tls.context.cache_clear()
    yield
    _tls.context.cache_clear()


def _authorities(context: ssl.SSLContext) -> list[bytes]:
    return sorted(context.get_ca_certs(binary_form=True))


def test_it_trusts_whom_httpx_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    ours, theirs = _tls.context(), httpx.create_ssl_context()
    assert _authorities(ours) == _authorities(theirs) != []
    assert (ours.verify_mode, ours.check_hostname) == (theirs.verify_mode, theirs.check_hostname)
    assert (ours.minimum_version, ours.options) == (theirs.minimum_version, theirs.options)


def test_it_trusts_whom_the_environment_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = Path(certifi.where()).read_text(encoding="utf-8")
    one = whole[: whole.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
    (tmp_path / "one.pem").write_text(one, encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "one.pem"))
    assert len(_authorities(_tls.context())) == 1


def test_it_looks_into_a_folder_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert _authorities(_tls.context()) == []


def test_a_file_that_is_not_there_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with HITLClient("key", base_url=url) as client, pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
            client.get_review("rev_1")
