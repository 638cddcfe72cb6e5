"""Each operation of the API as an `ApiCall`: how its request is built and how its response is read.

The only module that touches private names of the generated client (`_get_kwargs`, `_parse_response`); the generator's
version is pinned exactly for it. Reviews and templates are read by their own `from_json`, which is faster and more
forgiving than the generated parsers. Endpoints are imported when they are first used: importing all of them would load
every model of the API. Only that of `create_review`, which nearly every program calls, is imported here, since imports
inside of functions were 4 % of its CPU.
"""

# pyright: reportPrivateUsage=false
# ruff: noqa: SLF001

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, Protocol, TypeVar, cast
from urllib.parse import quote

from hitl_api.api.reviews import create_review as review_endpoint
from hitl_api.models.review_create import ReviewCreate
from hitl_api.types import UNSET

from hitl._api.arguments import identifier
from hitl._api.multipart import form_of
from hitl._api.page_walk import Page, PageRequest
from hitl._api.responses import (
    Reader,
    data_of,
    decode,
    item,
    json_of,
    page,
    read_creation,
    refuse_another,
    unless_silent,
)
from hitl._calls import SENT_KEYS, Key, repeats_key
from hitl._engine import Request, Response
from hitl._flows import ApiCall
from hitl._json import EncodedObject, as_object, encode_body, sent_fault
from hitl._json import decode as decode_json
from hitl.exceptions import ConfigurationError, ContentError, NotFoundError, ReviewNotFoundError, TemplateNotFoundError
from hitl.models import Review, Template

if TYPE_CHECKING:
    import httpx
    from hitl_api.client import AuthenticatedClient, Client
    from hitl_api.models.api_error import ApiError
    from hitl_api.models.error_envelope import ErrorEnvelope

T = TypeVar("T")
P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)

# Sending these twice leaves the server as sending them once does (RFC 9110, 9.2.2); PATCH here only ever sets values.
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "PATCH"})

# Responses that last as long as the connection, with their paths.
_STREAMS = {"stream_events": "/v1/events"}

# Operations that answer with the status of an error that something is still open.
_ANSWERS = {"wait_for_turn": 408}


class Endpoint(Protocol[P, T_co]):
    """A module of the generated client: `hitl_api.api.<tag>.<operation>`."""

    def _get_kwargs(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]: ...

    def _parse_response(
        self, *, client: AuthenticatedClient | Client, response: httpx.Response
    ) -> T_co | ErrorEnvelope | ApiError | None: ...


class Creation(NamedTuple, Generic[T]):
    """A call that creates something, before it has its idempotency key."""

    operation: str
    request: Request
    read: Reader[T]
    within: Iterable[str] = ()  # the ids of what it is created in
    fields: Mapping[str, Any] | None = None  # what it asks for, if nobody else can change it

    def asked_for(self) -> Mapping[str, Any]:
        """Return what it asks to be created."""
        return as_object(decode_json(self.request.body or b"{}")) if self.fields is None else self.fields

    def with_key(self, key: Key) -> ApiCall[T]:
        """Return the call, all attempts of which carry this key."""
        asked = self.request
        headers = {**asked.headers, "Idempotency-Key": key.text}
        request = Request(asked.method, asked.path, asked.query, headers, asked.body)
        SENT_KEYS.add(key.text)
        decoder = partial(decode, self.operation, partial(read_creation, key.text, self.asked_for, self.read))
        return ApiCall(self.operation, request, decoder, is_repeatable=False, has_lasting_key=key.is_lasting)


def create_review(fields: Mapping[str, Any]) -> Creation[Review]:
    kwargs = review_endpoint._get_kwargs(body=ReviewCreate(**fields))
    own = None if isinstance(fields["content"], EncodedObject) else kwargs["json"]  # that one holds the caller's values
    return Creation("create_review", _request(kwargs), partial(item, Review.from_json), fields=own)


def get_review(review_id: str, *, hold: int | None = None, timeout: float | None = None) -> ApiCall[Review]:
    """Read a review; `hold` asks the server to delay its response up to that many seconds until it ends (RFC 7240)."""
    from hitl_api.api.reviews import get_review as endpoint

    prefer = UNSET if hold is None else f"wait={hold}"
    kwargs = endpoint._get_kwargs(identifier("review_id", review_id), prefer=prefer)
    return _call("get_review", kwargs, partial(item, Review.from_json, asked=review_id), ReviewNotFoundError, timeout)


def list_reviews(
    query: Mapping[str, Any], asked: PageRequest, *, hold: int | None = None, timeout: float | None = None
) -> ApiCall[Page[Review]]:
    """Read one page of reviews; with `changes_after`, `hold` asks to delay the response until there is a change."""
    from hitl_api.api.reviews import list_reviews as endpoint

    prefer = UNSET if hold is None else f"wait={hold}"
    if "metadata" in query:
        from hitl_api.models.review_metadata import ReviewMetadata

        query = {**query, "metadata": ReviewMetadata.from_dict(query["metadata"])}
    kwargs = endpoint._get_kwargs(**{**query, **_place(asked)}, prefer=prefer)
    return _page_call("list_reviews", kwargs, partial(page, Review.from_json, asked), timeout)


def _page_call(operation: str, kwargs: Mapping[str, Any], read: Reader[T], timeout: float | None = None) -> ApiCall[T]:
    return _call(operation, kwargs, read, timeout=timeout)._replace(can_be_smaller=True)


def _place(asked: PageRequest) -> dict[str, Any]:
    return {"limit": asked.limit, "offset": asked.offset or UNSET, "after": asked.after or UNSET}


def find_review(key: str) -> ApiCall[Page[Review] | None]:
    """Read the review that was created with an idempotency key; None if the server does not look for it."""
    from hitl_api.api.reviews import list_reviews as endpoint

    def read(response: Response) -> Page[Review] | None:
        return page(Review.from_json, PageRequest(1), response) if repeats_key(response, key) else None

    return _call("get_review", endpoint._get_kwargs(idempotency_key=key, limit=1), read)


def update_review(review_id: str, fields: Mapping[str, Any]) -> ApiCall[Review]:
    """Change a review that is not finished; `content` adds to what is there."""
    from hitl_api.api.reviews import update_review as endpoint
    from hitl_api.models.review_update import ReviewUpdate

    kwargs = endpoint._get_kwargs(identifier("review_id", review_id), body=ReviewUpdate(**fields))
    return _call("update_review", kwargs, partial(item, Review.from_json, asked=review_id), ReviewNotFoundError)


def cancel_review(review_id: str) -> ApiCall[Review | None]:
    """Cancel a review; None if the response does not contain it, which the vendor leaves open."""
    from hitl_api.api.reviews import cancel_review as endpoint

    kwargs = endpoint._get_kwargs(identifier("review_id", review_id))
    read = partial(unless_silent, partial(item, Review.from_json, asked=review_id))
    return _call("cancel_review", kwargs, read, ReviewNotFoundError)


def create_template(fields: Mapping[str, Any]) -> Creation[Template]:
    from hitl_api.api.templates import create_template as endpoint
    from hitl_api.models.template_create import TemplateCreate

    kwargs = endpoint._get_kwargs(body=TemplateCreate.from_dict(fields))
    return Creation("create_template", _request(kwargs), partial(item, Template.from_json))


def get_template(template_id: str) -> ApiCall[Template]:
    from hitl_api.api.templates import get_template as endpoint

    kwargs = endpoint._get_kwargs(identifier("template_id", template_id))
    return _call("get_template", kwargs, partial(item, Template.from_json, asked=template_id), TemplateNotFoundError)


def list_templates(asked: PageRequest) -> ApiCall[Page[Template]]:
    from hitl_api.api.templates import list_templates as endpoint

    kwargs = endpoint._get_kwargs(**_place(asked))
    return _page_call("list_templates", kwargs, partial(page, Template.from_json, asked))


def update_template(template_id: str, fields: Mapping[str, Any]) -> ApiCall[Template]:
    """Change a template; `fields` replaces the list as a whole."""
    from hitl_api.api.templates import update_template as endpoint
    from hitl_api.models.template_update import TemplateUpdate

    kwargs = endpoint._get_kwargs(identifier("template_id", template_id), body=TemplateUpdate.from_dict(fields))
    return _call("update_template", kwargs, partial(item, Template.from_json, asked=template_id), TemplateNotFoundError)


def delete_template(template_id: str) -> ApiCall[None]:
    """Delete a template; the response may be empty, but must not name another template."""
    from hitl_api.api.templates import delete_template as endpoint

    def read(response: Response) -> None:
        refuse_another(template_id, as_object(data_of(response)).get("id"))

    kwargs = endpoint._get_kwargs(identifier("template_id", template_id))
    return _call("delete_template", kwargs, partial(unless_silent, read), TemplateNotFoundError)


def endpoint_call(endpoint: Endpoint[P, T], *args: P.args, **kwargs: P.kwargs) -> ApiCall[T] | Creation[T]:
    """Return the call of any module of the generated client; its ids are checked as those of the facade are."""
    if not hasattr(endpoint, "_get_kwargs"):
        module = "a module of hitl_api.api, such as hitl_api.api.loops.list_loops"
        raise ConfigurationError(f"call: endpoint must be {module}; got {endpoint!r:.80}")
    operation = cast("Any", endpoint).__name__.rpartition(".")[2]
    if operation in _STREAMS:
        raise ConfigurationError(
            f"call: the response of {operation} never ends, so a call cannot return it; read it line by line with"
            f' httpx.stream("GET", base_url + "{_STREAMS[operation]}", headers={{"Authorization": "Bearer ..."}})'
        )
    signature = inspect.signature(endpoint._get_kwargs)
    # The generator takes the ids in a path by position or name, and everything else by name only.
    names = [each.name for each in signature.parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    arguments = signature.bind(*args, **kwargs).arguments
    ids = {
        name: identifier(f"{name if name in kwargs else f'argument {position}'} of {operation}", arguments[name])
        for position, name in enumerate(names, 1)
    }
    generated = cast("Any", endpoint)._get_kwargs(**{**arguments, **ids})
    # A path that ends with its only id is that of one thing: the response must be about the same one.
    is_one_thing = (
        len(ids) == 1 and generated["method"] != "post" and generated["url"].endswith(f"/{quote(*ids.values())}")
    )
    own_id = next(iter(ids.values())) if is_one_thing else None
    read: Reader[T] = partial(_generated, endpoint, ids, own_id)
    if "idempotency_key" in signature.parameters and generated["method"] == "post":
        return Creation(operation, _request(generated), read, ids.values())
    return _call(operation, generated, read)._replace(answers=_ANSWERS.get(operation))


def _call(
    operation: str,
    kwargs: Mapping[str, Any],
    read: Reader[T],
    not_found: type[NotFoundError] = NotFoundError,
    timeout: float | None = None,
) -> ApiCall[T]:
    request = _request(kwargs)
    return ApiCall(
        operation, request, partial(decode, operation, read), request.method in _REPEATABLE, not_found, timeout
    )


def _request(kwargs: Mapping[str, Any]) -> Request:
    headers = dict(kwargs.get("headers") or {})
    if "files" in kwargs:
        headers["Content-Type"], form = form_of(kwargs["files"])
        return Request(kwargs["method"].upper(), kwargs["url"], kwargs.get("params") or {}, headers, form)
    body = encode_body(kwargs["json"]) if "json" in kwargs else None
    if body is not None and (fault := sent_fault(body)):
        raise ContentError(
            f"the request cannot be sent, since no answer that contains it could be read: {fault}; split it up, or "
            "send a link to where the rest is",
            path="content",
        )
    if body is None:
        headers.pop("Content-Type", None)  # generated for optional bodies even where there is none
    return Request(kwargs["method"].upper(), kwargs["url"], kwargs.get("params") or {}, headers, body)


class _Reply(NamedTuple):
    """As much of an httpx response as the generated parsers read."""

    status_code: int
    document: Any
    content: bytes

    def json(self) -> Any:
        return self.document


@cache
def _parser() -> Client:
    """Return the client that the generated parsers take for this flag."""
    from hitl_api.client import Client

    return Client(base_url="", raise_on_unexpected_status=True)


def _generated(endpoint: Endpoint[..., T], ids: Mapping[str, str], own_id: str | None, response: Response) -> T:
    """Return what the generated parser makes of a response, unless it is about something else than the request.

    A response may repeat an id of the request's path as `loop_id`, or have a `loop` with that `id`; if it is about one
    thing, its own `id` must be `own_id`.
    """
    reply = _Reply(response.status_code, json_of(response), response.content)
    parsed: Any = endpoint._parse_response(client=_parser(), response=cast("httpx.Response", reply))
    data: Any = getattr(parsed, "data", None)
    if own_id is not None:
        refuse_another(own_id, getattr(data, "id", None))
    for name, asked in ids.items():
        refuse_another(asked, getattr(data, name, None))
        refuse_another(asked, getattr(getattr(data, name.removesuffix("_id"), None), "id", None))
    return cast("T", parsed)
