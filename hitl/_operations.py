"""Each operation of the API as a `Call`: how its request is built and how its answer is read.

The only module that touches private names of the generated client (`_get_kwargs`, `_parse_response`); the generator's
version is pinned exactly for it. Endpoints are imported when they are first used: importing all of them would load
every model of the API.
"""

# pyright: reportPrivateUsage=false
# ruff: noqa: SLF001

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar, cast
from uuid import uuid4

import httpx
from attrs import frozen
from hitl_api.client import AuthenticatedClient, Client
from hitl_api.models.api_error import ApiError
from hitl_api.models.error_envelope import ErrorEnvelope
from hitl_api.types import UNSET

from hitl._arguments import identifier
from hitl._documents import review_from, template_from
from hitl._flow import Answer, Call, Request
from hitl._json import as_list, as_object, encode, is_object
from hitl._pages import Identified, Page
from hitl._refusals import misfit
from hitl.exceptions import NotFoundError, ReviewNotFoundError, TemplateNotFoundError
from hitl.models import Review, Template

T = TypeVar("T")
Item = TypeVar("Item", bound=Identified)
P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)

# Sending these twice leaves the server as sending them once does (RFC 9110, 9.2.2); PATCH here only ever sets values.
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "PATCH"})

# The generated parsers read nothing of the client but this flag.
_PARSER = Client(base_url="", raise_on_unexpected_status=True)


class Endpoint(Protocol[P, T_co]):
    """A module of the generated client: `hitl_api.api.<tag>.<operation>`."""

    def _get_kwargs(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]: ...

    def _parse_response(
        self, *, client: AuthenticatedClient | Client, response: httpx.Response
    ) -> T_co | ErrorEnvelope | ApiError | None: ...


def create_review(fields: Mapping[str, Any], idempotency_key: str | None) -> Call[Review]:
    """Create a review; the key is minted here, before the first attempt, so that all attempts carry the same one."""
    from hitl_api.api.reviews import create_review as endpoint
    from hitl_api.models.review_create import ReviewCreate

    kwargs = endpoint._get_kwargs(body=ReviewCreate(**fields), idempotency_key=idempotency_key or _new_key())
    return _call("create_review", kwargs, endpoint, _review, success=201)


def get_review(review_id: str, *, hold: int | None = None, timeout: float | None = None) -> Call[Review]:
    """Read a review; `hold` asks the server to keep silent for up to that many seconds until it ends (RFC 7240)."""
    from hitl_api.api.reviews import get_review as endpoint

    prefer = UNSET if hold is None else f"wait={hold}"
    kwargs = endpoint._get_kwargs(identifier("review_id", review_id), prefer=prefer)
    take = partial(_same_review, review_id)
    return _call("get_review", kwargs, endpoint, take, not_found=ReviewNotFoundError, timeout=timeout)


def list_reviews(
    query: Mapping[str, Any], offset: int, *, hold: int | None = None, timeout: float | None = None
) -> Call[Page[Review]]:
    """Read one page of reviews; with `changes_after`, `hold` asks to keep silent until there is a change."""
    from hitl_api.api.reviews import list_reviews as endpoint

    prefer = UNSET if hold is None else f"wait={hold}"
    kwargs = endpoint._get_kwargs(**query, offset=offset or UNSET, prefer=prefer)
    take = partial(_page, review_from, offset)
    return _call("list_reviews", kwargs, endpoint, take, reshape=_as_list, timeout=timeout)


def update_review(review_id: str, fields: Mapping[str, Any]) -> Call[Review]:
    """Change a review that is not finished; `content` adds to what is there."""
    from hitl_api.api.reviews import update_review as endpoint
    from hitl_api.models.review_update import ReviewUpdate

    kwargs = endpoint._get_kwargs(identifier("review_id", review_id), body=ReviewUpdate(**fields))
    take = partial(_same_review, review_id)
    return _call("update_review", kwargs, endpoint, take, not_found=ReviewNotFoundError)


def cancel_review(review_id: str) -> Call[Review | None]:
    """Cancel a review; None if the server does not say what became of it, as the vendor leaves open."""
    from hitl_api.api.reviews import cancel_review as endpoint

    kwargs = endpoint._get_kwargs(identifier("review_id", review_id))
    take = partial(_same_review, review_id)
    call = _call("cancel_review", kwargs, endpoint, take, not_found=ReviewNotFoundError)
    return _or_nothing(call)


def create_template(fields: Mapping[str, Any], idempotency_key: str | None) -> Call[Template]:
    """Create a template."""
    from hitl_api.api.templates import create_template as endpoint
    from hitl_api.models.template_create import TemplateCreate

    body = TemplateCreate.from_dict(fields)
    kwargs = endpoint._get_kwargs(body=body, idempotency_key=idempotency_key or _new_key())
    return _call("create_template", kwargs, endpoint, _template, success=201)


def get_template(template_id: str) -> Call[Template]:
    """Read a template."""
    from hitl_api.api.templates import get_template as endpoint

    kwargs = endpoint._get_kwargs(identifier("template_id", template_id))
    return _call("get_template", kwargs, endpoint, _template, not_found=TemplateNotFoundError)


def list_templates(query: Mapping[str, Any], offset: int) -> Call[Page[Template]]:
    """Read one page of templates."""
    from hitl_api.api.templates import list_templates as endpoint

    kwargs = endpoint._get_kwargs(**query, offset=offset or UNSET)
    return _call("list_templates", kwargs, endpoint, partial(_page, template_from, offset), reshape=_as_list)


def update_template(template_id: str, fields: Mapping[str, Any]) -> Call[Template]:
    """Change a template; `fields` replaces the list as a whole."""
    from hitl_api.api.templates import update_template as endpoint
    from hitl_api.models.template_update import TemplateUpdate

    kwargs = endpoint._get_kwargs(identifier("template_id", template_id), body=TemplateUpdate.from_dict(fields))
    return _call("update_template", kwargs, endpoint, _template, not_found=TemplateNotFoundError)


def delete_template(template_id: str) -> Call[None]:
    """Delete a template; whatever a successful answer says, it is gone."""
    from hitl_api.api.templates import delete_template as endpoint

    kwargs = endpoint._get_kwargs(identifier("template_id", template_id))
    call = _call("delete_template", kwargs, endpoint, _ignore, not_found=TemplateNotFoundError)
    return _or_nothing(call)


def endpoint_call(endpoint: Endpoint[P, T], *args: P.args, **kwargs: P.kwargs) -> Call[T]:
    """Turn any module of the generated client into a `Call`; its ids are checked as the facade checks its own."""
    name = cast("Any", endpoint).__name__.rpartition(".")[2]
    for position, value in enumerate(args):
        identifier(f"argument {position + 1} of {name}", value)
    return _call(name, endpoint._get_kwargs(*args, **kwargs), endpoint, _whole, success=None)


@frozen
class _Reply:
    """What the generated parsers read of an HTTP response."""

    status_code: int
    document: Any
    content: bytes

    def json(self) -> Any:
        return self.document


def _call(
    operation: str,
    kwargs: Mapping[str, Any],
    endpoint: Endpoint[..., Any],
    take: Callable[[Any], T],
    *,
    success: int | None = 200,
    reshape: Callable[[Any], Any] = lambda document: document,
    not_found: type[NotFoundError] = NotFoundError,
    timeout: float | None = None,
) -> Call[T]:
    def decode(answer: Answer) -> T:
        # Whatever 2xx a server chooses is read as the documented one: the vendor names none for most operations.
        status = success or answer.status_code
        try:
            reply = _Reply(status, reshape(answer.json()), answer.content)
            return take(endpoint._parse_response(client=_PARSER, response=cast("httpx.Response", reply)))
        except Exception as error:  # generated parsers raise whatever the first odd value makes them trip over
            raise misfit(operation, answer, f"{type(error).__name__}: {error}") from None

    return Call(operation, _request(kwargs), decode, kwargs["method"].upper() in _REPEATABLE, not_found, timeout)


def _request(kwargs: Mapping[str, Any]) -> Request:
    headers = dict(kwargs.get("headers") or {})
    body = None
    if "json" in kwargs:
        body = encode(kwargs["json"])
    else:
        headers.pop("Content-Type", None)  # generated for optional bodies even where there is none
    return Request(kwargs["method"].upper(), kwargs["url"], kwargs.get("params") or {}, headers, body)


def _or_nothing(call: Call[T]) -> Call[T | None]:
    def decode(answer: Answer) -> T | None:
        return None if _is_silent(answer) else call.decode(answer)

    return Call(call.operation, call.request, decode, call.is_repeatable, call.not_found, call.timeout)


def _is_silent(answer: Answer) -> bool:
    if not answer.content.strip():
        return True
    try:
        document = answer.json()
    except ValueError:
        return False
    return is_object(document) and document.get("data") is None


def _new_key() -> str:
    return f"hitl-{uuid4().hex}"


def _review(envelope: Any) -> Review:
    return review_from(envelope.data)


def _same_review(review_id: str, envelope: Any) -> Review:
    review = review_from(envelope.data)
    if review.id != review_id:
        # A proxy or a connection out of step may hand over somebody else's answer; it must not decide for this one.
        raise ValueError(f"the answer is about {review.id!r}, not about {review_id!r}")
    return review


def _template(envelope: Any) -> Template:
    return template_from(envelope.data)


def _ignore(_envelope: Any) -> None:
    return None


def _whole(parsed: Any) -> Any:
    return parsed


def _as_list(document: Any) -> Any:
    """Return a list answer with its entries right under `data`; the vendor shows none, so each likely form is taken."""
    data = as_object(as_object(document).get("data"))
    entries = next(filter(None, map(as_list, data.values())), None)
    if entries is None:
        return document
    rest = {name: value for name, value in data.items() if as_list(value) is None}
    return {**as_object(document), "data": entries, "meta": {"pagination": rest, **as_object(document.get("meta"))}}


def _page(convert: Callable[[Any], Item], offset: int, envelope: Any) -> Page[Item]:
    items = [convert(each) for each in envelope.data]
    pagination = getattr(envelope.meta or None, "pagination", None) or None
    if pagination is None:
        return Page(items, None)
    return Page(items, _next_offset(pagination, offset + len(items)) if items else None)


def _next_offset(pagination: Any, reached: int) -> int | None:
    follows = pagination.next_offset
    if isinstance(follows, int):
        return follows
    total = pagination.total
    has_more = pagination.has_more is True or (isinstance(total, int) and total > reached)
    return reached if has_more else None
