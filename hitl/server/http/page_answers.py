"""What pages answer to those that are no browser of a reader: programs that ask for JSON, and links of other sites."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from hitl.server.primitives import ApiError

_RELOADING: Final = (
    "<!doctype html><html lang=en><title>Reviews</title><p>Opening the page. If nothing happens, reload this page."
)


def wants_json(request: Request) -> bool:
    """Return whether the client asks for JSON first; browsers ask for pages."""
    first = request.headers.get("accept", "").partition(",")[0]
    return first.partition(";")[0].strip().lower() == "application/json"


def json_error(error: ApiError) -> Response:
    """Return a refusal as JSON; faults of fields are in `details.errors`."""
    document = {"code": error.code, "message": error.message, "details": error.details}
    return JSONResponse({"error": document}, error.status, {**error.headers, "cache-control": "no-store"})


def reloading(request: Request) -> Response | None:
    """Return a page that loads itself once more, if a link of another site led here.

    The browser then withholds the cookie (SameSite=Strict). A page of ours that reloads itself gets it, so that links
    in chats, messages and trackers work; forms and frames of other sites still do not.
    """
    headers = request.headers
    is_link = (
        request.method == "GET"
        and headers.get("sec-fetch-site") == "cross-site"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
    return HTMLResponse(_RELOADING, headers={"refresh": "0", "cache-control": "no-store"}) if is_link else None
