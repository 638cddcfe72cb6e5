"""The end of a team's server: a proxy that keeps connections loses nothing that it sends into them."""

from __future__ import annotations

import http.client
import socket

from starlette.responses import PlainTextResponse

from hitl.server.http.listeners import Listener
from hitl.server.http.server import BackgroundServer, HttpServer
from hitl.server.http.service import Service
from hitl.server.http.systemd import ServiceManager
from hitl.server.storage import ChangeNotifier


def test_an_idle_connection_may_bring_its_last_request() -> None:
    listener = Listener()
    service = Service(manager=ServiceManager({}, 0), drain=60)
    server = HttpServer(PlainTextResponse("here"), listener, ChangeNotifier(), service=service)
    background = BackgroundServer(server)
    background.start()
    kept = http.client.HTTPConnection("127.0.0.1", listener.port, timeout=60)
    kept.request("GET", "/")
    first = kept.getresponse()
    assert (first.read(), first.getheader("Connection")) == (b"here", None)
    server.stop()
    while accepts(listener.port):
        pass
    kept.request("GET", "/")
    last = kept.getresponse()
    assert (last.read(), last.getheader("Connection")) == (b"here", "close")
    kept.close()
    background.stop()  # at once, since no connection is left


def accepts(port: int) -> bool:
    """Return whether the server still takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), 60).close()
    except ConnectionError:
        return False
    return True
