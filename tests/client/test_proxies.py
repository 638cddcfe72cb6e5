"""Which proxy the environment names for a server."""

from __future__ import annotations

import os
import traceback

import pytest

from hitl import AsyncHITLClient, HITLClient, _config
from hitl._config import resolve
from hitl._engine import Origin
from hitl.exceptions import ConfigurationError

SERVER = "https://api.hitl.sh"


def proxy_for(url: str) -> str | None:
    return _config.proxy_for(Origin.parse(url))


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def test_without_one_the_way_is_direct():
    assert proxy_for(SERVER) is None


@pytest.mark.parametrize(
    ("environment", "base_url", "expected"),
    [
        ({"HTTPS_PROXY": "http://proxy:3128"}, SERVER, "http://proxy:3128"),
        ({"HTTPS_PROXY": "https://u:p@proxy"}, SERVER, "https://u:p@proxy"),
        ({"https_proxy": "proxy:3128"}, SERVER, "http://proxy:3128"),
        ({"ALL_PROXY": "http://u:p%40@proxy:3128/"}, SERVER, "http://u:p%40@proxy:3128/"),
        ({"HTTPS_PROXY": "http://a", "ALL_PROXY": "http://b"}, SERVER, "http://a"),
        ({"HTTP_PROXY": "http://proxy:3128"}, SERVER, None),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http://hitl.example:8080", "http://proxy:3128"),
        ({"HTTPS_PROXY": ""}, SERVER, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "api.hitl.sh"}, SERVER, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": ".hitl.sh"}, SERVER, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"}, SERVER, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "other.example"}, SERVER, "http://proxy"),
        ({"HTTP_PROXY": "http://proxy", "NO_PROXY": "hitl.example:8080"}, "http://hitl.example:8080", None),
        ({"ALL_PROXY": "socks5://nowhere"}, "http://127.1:4010", None),
        ({"ALL_PROXY": "http://proxy"}, "http://localhost.:4010", None),
        ({"ALL_PROXY": "http://proxy"}, "http://127\u30020\u30020\u30021:4010", None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "api.hitl.sh:443"}, SERVER, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "api.hitl.sh:80"}, SERVER, "http://proxy"),
    ],
)
def test_the_usual_variables_are_read_and_this_machine_is_always_reached_directly(
    monkeypatch, environment, base_url, expected
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(base_url) == expected


@pytest.mark.parametrize(
    ("exceptions", "host"),
    [
        ("10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3/8", "10.200.0.1"),
        ("192.168.1.7/32", "192.168.1.7"),
        ("fd00::/8", "[fd12::1]"),
        ("[fd00::]/8", "[fd12::1]"),
        ("0.0.0.0/0", "192.0.2.1"),
        ("10.0.0.0/8", "[::ffff:10.1.2.3]"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("[2001:db8::1]:80", "[2001:db8::1]"),
        ("2001:DB8:0:0::1", "[2001:db8::1]"),
        ("fe80::1%eth0", "[fe80::1]"),
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("hitl.example.", "hitl.example"),
        ("hitl.example", "hitl.example."),
        ("hitl.example", "api.hitl.example"),
        (".hitl.example", "api.hitl.example"),
        (".hitl.example", "hitl.example"),
        ("*.hitl.example", "api.hitl.example"),
        (".hitl.example:80", "api.hitl.example"),
        ("HITL.Example", "hitl.example"),
        ("other.example  hitl.example", "hitl.example"),
        (" other.example ,\thitl.example , ", "hitl.example"),
        ("other.example,*", "hitl.example"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "b\u00fccher.example"),
    ],
)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_no_proxy_names_servers_as_curl_and_go_have_it(monkeypatch, variable, exceptions, host):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy")
    monkeypatch.setenv(variable, exceptions)
    assert proxy_for(f"http://{host}") is None


@pytest.mark.parametrize(
    ("exceptions", "host"),
    [
        ("", "hitl.example"),
        (" , ", "hitl.example"),
        (".", "hitl.example"),
        ("hitl.example", "nothitl.example"),
        ("api.hitl.example", "hitl.example"),
        ("hitl.example:81", "hitl.example"),
        ("[2001:db8::1]:81", "[2001:db8::1]"),
        ("2001:db8::2", "[2001:db8::1]"),
        ("10.0.0.0/8", "11.0.0.1"),
        ("10.0.0.0/8", "hitl.example"),
        ("10.0.0.0/33", "10.0.0.1"),
        ("fd00::/8", "10.0.0.1"),
        ("0.0.0.0/0", "[2001:db8::1]"),
        ("2.1", "192.0.2.1"),
        ("ex*mple", "example"),
        ("*hitl.example.org", "hitl.example"),
        ("/8", "10.0.0.1"),
    ],
)
def test_no_proxy_names_no_other_server(monkeypatch, exceptions, host):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy")
    monkeypatch.setenv("NO_PROXY", exceptions)
    assert proxy_for(f"http://{host}") == "http://proxy"


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://user:hunter2@proxy:1080",
        "nonsense://hunter2",
        "http://user:hunter2@",
        "http://user:hunter2@proxy:99999",
        "http://user:hunter2@proxy:http",
        "http://hunter2 @proxy",
        "http://[hunter2",
    ],
)
def test_another_kind_of_proxy_says_what_to_pass_instead_and_is_not_shown(monkeypatch, proxy):
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigurationError, match=r"ALL_PROXY.*transport=httpx\.HTTPTransport\(proxy=") as caught:
        proxy_for(SERVER)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "hunter2" not in str(told.stack[-1].locals)


def test_the_settings_know_the_authorities_of_the_environment(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/a/file.pem")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    assert resolve({"api_key": "key"}, {}).authorities == ("/a/file.pem", None)


def test_the_settings_hold_it_out_of_sight(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@proxy:3128")
    settings = resolve({"api_key": "key", "base_url": SERVER}, {})
    assert settings.proxy.reveal() == "http://user:hunter2@proxy:3128"
    assert "hunter2" not in repr((settings, settings.proxy))


@pytest.mark.parametrize("client", [HITLClient, AsyncHITLClient])
@pytest.mark.parametrize("login", ["", "ann@", "ann:open-sesame@", "ann:open@sesame@"])
def test_a_client_names_its_proxy_without_the_login(monkeypatch, client, login):
    assert client("key").proxy is None
    monkeypatch.setenv("HTTPS_PROXY", f"http://{login}proxy:3128")
    assert client("key").proxy == "http://proxy:3128"
    monkeypatch.setenv("NO_PROXY", "api.hitl.sh")
    assert client("key").proxy is None
