"""HTTP clients for a webhook handler under development and for the inbox, which mostly run on this machine."""

from __future__ import annotations

from typing import Final

import httpx

from hitl.cli.failures import USAGE, CommandError

_TIMEOUT: Final = 30.0  # seconds; a handler has as long for real deliveries
_THIS_MACHINE: Final = ("localhost", "::1")


def http_client(url: str) -> httpx.Client:
    """Return a client for the server of an http or https URL; close it after use."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise CommandError(f"{url} is not a URL: {error}", USAGE) from error
    if parts.scheme not in ("http", "https") or not parts.host:
        raise CommandError(f"{url} is not an http or https URL, such as http://localhost:8000/webhook", USAGE)
    is_here = parts.host in _THIS_MACHINE or parts.host.startswith("127.")
    # A proxy from the environment cannot reach what listens on this machine only.
    return httpx.Client(timeout=_TIMEOUT, trust_env=not is_here)
