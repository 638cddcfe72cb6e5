"""Rendering of the pages in front of the inbox, and the headers that they have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cache-control": "no-store",
        # The address of a link's page is half of what signs in.
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex, nofollow",
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "content-security-policy": (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
    }
)


class EntryRenderer:
    """Renders pages from templates of its own: they have no scripts and show nothing of the inbox."""

    def __init__(self) -> None:
        self._templates = _environment()

    def response(self, page: str, context: Mapping[str, Any], status: int) -> Response:
        """Return the page."""
        return HTMLResponse(self._templates.get_template(page).render(context), status, dict(HEADERS))


@cache  # as those of the inbox
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
