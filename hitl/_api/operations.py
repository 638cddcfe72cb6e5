"""Each operation of the API as a `ApiCall`: how its request is built and how its answer is read.

The only module that touches private names of the generated client (`_get_kwargs`, `_parse_response`); the generator's
version is pinned exactly for it. Endpoints are imported when they are first used: importing all of them would load
every model of the API.
"""

# pyright: reportPrivateUsage=false
# ruff: noqa: SLF001

from __future__ import annotations

import codecs
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, Protocol, TypeVar, cast
from urllib.parse import quote

from attrs import evolve

from hitl._api.decoding import review_from_json, template_from
from hitl._api.pagination import Identified, Page
from hitl._api.validators import idempotency_key as checked_key
from hitl._api.validators import identifier
from hitl._calls import KeyMaker, random_key, repeats_key, unexpected_response
from hitl._engine import Request, Response
from hitl._flows import ApiCall
from hitl._json import as_list, as_object, encode, is_list, is_object
from hitl.exceptions import ConfigurationError, NotFoundError, ReviewNotFoundError, TemplateNotFoundError
from hitl.models import Review, Template

if TYPE_CHECKING:
    import httpx
    from hitl_api.client import AuthenticatedClient, Client
    from hitl_api.models.api_error import ApiError
    from hitl_api.models.error_envelope import ErrorEnvelope

T = TypeVar("T")
Item = TypeVar("Item", bound=Identified)
P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)

# Sending these twice leaves the server as sending them once does (RFC 9110, 9.2.2); PATCH here only ever sets values.
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "PATCH"})


class Endpoint(Protocol[P, T_co]):
    """A module of the generated client: `hitl_api.api.<tag>.<operation>`."""

    def _get_kwargs(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]: ...

    def _parse_response(
        self, *, client: AuthenticatedClient | Client, response: httpx.Response
    ) -> T_co | ErrorEnvelope | ApiError | None: ...


def create_review(
    fields: Mapping[str, Any], idempotency_key: str | None, make_key: KeyMaker = random_key
) -> ApiCall[Review]:
    """Create a review; the key is minted here, before the first attempt, so that all attempts carry the same one."""
    from hitl_api.api.reviews import create_review as endpoint
    from hitl_api.models.review_create import ReviewCreate

    kwargs = endpoint._get_kwargs(body=ReviewCreate(**fields))
    call = _call("create_review", kwargs, _review)
    return _named(call, idempotency_key, make_key)


def get_review(review_id: str, *, hold: int | None = None, timeout: float | None = None) -> ApiCall[Review]:
    """Read a review; `hold` asks the server to keep silent for up to that many seconds until it ends (RFC 7240)."""
    from hitl_api.api.reviews import get_review as endpoint
    from hitl_api.types import UNSET

    prefer = UNSET if hold is None else f"wait={hold}"
    kwargs = endpoint._get_kwargs(identifier("review_id", review_id), prefer=prefer)
    read = partial(_same_review, review_id)
    return _call("get_review", kwargs, read, not_found=ReviewNotFoundError, timeout=timeout)


def list_reviews(
    query: Mapping[str, Any], offset: int, *, hold: int | None = None, timeout: float | None = None
) -> ApiCall[Page[Review]]:
    """Read one page of reviews; with `changes_after`, `hold` asks to keep silent until there is a change."""
    from hitl_api.api.reviews import list_reviews as endpoint
    from hitl_api.types import UNSET

    prefer = UNSET if hold is None else f"wait={hold}"
    kwargs = endpoint._get_kwargs(**query, offset=offset or UNSET, prefer=prefer)
    return _call("list_reviews", kwargs, partial(_page_of_reviews, offset), timeout=timeout)


def update_review(review_id: str, fields: Mapping[str, Any]) -> ApiCall[Review]:
    """Change a review that is not finished; `content` adds to what is there."""
    from hitl_api.api.reviews import update_review as endpoint
    from hitl_api.models.review_update import ReviewUpdate

    kwargs = endpoint._get_kwargs(identifier("review_id", review_id), body=ReviewUpdate(**fields))
    read = partial(_same_review, review_id)
    return _call("update_review", kwargs, read, not_found=ReviewNotFoundError)


def cancel_review(review_id: str) -> ApiCall[Review | None]:
    """Cancel a review; None if the server does not say what became of it, as the vendor leaves open."""
    from hitl_api.api.reviews import cancel_review as endpoint

    kwargs = endpoint._get_kwargs(identifier("review_id", review_id))
    read = partial(_same_review, review_id)
    call = _call("cancel_review", kwargs, read, not_found=ReviewNotFoundError)
    return _or_nothing(call)


def create_template(
    fields: Mapping[str, Any], idempotency_key: str | None, make_key: KeyMaker = random_key
) -> ApiCall[Template]:
    """Create a template."""
    from hitl_api.api.templates import create_template as endpoint
    from hitl_api.models.template_create import TemplateCreate

    body = TemplateCreate.from_dict(fields)
    call = _call("create_template", endpoint._get_kwargs(body=body), _generated(endpoint, _template, success=201))
    return _named(call, idempotency_key, make_key)


def get_template(template_id: str) -> ApiCall[Template]:
    """Read a template."""
    from hitl_api.api.templates import get_template as endpoint

    kwargs = endpoint._get_kwargs(identifier("template_id", template_id))
    take = partial(_same_template, template_id)
    return _call("get_template", kwargs, _generated(endpoint, take), not_found=TemplateNotFoundError)


def list_templates(query: Mapping[str, Any], offset: int) -> ApiCall[Page[Template]]:
    """Read one page of templates."""
    from hitl_api.api.templates import list_templates as endpoint
    from hitl_api.types import UNSET

    kwargs = endpoint._get_kwargs(**query, offset=offset or UNSET)
    read = _generated(endpoint, partial(_page_of_templates, offset), reshape=_as_list)
    return _call("list_templates", kwargs, read)


def update_template(template_id: str, fields: Mapping[str, Any]) -> ApiCall[Template]:
    """Change a template; `fields` replaces the list as a whole."""
    from hitl_api.api.templates import update_template as endpoint
    from hitl_api.models.template_update import TemplateUpdate

    kwargs = endpoint._get_kwargs(identifier("template_id", template_id), body=TemplateUpdate.from_dict(fields))
    take = partial(_same_template, template_id)
    return _call("update_template", kwargs, _generated(endpoint, take), not_found=TemplateNotFoundError)


def delete_template(template_id: str) -> ApiCall[None]:
    """Delete a template; a successful answer need not say anything, but nothing about another one."""
    from hitl_api.api.templates import delete_template as endpoint

    kwargs = endpoint._get_kwargs(identifier("template_id", template_id))

    def take(parsed: Any) -> None:
        _same_thing({}, template_id, parsed)

    call = _call("delete_template", kwargs, _generated(endpoint, take), not_found=TemplateNotFoundError)
    return _or_nothing(call)


def endpoint_call(make_key: KeyMaker, endpoint: Endpoint[P, T], *args: P.args, **kwargs: P.kwargs) -> ApiCall[T]:
    """Turn any module of the generated client into a `ApiCall`; its ids and its key are seen to as the facade's own."""
    if not hasattr(endpoint, "_get_kwargs"):
        module = "a module of hitl_api.api, such as hitl_api.api.loops.list_loops"
        raise ConfigurationError(f"call: endpoint must be {module}; got {endpoint!r:.80}")
    name = cast("Any", endpoint).__name__.rpartition(".")[2]
    parameters = inspect.signature(endpoint._get_kwargs).parameters
    by_position, by_name = _path_ids(name, parameters, args, kwargs)
    ids = {**dict(zip(parameters, by_position, strict=False)), **by_name}
    given = kwargs.get("idempotency_key") or None
    request = cast("Any", endpoint)._get_kwargs(*by_position, **{**kwargs, **by_name})
    # An answer about the one thing that the path ends with; its own id must be the same.
    one = next(iter(ids.values())) if len(ids) == 1 and request["method"] != "post" else None
    own_id = one if one is not None and request["url"].endswith(f"/{quote(one)}") else None
    call = _call(name, request, _generated(endpoint, partial(_same_thing, ids, own_id), success=None))
    if "idempotency_key" not in parameters:
        return call
    return _named(call, None if given is None else checked_key(given), make_key)


def _path_ids(
    name: str, parameters: Mapping[str, inspect.Parameter], args: Sequence[object], kwargs: Mapping[str, object]
) -> tuple[list[str], dict[str, str]]:
    """Return the parts of the path, checked; they are the parameters that may be given by position."""
    names = [each.name for each in parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    return (
        [identifier(f"argument {position + 1} of {name}", value) for position, value in enumerate(args)],
        {each: identifier(f"{each} of {name}", kwargs[each]) for each in names if each in kwargs},
    )


class _Reply(NamedTuple):
    """What the generated parsers read of an HTTP response."""

    status_code: int
    document: Any
    content: bytes

    def json(self) -> Any:
        return self.document


def _call(
    operation: str,
    kwargs: Mapping[str, Any],
    read: Callable[[Response], T],
    *,
    not_found: type[NotFoundError] = NotFoundError,
    timeout: float | None = None,
) -> ApiCall[T]:
    def decode(answer: Response) -> T:
        try:
            _require_utf8(answer)
            return read(answer)
        except MismatchedResponseError as error:
            fault = unexpected_response(operation, answer, str(error), is_anothers=True)
        except Exception as error:  # parsers raise whatever the first odd value makes them trip over
            fault = unexpected_response(operation, answer, f"{type(error).__name__}: {error}")
        raise fault  # outside of the handlers, so that nothing of the parsers hangs on to it

    return ApiCall(operation, _request(kwargs), decode, kwargs["method"].upper() in _REPEATABLE, not_found, timeout)


def _generated(
    endpoint: Endpoint[..., Any],
    take: Callable[[Any], T],
    *,
    success: int | None = 200,
    reshape: Callable[[Any], Any] = lambda document: document,
) -> Callable[[Response], T]:
    """Return a reader that lets the generated parser read an answer."""

    def read(answer: Response) -> T:
        # Whatever 2xx a server chooses is read as the documented one: the vendor names none for most operations.
        reply = _Reply(success or answer.status_code, reshape(answer.json()), answer.content)
        return take(endpoint._parse_response(client=_parser(), response=cast("httpx.Response", reply)))

    return read


@cache
def _parser() -> Client:
    """Return what the generated parsers want of a client: this flag."""
    from hitl_api.client import Client

    return Client(base_url="", raise_on_unexpected_status=True)


def _request(kwargs: Mapping[str, Any]) -> Request:
    headers = dict(kwargs.get("headers") or {})
    body = None
    if "json" in kwargs:
        body = encode(kwargs["json"])
    else:
        headers.pop("Content-Type", None)  # generated for optional bodies even where there is none
    return Request(kwargs["method"].upper(), kwargs["url"], kwargs.get("params") or {}, headers, body)


def _or_nothing(call: ApiCall[T]) -> ApiCall[T | None]:
    def decode(answer: Response) -> T | None:
        return None if _is_silent(answer) else call.decode(answer)

    return evolve(cast("ApiCall[T | None]", call), decode=decode)


def _named(call: ApiCall[T], key: str | None, make_key: KeyMaker) -> ApiCall[T]:
    """Return the call with an idempotency key: the one that was given, or one that is made for what it creates."""
    made = None if key else make_key(call.operation, call.request.body or b"null")
    sent = made.text if made else key or ""
    asked = call.request
    request = Request(asked.method, asked.path, asked.query, {**asked.headers, "Idempotency-Key": sent}, asked.body)

    def decode(answer: Response) -> T:
        # A creation has no id yet that its answer could be held against; where a server repeats the key, there is that.
        if repeats_key(answer, sent) is False:
            raise unexpected_response(call.operation, answer, "it is the answer to another creation", is_anothers=True)
        return call.decode(answer)

    return evolve(call, request=request, decode=decode, has_lasting_key=made is None or made.is_lasting)


def _require_utf8(answer: Response) -> None:  # guard: utf-8
    """JSON on the wire is UTF-8 (RFC 8259, 8.1); what says that it is something else was not written as JSON."""
    kind = answer.headers.get("content-type", "")
    kind = kind.lower()
    if "charset" not in kind or kind.endswith("charset=utf-8"):
        return
    from email.message import Message  # loads much, and few servers name another charset

    told = Message()
    told["content-type"] = kind
    charset = told.get_content_charset()
    if charset is not None and not _is_utf8(charset):
        raise ValueError(f"its charset is {charset!r}, not UTF-8")


def _is_utf8(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name in ("utf-8", "ascii")
    except (LookupError, ValueError):
        return False


class MismatchedResponseError(ValueError):
    """An answer about something else than what was asked for."""


def _is_silent(answer: Response) -> bool:
    if not answer.content.strip():
        return True
    try:
        document = answer.json()
    except ValueError:
        return False
    return is_object(document) and document.get("data") is None


def _review(answer: Response) -> Review:
    return review_from_json(_enveloped(answer.json()))


def _same_review(review_id: str, answer: Response) -> Review:
    return _same(review_id, review_from_json(_enveloped(answer.json())))


def _enveloped(document: Any) -> Any:
    """Return what stands under `data`; `success` must be there, too, but it is the status that tells."""
    _ = document["success"]
    return document["data"]


def _same_template(template_id: str, envelope: Any) -> Template:
    return _same(template_id, template_from(envelope.data))


def _same(asked: str, found: Item) -> Item:  # guard: asked-id
    _refuse_another(asked, found.id)
    return found


def _refuse_another(asked: str, found: object) -> None:
    if isinstance(found, str) and found != asked:
        # A proxy or a connection out of step may hand over somebody else's answer; it must not decide for this one.
        raise MismatchedResponseError(f"the answer is about {found!r}, not about {asked!r}")


def _template(envelope: Any) -> Template:
    return template_from(envelope.data)


def _same_thing(ids: Mapping[str, str], own_id: str | None, parsed: Any) -> Any:
    """Return an answer unless it names another thing than the request did.

    Args:
        ids: The parts of the request's path. An answer may name `loop_id`, or a `loop` with an `id`.
        own_id: What the answer is about, if that is one thing; the answer's own `id`.
        parsed: The answer.
    """
    data: Any = getattr(parsed, "data", None)
    if own_id is not None:
        _refuse_another(own_id, getattr(data, "id", None))
    for name, asked in ids.items():
        _refuse_another(asked, getattr(data, name, None))
        _refuse_another(asked, getattr(getattr(data, name.removesuffix("_id"), None), "id", None))
    return parsed


def _as_list(document: Any) -> Any:
    """Return a list answer with its entries right under `data`; the vendor shows none, so each likely form is taken."""
    data = as_object(as_object(document).get("data"))
    lists = [entries for value in data.values() if (entries := as_list(value)) is not None]
    if not lists:
        return document
    entries = next(filter(None, lists), lists[0])  # an empty one may be of something else, such as filters
    rest = {name: value for name, value in data.items() if as_list(value) is None}
    return {**as_object(document), "data": entries, "meta": {"pagination": rest, **as_object(document.get("meta"))}}


def _page_of_reviews(offset: int, answer: Response) -> Page[Review]:
    document = _as_list(answer.json())
    entries = _enveloped(document)
    if not is_list(entries):
        raise TypeError(f"expected a list, got {type(entries).__name__}")
    meta = as_object(as_object(document).get("meta"))
    return _page(list(map(review_from_json, entries)), offset, as_object(meta.get("pagination")))


def _page_of_templates(offset: int, envelope: Any) -> Page[Template]:
    pagination = getattr(envelope.meta or None, "pagination", None) or None
    return _page(list(map(template_from, envelope.data)), offset, pagination.to_dict() if pagination else {})


def _page(items: list[Item], offset: int, pagination: Mapping[str, Any]) -> Page[Item]:
    return Page(items, _next_offset(pagination, offset + len(items)) if items and pagination else None)


def _next_offset(pagination: Mapping[str, Any], reached: int) -> int | None:
    follows = pagination.get("next_offset")
    if isinstance(follows, int):
        return follows
    total = pagination.get("total")
    has_more = pagination.get("has_more") is True or (isinstance(total, int) and total > reached)
    return reached if has_more else None
