"""The HTTP client for a handler under development, which mostly runs on this machine."""

from __future__ import annotations

from typing import Final

import httpx

from hitl.cli.failures import WRONG_CALL, CommandError

_PATIENCE: Final = 30.0  # seconds that a handler has, as for real deliveries
_THIS_MACHINE: Final = ("localhost", "::1")


def handler_client(url: str) -> httpx.Client:
    """Return a client to call a handler with, to be closed.

    Raises:
        CommandError: The URL is none.
    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise CommandError(f"{url} is no URL: {error}", WRONG_CALL) from error
    if parts.scheme not in ("http", "https") or not parts.host:
        raise CommandError(f"{url} is no http or https URL, such as http://localhost:8000/webhook", WRONG_CALL)
    is_here = parts.host in _THIS_MACHINE or parts.host.startswith("127.")
    # A proxy of the environment has no way to what listens on this machine only.
    return httpx.Client(timeout=_PATIENCE, trust_env=not is_here)
