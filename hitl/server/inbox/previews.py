"""What a reviewer looks at while the form is open: a text that is being edited, and pictures from other hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http import in_worker
from hitl.server.inbox.editing import EDIT_KINDS, changes, preview
from hitl.server.inbox.page_handlers import PageHandlers, base_of, page_handler
from hitl.server.inbox.picture_hosts import back_to_page, choose_host, remember_hosts
from hitl.server.inbox.submission import read_form
from hitl.server.primitives import invalid


class Previews(PageHandlers):
    """The handlers that change what is seen and nothing else."""

    @page_handler
    async def show(self, request: Request) -> Response:
        """Draw a text in the way of its control."""
        sent = {name: texts[0] for name, texts in (await read_form(request)).items()}
        return await in_worker(self._draw, request, sent)

    def _draw(self, request: Request, sent: Mapping[str, str]) -> Response:
        kind, text = sent.get("kind", ""), sent.get("text", "")
        if kind not in EDIT_KINDS:
            raise invalid(f"must be one of {', '.join(EDIT_KINDS)}", "kind")
        context: dict[str, Any] = {
            "kind": kind,
            "shown": preview(kind, text, sent.get("language", "")),
            "changes": changes(kind, sent.get("original", text), text),
        }
        return self.render(request, "preview.html", context)

    @page_handler
    async def pictures(self, request: Request) -> Response:
        """Load pictures from a host from now on, in this browser, or no more."""
        sent = await read_form(request)
        for name in ("load", "unload"):
            for host in sent.get(name, [])[:1]:
                choose_host(request, host, is_loaded=name == "load")
        response = back_to_page(request, base_of(request))
        remember_hosts(request, response)
        return response
