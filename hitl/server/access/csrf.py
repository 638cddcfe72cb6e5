"""Forms that another site made a browser send, and how they are told from ours."""

from __future__ import annotations

import hmac
from typing import Final

from starlette.requests import Request

from hitl.server.http.public_url import PublicUrl
from hitl.server.primitives import ApiError

FORM_TOKEN: Final = "hitl.form_token"  # noqa: S105 - a name
"""Where the ASGI scope holds the token of this session's forms; nowhere without a session."""


def form_token(secret: str) -> str:
    """Return the token of a session's forms, which only our own pages know and which does not reveal the cookie."""
    return hmac.digest(secret.encode(), b"hitl inbox form", "sha256").hex()


def is_form_token(request: Request, given: str) -> bool:
    """Return whether a form has the token of the session that it is sent in."""
    expected = str(request.scope.get(FORM_TOKEN, ""))
    # As bytes, because compare_digest accepts ASCII strings only.
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def require_own_origin(request: Request, public_url: PublicUrl | None) -> None:
    """Refuse a form unless the browser says that it is on a page of this server.

    Browsers add Sec-Fetch-Site to every form, and older ones Origin. What says neither is no browser of a person.
    """
    site = request.headers.get("sec-fetch-site")
    origin = own_origin(request, public_url)
    is_ours = site == "same-origin" if site is not None else request.headers.get("origin") == origin
    if not is_ours:
        raise ApiError(403, "insufficient_permissions", "This form was sent from another site. Open its page again.")


def own_origin(request: Request, public_url: PublicUrl | None) -> str:
    """Return the origin of this server's pages, as browsers write it; without a public URL the Host's, on this machine.

    No header that a proxy adds has a say in it.
    """
    return f"http://{request.headers.get('host', '')}" if public_url is None else public_url.origin
