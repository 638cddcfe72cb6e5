"""Nothing crosses origin, and nothing that is no id reaches a server."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from urllib.parse import unquote

from cases import ASKED, Case, cancel, read, update

from hitl import HITLClient
from hitl.exceptions import APIConnectionError, APIStatusError, ConfigurationError
from hitl.testing import HostileServer, hostile

NO_IDS = (
    *("", " ", ".", "..", "a/b", "a\\b", "../templates", "%2e%2e", "%2F", "a?b", "a#b", "a\nb", "a\0b", "é", "a b"),
    *("rev_1?x=1", "x" * 500),
)


def _redirected(status: int) -> Case:
    def call(client: HITLClient, server: HostileServer) -> list[str]:
        with HostileServer() as elsewhere:
            server.next(hostile.redirect(f"{elsewhere.url}/v1/reviews", status), times=math.inf)
            told = []
            for act in (read, update, cancel, lambda client, _: client.create_review(**ASKED)):
                try:
                    act(client, server)
                except APIStatusError as error:
                    told.append(f"{error.status_code} {error.attempts} {error.outcome_unknown}")
            return [*told, f"{elsewhere.connections} there"]

    told = [f"{status} 1 False"] * 4
    return Case(f"a redirect {status} to another host is not followed", 10, call, result=[*told, "0 there"], requests=4)


def _redirected_here(client: HITLClient, server: HostileServer) -> None:
    server.next(hostile.redirect("/v1/reviews/rev_1", 308))
    client.get_review("rev_2")


def _cookies(client: HITLClient, server: HostileServer) -> list[str]:
    for _ in range(3):
        client.get_review("rev_1")
    return [name for request in server.requests for name in request.headers if name == "cookie"]


def _is_refused(act: Callable[[str], object], call_id: str) -> bool:
    try:
        act(call_id)
    except ConfigurationError:
        return True
    return False


def _refused(call_id: str) -> Case:
    def call(client: HITLClient, server: HostileServer) -> list[bool]:
        reviews = [client.get_review, client.cancel_review, client.wait_for_review]
        acts = [*reviews, client.get_template, client.delete_template, partial(client.update_review, priority="high")]
        return [_is_refused(act, call_id) for act in acts]

    return Case(f"the id {call_id[:20]!r} is refused before a request", 10, call, result=[True] * 6, requests=0)


def _target(client: HITLClient, server: HostileServer) -> list[str]:
    """Read by ids that are unusual and fine; return the targets that the server saw."""
    for review_id in ("rev_1", "a.b", "a-b", "a:b", "A~1@x"):
        with suppress(APIStatusError):
            client.get_review(review_id)
    return [unquote(request.path).rpartition("/")[2] for request in server.requests]


def _over_tls(_client: HITLClient, server: HostileServer) -> str:
    with HITLClient("key", base_url=server.url.replace("http:", "https:"), max_retries=0, timeout=1) as client:
        try:
            client.get_review("rev_1")
        except APIConnectionError as error:
            return error.sent
    return "nothing was raised"


def _cases() -> Iterator[Case]:
    for status in (301, 302, 303, 307, 308):
        yield _redirected(status)
    here = "a redirect on the same host is not followed either"
    yield Case(here, 10, _redirected_here, error=APIStatusError, requests=1)
    for location in ("javascript:alert(1)", "//evil.example", "", "http://[", "\udcff"):
        odd, told = hostile.redirect(location, 302), f"a redirect to {location!r} is an error like any other"
        yield Case(told, 10, read, [odd], error=APIStatusError, requests=1)
    stolen = hostile.header("Set-Cookie", "session=stolen; Path=/")
    yield Case("cookies are not kept", 10, _cookies, [stolen] * 3, result=[], requests=3)
    for each in NO_IDS:
        yield _refused(each)
    unusual = ["rev_1", "a.b", "a-b", "a:b", "A~1@x"]
    yield Case("unusual ids arrive as they are", 10, _target, result=unusual, requests=5)
    yield Case("plain HTTP where TLS was expected is told", 7, _over_tls, result="no", requests=(0, 3))


CASES = list(_cases())
