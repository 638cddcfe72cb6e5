"""How responses are read: what they say, and that they are about what was asked for."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

from hitl._api.page_walk import Identified, Page, PageRequest, UnreadableEntry, unreadable
from hitl._calls import SENT_KEYS, parsed, repeats_key, unexpected_response
from hitl._engine import Response
from hitl._interrupts import reraise_interrupt
from hitl._json import Object, as_list, as_object, as_text, is_list, is_object
from hitl._review import FINAL_STATUSES

T = TypeVar("T")
Item = TypeVar("Item", bound=Identified)
Reader: TypeAlias = Callable[[Response], T]


class MismatchedResponseError(ValueError):
    """A response about something else than the request."""


def decode(operation: str, read: Reader[T], response: Response) -> T:
    """Return what a successful response says, if it fits openapi.yaml and is about what was asked for."""
    try:
        return read(response)
    except MismatchedResponseError as error:
        fault = unexpected_response(operation, response, str(error), is_mismatched=True)
    except Exception as error:  # generated parsers raise any exception that a malformed value causes
        reraise_interrupt(error)
        fault = unexpected_response(operation, response, f"{type(error).__name__}: {error}")
    raise fault  # outside of the handlers, so that it does not keep the parser's exception alive


# What a server must give back as it was sent, if it gives it back. It may choose the rest itself: round a `due_date`,
# cap a `priority` at what the account may use, resolve `assignees`. A difference there says nothing.
_AS_SENT = ("template_id", "content", "name", "fields", "loop_id", "processing_type", "type", "request_text", "url")


def read_creation(  # guard: own-creation
    key: str, sent: Callable[[], Mapping[str, Any]], read: Reader[T], response: Response
) -> T:
    """Read the response to a creation, which has no id yet to compare.

    A response that repeats the key is the right one. Any other must contain what was sent, where it contains it at all,
    and nobody can have answered it yet: a proxy or a connection out of step may deliver that of another request. Such a
    one may say `Idempotent-Replayed` as well, and be about the same content: yesterday's answer to the same question.
    """
    repeated = repeats_key(response, key)
    if not repeated:
        if repeated is False and response.headers["idempotency-key"] in SENT_KEYS:
            raise MismatchedResponseError("it is the answer to another creation")
        _refuse_another_creation(sent(), response)
    return read(response)


def _refuse_another_creation(sent: Mapping[str, Any], response: Response) -> None:
    found = as_object(as_object(json_of(response)).get("data"))
    for name in _AS_SENT:
        if found.get(name) is not None and name in sent and not _contains(found[name], _required(name, sent[name])):
            raise MismatchedResponseError(f"it is the answer to another creation, whose {name} is not what was sent")
    if found.get("status") in (*FINAL_STATUSES, "timeout"):
        raise MismatchedResponseError(
            f"it is {found['status']} already, and does not repeat the Idempotency-Key, which alone would show that it "
            "is not the answer to another creation"
        )


def _required(name: str, value: object) -> object:
    """Return what must come back of a value: an older server may drop attributes of a form's fields."""
    fields = as_list(value) if name == "fields" else None
    return value if fields is None else [{key: as_object(each).get(key) for key in ("name", "type")} for each in fields]


def _contains(found: object, sent: object) -> bool:
    """Return whether a JSON value holds all of another; a server may add members, and write 1.0 as 1."""
    if isinstance(sent, str):  # as most are
        return found == sent
    if is_object(sent):
        if not is_object(found):
            return False
        for name, value in sent.items():
            if (value is not None or name in found) and not _contains(found.get(name), value):
                return False
        return True
    if is_list(sent):
        return is_list(found) and len(found) == len(sent) and all(map(_contains, found, sent))
    return found == sent and isinstance(found, bool) == isinstance(sent, bool)


def unless_silent(read: Reader[T], response: Response) -> T | None:
    """Read a response that need not have any data."""
    document = parsed(response)
    is_silent = not response.content.strip() or (is_object(document) and document.get("data") is None)
    return None if is_silent else read(response)


def json_of(response: Response) -> Any:
    """Return the decoded body; raise ValueError unless it is strict JSON in UTF-8."""
    _require_utf8(response)
    return response.json()


def _require_utf8(response: Response) -> None:  # guard: utf-8
    """Refuse a response that declares another charset: JSON on the wire is UTF-8 (RFC 8259, 8.1)."""
    kind = response.headers.get("content-type", "").lower()
    if "charset" not in kind or kind.endswith("charset=utf-8"):
        return
    from email.message import Message  # slow to import, and few servers name another charset

    header = Message()
    header["content-type"] = kind
    charset = header.get_content_charset()
    with suppress(LookupError):
        if charset is None or codecs.lookup(charset).name in ("utf-8", "ascii"):
            return
    raise ValueError(f"its charset is {charset!r}, not UTF-8")


def data_of(response: Response) -> Any:
    """Return the member `data` of the body."""
    return _enveloped(json_of(response))


def _enveloped(document: Any, flag: str = "success") -> Any:
    _ = document[flag]  # must be present, too, but the status decides
    return document["data"]


def item(parse: Callable[[object], Item], response: Response, asked: str | None = None) -> Item:
    """Return the review or template that a response holds; it must be the one that was asked for, if one was."""
    found = parse(data_of(response))
    return found if asked is None else _same(asked, found)


def _same(asked: str, found: Item) -> Item:  # guard: asked-id
    refuse_another(asked, found.id)
    return found


def refuse_another(asked: str, found: object) -> None:
    """Raise MismatchedResponseError if an id that was found is not the one that was asked for."""
    if isinstance(found, str) and found != asked:
        # A proxy or a connection out of step may deliver another request's response; it must not decide this one.
        raise MismatchedResponseError(f"the answer is about {found!r}, not about {asked!r}")


def page(parse: Callable[[object], Item], asked: PageRequest, response: Response, flag: str = "success") -> Page[Item]:
    """Return the page of a list that a response holds, in an envelope with that flag."""
    document = _flattened(json_of(response))
    entries = _enveloped(document, flag)
    if not is_list(entries):
        raise TypeError(f"expected a list, got {type(entries).__name__}")
    items: Sequence[Item | UnreadableEntry]
    try:
        items = list(map(parse, entries))
    except Exception:  # a generated or own parser, given anything
        items = [_entry(parse, each, index) for index, each in enumerate(entries, 1)]
    pagination = as_object(as_object(document.get("meta")).get("pagination"))
    cursor, total = as_text(pagination.get("next_cursor")), _whole(pagination.get("total"))
    offset = _whole(pagination.get("offset"))
    begins = asked.offset if offset is None else offset
    return Page(items, _next_offset(pagination, begins, len(items) or asked.limit, total), cursor, offset, total)


def _entry(parse: Callable[[object], Item], document: object, place: int) -> Item | UnreadableEntry:
    """Return an entry of a list; one that cannot be read must not keep the others from being read."""
    try:
        return parse(document)
    except Exception as error:
        name = as_text(as_object(document).get("id")) or f"number {place} of the page"
        return UnreadableEntry(name, unreadable(name, f"{type(error).__name__}: {error}"))


def _flattened(document: Any) -> Any:
    """Return a list response with its entries directly in `data`; the vendor shows none, so likely forms are read."""
    data = as_object(as_object(document).get("data"))
    lists = [entries for value in data.values() if (entries := as_list(value)) is not None]
    if not lists:
        return document
    entries = next(filter(None, lists), lists[0])  # an empty one may be of something else, such as filters
    rest = {name: value for name, value in data.items() if as_list(value) is None}
    rest |= as_object(rest.get("pagination"))
    return {**document, "data": entries, "meta": {"pagination": rest, **as_object(document.get("meta"))}}


def _next_offset(pagination: Object, offset: int, step: int, total: int | None) -> int | None:
    """Return where the next page begins; a page may be empty although others follow, as where a server filters it."""
    follows = _whole(pagination.get("next_offset"))
    if follows is not None and pagination.get("has_more") is not False:
        return follows
    has_more = pagination.get("has_more") is True or (total is not None and total > offset + step)
    return offset + step if has_more else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
