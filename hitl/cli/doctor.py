"""`hitl doctor`: what stands between this machine and the API, in sentences, each with what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from hitl import HITLClient, exceptions
from hitl.cli.account import quota_text
from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.failures import FAILED, finish
from hitl.cli.text import one_line, print_json

if TYPE_CHECKING:
    import httpx

    from hitl.models import Account, Quota

_TIMEOUT: Final = 10.0  # seconds for each question
_CLOCK: Final = 60.0  # seconds that the clocks may differ; at 300, signatures of webhooks are refused
_HITL_SH: Final = "https://api.hitl.sh"
_SHAPE: Final = re.compile(r"\Ahitl_(live|test)_[0-9a-f]{48}\Z")
_STAND_IN: Final = "no-key"  # to look at the server all the same


@dataclass(frozen=True, slots=True)
class Check:
    """What one look found."""

    name: str
    ok: bool
    says: str
    advice: str = ""


@click.command()
@json_option
@api_command
def doctor(connection: Connection, as_json: bool) -> None:
    """Check the key, the server, the proxy, the clock and the limits.

    Two requests count against the rate limit. The exit code is 1 if something is wrong.
    """
    checks = list(_checks(connection))
    is_well = all(each.ok for each in checks)
    if as_json:
        print_json({"ok": is_well, "checks": [asdict(each) for each in checks]})
    else:
        for each in checks:
            click.echo(f"{'ok' if each.ok else 'WRONG':7}{each.name:9}{one_line(each.says)}")
            if each.advice:
                click.echo(f"{'':16}-> {one_line(each.advice)}")
    if not is_well:
        finish(FAILED)


def _checks(connection: Connection) -> Iterator[Check]:
    make = partial(HITLClient, base_url=connection.base_url, timeout=_TIMEOUT, max_retries=0)
    fault: Check | None = None
    try:
        client = make(connection.api_key)
    except exceptions.ConfigurationError as error:
        fault = Check("key", ok=False, says=_sentence(error))
        try:
            client = make(_STAND_IN)
        except exceptions.ConfigurationError:  # so it is not the key, and there is no server to look at
            yield replace(fault, name="settings")
            return
    with client:
        yield fault or _key(connection, client.base_url)
        yield _proxy(client)
        yield from _server(client, has_key=fault is None)


def _key(connection: Connection, base_url: str) -> Check:
    source = "HITL_API_KEY" if connection.api_key is None else "--api-key"
    # Within an expression, since a traceback that shows local variables would show the key among them.
    if kind := _SHAPE.findall(connection.api_key or os.environ.get("HITL_API_KEY", "").strip()):
        says = f"{source} has the shape of a key: hitl_{kind[0]}_ and 48 hexadecimal digits."
        return Check("key", ok=True, says=says)
    says = f"{source} is set, but has not the shape of HITL.sh's keys: hitl_live_ or hitl_test_, and 48 digits."
    advice = "Copy the whole key again if the server refuses it." if base_url == _HITL_SH else ""
    return Check("key", ok=True, says=says, advice=advice)


def _proxy(client: HITLClient) -> Check:
    if client.proxy is None:
        return Check("proxy", ok=True, says="Requests go to the server directly, without a proxy.")
    advice = "If that is not meant: NO_PROXY with the server's name, or unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
    return Check("proxy", ok=True, says=f"Requests go through the proxy {client.proxy}.", advice=advice)


def _server(client: HITLClient, *, has_key: bool) -> Iterator[Check]:
    account: Account | None = None
    refusal: exceptions.HITLError | None = None
    try:
        account = client.account()
    except exceptions.APIConnectionError as error:
        yield Check("server", ok=False, says=_sentence(error), advice=_way(error, client))
        return
    except exceptions.HITLError as error:
        refusal = error
    listed = _get(client, "/v1/templates?limit=1")
    yield _serves(client, account, refusal, listed)
    yield from _account(account, refusal, has_key=has_key)
    yield _clock(listed)


def _way(error: exceptions.APIConnectionError, client: HITLClient) -> str:
    """Return what to do where there is no way to the server."""
    if isinstance(error, exceptions.TLSError):
        return (
            "If your own authority issued its certificate, name its file in SSL_CERT_FILE (in code: verify=...); if "
            "not, somebody else may answer in the server's place. Look at the clock of this machine, too."
        )
    if client.proxy is not None:
        return "Check that the proxy is right and admits you, or go past it: NO_PROXY with the server's name."
    return "Check --base-url or HITL_BASE_URL, and that the server runs: curl -v shows how far a connection gets."


def _serves(
    client: HITLClient,
    account: Account | None,
    refusal: exceptions.HITLError | None,
    listed: httpx.Response | None,
) -> Check:
    has_reviews = listed is not None and listed.status_code == 200 and "json" in listed.headers.get("content-type", "")
    if isinstance(refusal, exceptions.UnexpectedResponseError) and not has_reviews:
        advice = "Check HITL_BASE_URL: it is the API's address, not a page's. A network's login page may answer, too."
        return Check("server", ok=False, says=_sentence(refusal), advice=advice)
    if isinstance(refusal, exceptions.ServerError):
        return Check("server", ok=False, says=_sentence(refusal), advice="Try again later, or tell whoever runs it.")
    name = f"{_kind(client)} at {client.base_url}"
    if account is None and not has_reviews:
        return Check("server", ok=True, says=f"{name} answers; what it serves, it tells with a valid key only.")
    both = "reviews, templates, loops and requests"
    serves = both if has_reviews and account else "reviews and templates" if has_reviews else "loops and requests"
    advice = "" if has_reviews else "Ask with client.requests: create_review and ask need reviews and templates."
    if client.base_url.startswith("http://") and not _is_here(client):
        advice = f"{advice} The key travels unencrypted; use https:// beyond a network that you trust.".strip()
    return Check("server", ok=True, says=f"{name} answers, and serves {serves}.", advice=advice)


def _kind(client: HITLClient) -> str:
    if client.base_url == _HITL_SH:
        return "HITL.sh"
    described = _get(client, "/openapi.yaml")
    is_ours = described is not None and described.headers.get("content-type", "").startswith("application/yaml")
    return "The review server of this package (hitl sandbox)" if is_ours else "A server"


def _is_here(client: HITLClient) -> bool:
    host = client.api.get_httpx_client().base_url.host
    return host in ("localhost", "::1") or host.startswith("127.")


def _account(account: Account | None, refusal: exceptions.HITLError | None, *, has_key: bool) -> Iterator[Check]:
    if account is None:
        yield from _refused(refusal) if has_key else ()
        return
    may = ", ".join(account.permissions) or "what the server does not say"
    is_active = account.status == "active"
    advice = "" if is_active else "Only its owner can change that, where the account is managed."
    yield Check("account", is_active, f"The key is that of {account.email}, {account.status}; it may: {may}.", advice)
    yield _limit("hour", account.hour, "requests", "Requests are refused until then; waits go on by themselves.")
    yield _limit("month", account.month, "responses", "New questions wait for the next month, or need another plan.")


def _refused(refusal: exceptions.HITLError | None) -> Iterator[Check]:
    if isinstance(refusal, exceptions.AuthenticationError):
        advice = "Copy the key again, look whether it is this server's, or make another; `hitl sandbox` prints its own."
        yield Check("account", ok=False, says=_sentence(refusal), advice=advice)
    elif isinstance(refusal, exceptions.RateLimitError):
        advice = "Wait for the next hour, and look whether another program uses the same key."
        yield Check("hour", ok=False, says=_sentence(refusal), advice=advice)
    elif isinstance(refusal, exceptions.UnexpectedResponseError):
        yield Check("account", ok=True, says="The server does not say whose key it is, nor what is left of its limits.")
    elif isinstance(refusal, exceptions.APIStatusError) and refusal.status_code < 500:
        yield Check("account", ok=False, says=_sentence(refusal), advice="Use a key that may read its account.")


def _limit(name: str, quota: Quota | None, what: str, advice: str) -> Check:
    is_spent = quota is not None and quota.remaining == 0
    return Check(name, not is_spent, _begun(f"{quota_text(quota, what)}."), advice if is_spent else "")


def _clock(answer: httpx.Response | None) -> Check:
    theirs: datetime | None = None
    if answer is not None:
        with suppress(ValueError):
            theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    if theirs is None:
        return Check("clock", ok=True, says="The server's answers have no date to compare this machine's clock with.")
    ahead = (datetime.now(UTC) - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    if abs(ahead) <= _CLOCK:
        return Check("clock", ok=True, says="This machine's clock agrees with the server's.")
    says = f"This machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's."
    advice = "Set it by NTP: due dates are off by as much, and from 300 s on, signatures of webhooks are refused."
    return Check("clock", ok=False, says=says, advice=advice)


def _get(client: HITLClient, path: str) -> httpx.Response | None:
    """Return the response as it is, whatever it is; None without one."""
    import httpx

    try:
        return client.api.get_httpx_client().get(path)
    except httpx.HTTPError:
        return None


def _sentence(error: exceptions.HITLError) -> str:
    text = re.sub(r"([.?]?) \(1 attempt\)(\.?)", _stop, str(error).removeprefix("test_api_key: "))
    return _begun(text if text.endswith((".", "?")) else f"{text}.")


def _stop(around: re.Match[str]) -> str:
    """Return the sentence's own end, or that after what is left out of it."""
    return around[1] or around[2]


def _begun(text: str) -> str:
    is_name = "_" in text.partition(" ")[0]  # such as that of a setting
    return text if is_name else text[:1].upper() + text[1:]
