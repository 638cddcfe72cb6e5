"""Where webhooks may go. The names are resolved by the tests, so that no network is asked."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import anyio
import pytest

from hitl._engine import Origin
from hitl.server.primitives.errors import ApiError, SetupError
from hitl.server.webhooks.egress_policy import ForbiddenTargetError, Targets, UnknownHostError, resolve


def locate(url: str, *addresses: str, allow_remote: bool = False, networks: Sequence[str] = ()) -> tuple[Origin, str]:
    async def known(host: str, port: int) -> list[str]:
        if not addresses:
            raise UnknownHostError(host)
        return list(addresses)

    async def ask() -> tuple[Origin, str]:
        return await Targets(allow_remote=allow_remote, networks=networks, resolve=known).locate(url)

    return anyio.run(ask)


def really_locate(url: str, *, allow_remote: bool = False) -> tuple[Origin, str]:
    async def ask() -> tuple[Origin, str]:
        return await Targets(allow_remote=allow_remote).locate(url)

    return anyio.run(ask)


def test_the_connection_goes_to_the_checked_address_and_the_host_header_keeps_the_name() -> None:
    name = "hooks.test:8000"
    origin = Origin(name, is_secure=False, host="hooks.test", port=8000, authority=name, ip="127.0.0.1")
    assert locate("http://hooks.test:8000/a/b?c=d&e#f", "127.0.0.1") == (origin, "/a/b?c=d&e")


def test_a_url_without_port_and_path_gets_those_of_its_scheme() -> None:
    origin = Origin("hooks.test", is_secure=True, host="hooks.test", port=443, authority="hooks.test", ip="::1")
    assert locate("https://Hooks.test", "::1") == (origin, "/")


THIS_MACHINE = [
    "localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001",
    "0177.0.0.1", "017700000001", "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
]  # fmt: skip


@pytest.mark.parametrize("host", THIS_MACHINE)
def test_every_spelling_of_this_machine_is_this_machine(host: str) -> None:
    address = ipaddress.ip_address(really_locate(f"http://{host}:8000/")[0].ip or "")
    assert (getattr(address, "ipv4_mapped", None) or address).is_loopback


@pytest.mark.parametrize("allow_remote", [False, True])
@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "2852039166", "0xa9fea9fe", "[::ffff:169.254.169.254]",  # where clouds keep credentials
        "[fd00:ec2::254]", "[fd20:ce::254]",  # Amazon's and Google's
        "100.100.100.200", "192.0.0.192", "168.63.129.16",  # Alibaba's, Oracle's and Azure's
        "[64:ff9b::a9fe:a9fe]", "[64:ff9b::10.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]",  # NAT64
        "[2002:a9fe:a9fe::]", "[2002:7f00:1::]", "192.88.99.1",  # 6to4 and its relay
        "[2001:0:7f00:1::]",  # Teredo
        "[fe80::1]", "[fec0::1]",  # link-local, and site-local, which ipaddress takes for public
        "[3fff::1]",  # for documentation
        "[::127.0.0.1]", "[::ffff:0:127.0.0.1]",  # IPv4-compatible, long given up, and translated (RFC 2765)
        "0", "0.0.0.0", "[::]", "[::ffff:0.0.0.0]", "224.0.0.1", "[ff02::1]", "240.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
def test_addresses_of_no_ordinary_host_are_never_sent_to_however_they_are_spelt(host: str, allow_remote: bool) -> None:
    with pytest.raises(ForbiddenTargetError):
        really_locate(f"http://{host}/", allow_remote=allow_remote)


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "0.0.0.0"])
def test_not_even_a_network_that_holds_them_allows_them(address: str) -> None:
    with pytest.raises(ForbiddenTargetError, match="ordinary host"):
        locate("http://hooks.test/", address, allow_remote=True, networks=["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1", "::ffff:93.184.215.14"])
def test_public_addresses_are_sent_to_only_if_that_is_allowed(address: str) -> None:
    with pytest.raises(ForbiddenTargetError, match="--allow-remote-webhooks"):
        locate("https://hooks.test/", address)
    assert locate("https://hooks.test/", address, allow_remote=True)[0].authority == "hooks.test"


@pytest.mark.parametrize(
    "address", ["10.0.0.7", "192.168.1.2", "172.16.0.1", "100.64.0.1", "fd00::7", "::ffff:10.0.0.7"]
)
def test_private_networks_are_sent_to_only_if_they_are_named(address: str) -> None:
    for allow_remote in (False, True):
        with pytest.raises(ForbiddenTargetError, match="--allow-webhook-net"):
            locate("http://hooks.test/", address, allow_remote=allow_remote, networks=["10.1.0.0/16", "fd01::/16"])
    own = ["10.0.0.0/24", "192.168.1.2", "172.16.0.0/12", "100.64.0.0/10", "fd00::/8"]
    assert locate("http://hooks.test/", address, networks=own)[0].ip == address.removeprefix("::ffff:")


@pytest.mark.parametrize("network", ["", "10.0.0.0/33", "10.0.0.7/8", "hooks.test"])
def test_what_is_no_network_is_refused_when_the_sandbox_starts(network: str) -> None:
    with pytest.raises(SetupError, match="192.168.1.0/24"):
        Targets(networks=[network])


def test_one_bad_address_among_good_ones_is_enough_to_refuse() -> None:
    with pytest.raises(ForbiddenTargetError):
        locate("http://hooks.test/", "127.0.0.1", "10.0.0.7")
    with pytest.raises(ForbiddenTargetError):
        locate("http://hooks.test/", "93.184.215.14", "169.254.169.254", allow_remote=True)


@pytest.mark.parametrize(
    "url",
    [
        "", None, 7, "localhost:8000", "http://", "http:///path", "http:/localhost/", "http:\\\\localhost/",
        "ftp://localhost/", "file:///etc/passwd", "gopher://localhost:6379/_FLUSHALL",
        "http://localhost:0/", "http://localhost:65536/", "http://localhost:-1/", "http://localhost:8000:80/",
        "http://[::1/", "http://[1.2.3.4]/", "http://[::1]evil.example/", "http://[::1%25lo]/",
        "http://user@localhost/", "http://localhost@evil.example/", "http://@localhost/", "http://:@localhost/",
        "http://a:b@localhost/", "http://127.0.0.1\\@evil.example/", "http://evil.example\\.localhost/",
        "http://local host/", "http://localhost/\r\nX-Header: 1", "http://localhost\t.evil.example/",
        "http://localhost%00.evil.example/", "http://lôcalhost/",
        "http://\u24dbocalhost/",  # a circled l, which IDNA takes for l
        "http://\uff11\uff12\uff17.0.0.1/",  # full-width digits
        "http://127\u30020\u30020\u30021/",  # ideographic full stops
    ],
)  # fmt: skip
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
    with pytest.raises(ApiError) as caught:
        admit(False, "10.0.0.7")
    assert caught.value.details is not None
    assert caught.value.details["field"] == "url"


def test_an_unknown_name_is_refused_unless_it_may_be_known_on_the_network_later() -> None:
    with pytest.raises(ApiError, match="unknown"):
        admit(False)
    admit(True)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid", "x..invalid"])
def test_a_name_that_stands_for_nothing_is_unknown(host: str) -> None:
    async def ask() -> None:
        await resolve(host, 80)

    with pytest.raises(UnknownHostError):
        anyio.run(ask)
