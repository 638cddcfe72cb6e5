"""Which hosts are this machine: what a server may listen on, and where a client needs no proxy."""

from __future__ import annotations

import pytest

from hitl._engine import is_loopback, is_unspecified
from hitl.server.http.listeners import Listener
from hitl.server.primitives.errors import SetupError

LOOPBACK = [
    *("localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "sandbox.localhost"),
    *("127.0.0.1", "127.1", "127.255.0.9", "0x7f.1", "0x7f000001", "2130706433", "017700000001"),
    *("::1", "[::1]", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"),
]
REMOTE = ["localhost.evil.com", "notlocalhost", "127.evil.com", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "a.com", ""]
EVERYWHERE = ["0.0.0.0", "0", "::", "[::]", "0x0"]


@pytest.mark.parametrize("host", LOOPBACK)
def test_a_loopback_address_is_recognised_in_every_spelling(host: str) -> None:
    assert is_loopback(host)
    assert not is_unspecified(host)


@pytest.mark.parametrize("host", REMOTE)
def test_another_machine_is_neither(host: str) -> None:
    assert not is_loopback(host)
    assert not is_unspecified(host)


@pytest.mark.parametrize("host", EVERYWHERE)
def test_an_address_that_stands_for_all_is_not_a_loopback_address_to_listen_on(host: str) -> None:
    assert is_unspecified(host)
    assert not is_loopback(host)
    with pytest.raises(SetupError, match="can be reached from others"):
        Listener(host)
