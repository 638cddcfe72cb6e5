"""Sign-in by an authenticating proxy, which names the person in a header.

Everybody can send a header, and every account of a machine can connect to its ports. So the name counts only over a
connection that nobody but the proxy has, or together with a secret that nobody else knows.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Iterable
from typing import Final

from starlette.requests import Request

from hitl.server.http.proxies import peer_of
from hitl.server.http.responses import request_id
from hitl.server.people import People, Person
from hitl.server.primitives import ApiError

SECRET_HEADER: Final = "X-Hitl-Proxy-Secret"  # noqa: S105 - a name

_LONGEST: Final = 254
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")

_log = logging.getLogger("hitl.server")


class ProxyLogin:
    """Finds the person whom the proxy names."""

    def __init__(self, people: People, *, header: str, secret: str | None, allow: Iterable[str] = ()) -> None:
        """Believe `header` of a proxy that sends `secret`; None believes connections of the Unix socket only.

        Args:
            people: Who may come in.
            header: The name of the header.
            secret: What the proxy adds as `X-Hitl-Proxy-Secret`.
            allow: Domains such as "@example.com", whose people become reviewers when they first come.
        """
        self._people = people
        self._header = header
        self._secret = secret
        self._allowed = tuple(each.lower() for each in allow)

    def person(self, request: Request) -> Person | None:
        """Return whom the proxy names, if it is one and may come in; None for everybody else, as for strangers."""
        given = request.headers.getlist(self._header)
        if not given:
            return None
        why = self._doubt(request) or _fault(given)
        person = None if why else self._member(given[0])
        if person is None:
            # The answer says nothing of it, so that nobody learns how close he is.
            why = why or "the address is nobody's who may come in"
            _log.warning("%s: %s is not believed: %s", request_id(request.scope), self._header, why)
        return person

    def _doubt(self, request: Request) -> str | None:
        """Return why the connection may be somebody else's than the proxy's."""
        peer = peer_of(request.scope)
        if not peer.is_proxy:
            return "the connection comes from no --trusted-proxy"
        if peer.is_socket:
            return None
        given = request.headers.getlist(SECRET_HEADER)
        if len(given) != 1:
            return f"{SECRET_HEADER} is there {len(given)} times"
        # As bytes, because compare_digest accepts ASCII strings only.
        if self._secret is None or not hmac.compare_digest(given[0].encode("latin-1"), self._secret.encode()):
            return f"{SECRET_HEADER} is not what --proxy-secret-file holds"
        return None

    def _member(self, address: str) -> Person | None:
        person = self._people.by_email(address) or self._newcomer(address)
        if person is not None and person.state == "invited":
            return self._people.activate(person.id, by=person.actor("header"))
        return person if person is not None and person.state == "active" else None

    def _newcomer(self, address: str) -> Person | None:
        """Add somebody of an allowed domain."""
        if not address.lower().endswith(self._allowed or ("\0",)):
            return None
        try:
            return self._people.add(address)
        except ApiError:  # another request of the same person was faster
            return self._people.by_email(address)


def _fault(given: list[str]) -> str | None:
    """Return why what a header says is no name of one person."""
    if len(given) > 1:
        return f"it is there {len(given)} times"
    if len(given[0]) > _LONGEST or not _ADDRESS.fullmatch(given[0]):
        return "it does not hold one e-mail address"
    return None
