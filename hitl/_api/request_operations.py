"""The operations of requests to loops as `ApiCall`s, made of those of `endpoint_call`.

They are read by `Request.from_json` and not by the generated parsers, since the vendor's pages disagree about them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, TypeVar, cast

from attrs import evolve

from hitl._api.operations import Creation, endpoint_call
from hitl._api.page_walk import Page, PageRequest
from hitl._api.responses import Reader, decode, json_of, page, refuse_another, unless_silent
from hitl._engine import Response
from hitl._flows import ApiCall
from hitl._json import Object, as_object, is_object
from hitl._request import Request
from hitl.exceptions import NotFoundError, RequestNotFoundError

T = TypeVar("T")
_OBJECT_ID: Final = re.compile(r"[0-9a-fA-F]{24}")
_PAGING = ("total", "has_more", "pagination")


def written(request_id: str) -> str:
    """Return an id as the service writes it, hexadecimal digits in lower case; it takes those of upper case, too."""
    return request_id.lower() if _OBJECT_ID.fullmatch(request_id) else request_id


def create_request(loop_id: str, fields: Mapping[str, Any]) -> Creation[Request]:
    """Ask a loop; the new request has what was sent, and what the receipt says."""
    from hitl_api.api.requests import create_request as endpoint
    from hitl_api.models.request_create import RequestCreate

    def read(response: Response) -> Request:
        receipt = _data_of(response)
        request_id = receipt.get("request_id") or receipt.get("id")
        said: Object = {name: receipt[name] for name in ("status", "timeout_at") if name in receipt}
        asked = {name: value for name, value in fields.items() if name != "timeout_seconds"}
        return Request.from_json({"status": "pending", **asked, **said, "id": request_id, "loop_id": loop_id})

    creation = endpoint_call(endpoint, loop_id, body=RequestCreate.from_dict(fields))
    return cast("Creation[Any]", creation)._replace(read=read)


def get_request(request_id: str, *, hold: int | None = None, timeout: float | None = None) -> ApiCall[Request]:
    """Read a request; `hold` asks the server to delay its response up to that many seconds until it ends (RFC 7240)."""
    from hitl_api.api.requests import get_request as endpoint

    prefer: dict[str, Any] = {} if hold is None else {"prefer": f"wait={hold}"}
    return _reading(endpoint_call(endpoint, request_id, **prefer), partial(_one, request_id), timeout)


def list_requests(
    query: Mapping[str, Any], asked: PageRequest, *, timeout: float | None = None
) -> ApiCall[Page[Request]]:
    """Read one page of the requests that were made with the key, the newest first."""
    from hitl_api.api.requests import list_requests as endpoint
    from hitl_api.models.request_priority import RequestPriority
    from hitl_api.models.request_status import RequestStatus

    words = {"status": RequestStatus, "priority": RequestPriority}
    place = {"limit": asked.limit, "offset": asked.offset, "after": asked.after}
    given: dict[str, Any] = {name: words[name](value) if name in words else value for name, value in query.items()}
    given |= {name: value for name, value in place.items() if value}
    call = _reading(endpoint_call(endpoint, **given), partial(_page, asked), timeout, not_found=NotFoundError)
    return call._replace(can_be_smaller=True)


def update_request(request_id: str, fields: Mapping[str, Any]) -> ApiCall[Request]:
    """Change a request that is not finished."""
    from hitl_api.api.requests import update_request as endpoint
    from hitl_api.models.request_update import RequestUpdate

    call = endpoint_call(endpoint, request_id, body=RequestUpdate.from_dict(fields))
    return _reading(call, partial(_one, request_id))


def cancel_request(request_id: str) -> ApiCall[None]:
    """Cancel a request; the receipt says no more than that it worked."""
    from hitl_api.api.requests import cancel_request as endpoint

    return _reading(endpoint_call(endpoint, request_id), partial(_receipt, request_id))


def add_request_feedback(request_id: str, feedback: Mapping[str, Any]) -> ApiCall[None]:
    """Say how good an answer was."""
    from hitl_api.api.requests import add_request_feedback as endpoint
    from hitl_api.models.feedback_body import FeedbackBody

    call = endpoint_call(endpoint, request_id, body=FeedbackBody.from_dict({"feedback": dict(feedback)}))
    return _reading(call, partial(_receipt, request_id))


def _reading(
    call: Any, read: Reader[T], timeout: float | None = None, *, not_found: type[NotFoundError] = RequestNotFoundError
) -> ApiCall[T]:
    """Return the same call, whose response is read in another way."""
    found: ApiCall[T] = call._replace(
        decode=partial(decode, call.operation, read), not_found=not_found, timeout=timeout
    )
    return found


def _data_of(response: Response) -> dict[str, Any]:
    """Return the member `data` of the body, `{error, msg, data}`; an error with a status of success is one, too."""
    body = json_of(response)
    if body["error"] is not False:
        raise ValueError(f"it says that it is an error: {body.get('msg')!r:.80}")
    if not is_object(body["data"]):
        raise TypeError("its data is no object")
    return body["data"]


def _one(asked: str, response: Response) -> Request:
    found = Request.from_json(_data_of(response)["request"])
    refuse_another(written(asked), written(found.id))
    return found if found.id == asked else evolve(found, id=asked)


def _page(asked: PageRequest, response: Response) -> Page[Request]:
    found = page(Request.from_json, asked, response, flag="error")
    data = as_object(as_object(json_of(response)).get("data"))
    # The service in operation does not say whether a page follows.
    is_silent = not any(name in data for name in _PAGING)
    follows = asked.offset + len(found.items) if is_silent and len(found.items) >= asked.limit else None
    return found if follows is None else evolve(found, next_offset=follows)


def _receipt(asked: str, response: Response) -> None:
    def refuse(given: Response) -> None:
        found = _data_of(given).get("request_id")
        refuse_another(written(asked), written(found) if isinstance(found, str) else found)

    unless_silent(refuse, response)
