"""`hitl server check`: looks at the files, at the running server, and at itself from outside, by the public address."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
import httpx

from hitl.cli.connection import json_option
from hitl.cli.control import Control, control
from hitl.cli.failures import CommandError, finish
from hitl.cli.text import one_line, print_json
from hitl.server.migrations import MIGRATIONS
from hitl.server.operations.check import Finding, check_clock, check_files
from hitl.server.storage import is_locked

_SILENCE: Final = 20.0  # seconds that a proxy must keep a stream open without a byte; events come every 15
_AT_ONCE: Final = 1.0  # seconds after which the first event must be here
_EXIT_CODES: Final = {"ok": 0, "warning": 1, "error": 2}
_PORTS: Final = {"http": 80, "https": 443}


@click.command()
@click.option("--data", envvar="HITL_DATA", required=True, metavar="FILE", help="The data file; by default HITL_DATA.")
@json_option
def check(data: str, as_json: bool) -> None:
    """Check the files, the disk, the clock, the running server, and the way to it by its public address.

    The last takes 20 seconds. Exit code 0 if all is well, 1 for warnings, 2 for errors.
    """
    findings = list(_findings(data))
    worst = max((each.level for each in findings), key=_EXIT_CODES.__getitem__)
    if as_json:
        print_json({"level": worst, "findings": [asdict(each) for each in findings]})
    else:
        for each in findings:
            click.echo(f"{each.level.upper() if each.level != 'ok' else 'ok':9}{each.name:12}{one_line(each.says)}")
            if each.advice:
                click.echo(f"{'':21}-> {one_line(each.advice)}")
    finish(_EXIT_CODES[worst])


def _findings(data: str) -> Iterator[Finding]:
    yield from check_files(Path(data), len(MIGRATIONS))
    yield check_clock()
    if not is_locked(data):
        yield Finding("server", "warning", "it does not run", "start it, and check again")
        return
    try:
        with control(data) as server:
            yield _readiness(server)
            yield from check_public_url(server)
    except CommandError as error:
        yield Finding("server", "error", str(error))


def _readiness(server: Control) -> Finding:
    found = server.call("GET", "/health")
    if found["failing"]:
        return Finding("server", "error", f"failing: {', '.join(found['failing'])}", "its log says more")
    return Finding("server", "ok", "it answers, and can write")


def check_public_url(server: Control, silence: float = _SILENCE) -> Iterator[Finding]:
    """Ask the server by its public address, and look at what arrives there and here."""
    begun = server.call("POST", "/probes", silence=silence)
    public_url: str | None = begun["public_url"]
    if public_url is None:
        yield Finding("address", "ok", "it has no public address")
        return
    try:
        yield from _probe(public_url.rstrip("/"), begun["nonce"], silence)
    except httpx.HTTPError as error:
        yield Finding("address", "error", f"{public_url} cannot be reached from here: {error}", "look at the proxy")


def _probe(public_url: str, nonce: str, silence: float) -> Iterator[Finding]:
    began = time.monotonic()
    with httpx.stream("GET", f"{public_url}/probe/{nonce}", timeout=silence + 10) as answer:
        lines = answer.iter_lines()
        first = next(lines, "")
        waited = time.monotonic() - began
        if answer.status_code != 200 or first != "event: seen":
            advice = "the proxy must pass every path on, unchanged"
            yield Finding("address", "error", f"{public_url} leads elsewhere ({answer.status_code})", advice)
            return
        yield Finding("address", "ok", f"{public_url} leads to this server")
        yield from _arrived(public_url, json.loads(next(lines).removeprefix("data: ")))
        try:
            was_kept = "event: end" in lines
        except httpx.HTTPError:
            was_kept = False
    yield _stream(waited, silence, was_kept=was_kept)


def _arrived(public_url: str, seen: dict[str, Any]) -> Iterator[Finding]:
    """Compare what the server saw with the public address."""
    public = urlsplit(public_url)
    wanted = _with_port(public.netloc, public.scheme)
    if [_with_port(each, public.scheme) for each in seen["hosts"]] != [wanted]:
        told = ", ".join(seen["hosts"]) or "none"
        yield Finding("host", "error", f"the Host header arrives as {told}", "nginx: proxy_set_header Host $http_host;")
    else:
        yield Finding("host", "ok", "the Host header arrives as it was sent")
    if seen["proto"] != [public.scheme] and (seen["proto"] or seen["scheme"] != public.scheme):
        told = ", ".join(seen["proto"]) or "not at all"
        advice = "nginx: proxy_set_header X-Forwarded-Proto $scheme;"
        yield Finding("proto", "error", f"X-Forwarded-Proto arrives as {told}, not {public.scheme}", advice)
    if seen["proto"] and len(seen["forwarded_for"]) != 1:
        advice = "nginx: proxy_set_header X-Forwarded-For $remote_addr;"
        yield Finding("client", "warning", "the proxy does not say whom it speaks for", advice)


def _stream(waited: float, silence: float, *, was_kept: bool) -> Finding:
    if waited > _AT_ONCE:
        advice = "nginx: proxy_buffering off;"
        return Finding("stream", "error", f"the first event took {waited:.1f} s: something holds streams back", advice)
    if not was_kept:
        advice = "nginx: proxy_read_timeout 90s;"
        return Finding("stream", "error", f"a stream was cut within {silence:.0f} s of silence", advice)
    return Finding("stream", "ok", f"events arrive at once, and {silence:.0f} s of silence are kept")


def _with_port(host: str, scheme: str) -> str:
    found = urlsplit(f"//{host.lower()}")
    return f"{found.hostname}:{found.port or _PORTS.get(scheme)}"
