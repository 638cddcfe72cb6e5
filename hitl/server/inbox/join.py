"""The page that an invitation leads to, and the invitation as an image."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from hitl.server.http.public_url import public_address
from hitl.server.inbox.page_renderer import PageRenderer, SafeHeaders
from hitl.server.inbox.submission import read_form
from hitl.server.loops.service import LoopService
from hitl.server.primitives.errors import ApiError, invalid

_MAX_FORM_BYTES = 10_000
_PIXELS = 6  # for each module of the QR code
_NO_STORE = {"Cache-Control": "no-store"}


def join_routes(service: LoopService) -> list[BaseRoute]:
    """Return the routes of the page and the image, which need no key and no session: the code is the credential."""
    pages = _Pages(service)
    inner = [Route("/{invite_code}", pages.form), Route("/{invite_code}", pages.join, methods=["POST"])]
    return [
        Mount("/join", routes=inner, middleware=[Middleware(SafeHeaders)]),
        Route("/qr/{invite_code}.png", pages.image),
    ]


def join_url(request: Request, invite_code: str) -> str:
    """Return the address of an invitation, under the public URL or else the host name of the request."""
    return f"{_origin(request)}/join/{invite_code}"


def _origin(request: Request) -> str:
    return public_address(request.scope) or f"{request.url.scheme}://{request.url.netloc}"


def invitation_image(request: Request, invite_code: str) -> bytes:
    """Return a QR code that leads to the page, as a PNG."""
    import segno  # needed for invitations only

    image = BytesIO()
    segno.make_qr(join_url(request, invite_code)).save(image, kind="png", scale=_PIXELS)
    return image.getvalue()


def invitation(request: Request, invite_code: str) -> dict[str, str]:
    """Return what the API says about an invitation: its image, and where the image and the page are."""
    image = base64.b64encode(invitation_image(request, invite_code)).decode()
    return {
        "qr_code_base64": f"data:image/png;base64,{image}",
        "qr_code_url": f"{_origin(request)}/qr/{invite_code}.png",
        "join_url": join_url(request, invite_code),
    }


class _Pages:
    def __init__(self, service: LoopService) -> None:
        self._service = service
        self._renderer = PageRenderer()

    async def form(self, request: Request) -> Response:
        """Show the form."""
        return self._answer(request, {})

    async def join(self, request: Request) -> Response:
        """Add the person to the loop, or show the form again with its errors."""
        person: dict[str, str] = {}
        try:
            person = await _person(request)
            _require_address(person)
            member = self._service.join(request.path_params["invite_code"], person)
        except ApiError as refusal:
            return self._answer(request, {"fault": _sentence(refusal), "typed": person}, refusal.status)
        return self._answer(request, {"member": member})

    async def image(self, request: Request) -> Response:
        """Return the QR code of an invitation."""
        try:
            loop = self._service.invited(request.path_params["invite_code"])
        except ApiError as refusal:
            return Response(status_code=refusal.status)
        return Response(invitation_image(request, loop["invite_code"]), media_type="image/png", headers=_NO_STORE)

    def _answer(self, request: Request, more: Mapping[str, Any], status: int = 200) -> Response:
        shown: dict[str, Any] = {"loop": None, "member": None, "fault": None, "typed": {}, **more}
        try:
            shown["loop"] = self._service.invited(request.path_params["invite_code"])
        except ApiError as refusal:
            status = refusal.status
        return self._renderer.response("join.html", shown, status)


async def _person(request: Request) -> dict[str, str]:
    sent = await read_form(request, limit=_MAX_FORM_BYTES)
    texts = {name: sent[name][0].strip() for name in ("email", "name") if name in sent}
    return {name: text for name, text in texts.items() if text}


def _require_address(person: Mapping[str, str]) -> None:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", person.get("email", "")):
        raise invalid("must be an address, such as ann@example.com", "email")


def _sentence(refusal: ApiError) -> str:
    message = refusal.message.replace("email: ", "The e-mail address ", 1).replace("name: ", "The name ", 1)
    return f"{message[0].upper()}{message[1:].rstrip('.')}."
