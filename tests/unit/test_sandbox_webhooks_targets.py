"""Where webhooks may go. The names are resolved by the tests, so that no network is asked."""

from __future__ import annotations

import anyio
import pytest

from hitl.sandbox.refusals import Refusal
from hitl.sandbox.webhooks.targets import ForbiddenTargetError, Target, Targets, UnknownHostError, resolve


def locate(url: str, *addresses: str, allow_remote: bool = False) -> Target:
    async def known(host: str, port: int) -> list[str]:
        if not addresses:
            raise UnknownHostError(host)
        return list(addresses)

    async def ask() -> Target:
        return await Targets(allow_remote=allow_remote, resolve=known).locate(url)

    return anyio.run(ask)


def really_locate(url: str, *, allow_remote: bool = False) -> Target:
    async def ask() -> Target:
        return await Targets(allow_remote=allow_remote).locate(url)

    return anyio.run(ask)


def test_the_connection_goes_to_the_checked_address_and_the_host_header_keeps_the_name() -> None:
    target = locate("http://hooks.test:8000/a/b?c=d&e#f", "127.0.0.1")
    assert target == Target("http://127.0.0.1:8000/a/b?c=d&e", "hooks.test:8000", "hooks.test")


def test_a_url_without_port_and_path_gets_those_of_its_scheme() -> None:
    target = locate("https://Hooks.test", "::1")
    assert target == Target("https://[::1]:443/", "hooks.test", "hooks.test")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "017700000001", "127.255.255.254"]
)
def test_every_spelling_of_this_machine_is_this_machine(host: str) -> None:
    assert "127." in really_locate(f"http://{host}:8000/").url or "[::1]" in really_locate(f"http://{host}:8000/").url


@pytest.mark.parametrize("allow_remote", [False, True])
@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",  # where clouds keep credentials
        "2852039166",
        "0xa9fea9fe",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b::10.0.0.1]",
        "[2002:a9fe:a9fe::]",
        "[fe80::1]",
        "0",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
def test_addresses_of_no_ordinary_host_are_never_sent_to_however_they_are_spelt(host: str, allow_remote: bool) -> None:
    with pytest.raises(ForbiddenTargetError):
        really_locate(f"http://{host}/", allow_remote=allow_remote)


@pytest.mark.parametrize("address", ["93.184.215.14", "10.0.0.7", "192.168.1.2", "2606:2800:21f::1", "fd00::7"])
def test_other_machines_are_sent_to_only_if_that_is_allowed(address: str) -> None:
    with pytest.raises(ForbiddenTargetError, match="--allow-remote-webhooks"):
        locate("https://hooks.test/", address)
    assert locate("https://hooks.test/", address, allow_remote=True).host == "hooks.test"


def test_one_bad_address_among_good_ones_is_enough_to_refuse() -> None:
    with pytest.raises(ForbiddenTargetError):
        locate("http://hooks.test/", "127.0.0.1", "10.0.0.7")
    with pytest.raises(ForbiddenTargetError):
        locate("http://hooks.test/", "93.184.215.14", "169.254.169.254", allow_remote=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000",
        "ftp://localhost/",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://localhost:0/",
        "http://localhost:65536/",
        "http://[::1/",
        "http://[1.2.3.4]/",
        "http://user@localhost/",
        "http://localhost@evil.example/",
        "http://local host/",
        "http://localhost/\r\nX-Header: 1",
        "http://lôcalhost/",
        None,
        7,
    ],
)
def test_what_is_no_plain_web_address_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(ForbiddenTargetError):
        locate(url, "127.0.0.1")


def admit(allow_remote: bool, *addresses: str) -> None:
    async def known(host: str, port: int) -> list[str]:
        if not addresses:
            raise UnknownHostError("the name is unknown")
        return list(addresses)

    async def ask() -> None:
        await Targets(allow_remote=allow_remote, resolve=known).admit("url", "https://hooks.test/")

    anyio.run(ask)


def test_a_subscription_names_the_field_that_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        admit(False, "10.0.0.7")
    assert caught.value.details is not None
    assert caught.value.details["field"] == "url"


def test_an_unknown_name_is_refused_unless_it_may_be_known_on_the_network_later() -> None:
    with pytest.raises(Refusal, match="unknown"):
        admit(False)
    admit(True)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid", "x..invalid"])
def test_a_name_that_stands_for_nothing_is_unknown(host: str) -> None:
    async def ask() -> None:
        await resolve(host, 80)

    with pytest.raises(UnknownHostError):
        anyio.run(ask)
