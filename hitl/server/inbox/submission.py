"""Forms that a reviewer sends: read from the body, and checked for their origin (CSRF)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from hitl._json import is_object
from hitl.server.access import FORM_TOKEN as FORM_TOKEN  # for the handlers, too
from hitl.server.http import in_worker_if_large
from hitl.server.http.requests import parse_object
from hitl.server.inbox.arguments import folded
from hitl.server.inbox.fields import as_text
from hitl.server.inbox.refusal import Refusal
from hitl.server.primitives import Actor, ApiError, actor_of, clean_name, invalid

MAX_FORM_BYTES = 5 * 1024 * 1024
MAX_FORM_FIELDS = 5000
MAX_REVIEWER_LENGTH = 254  # the longest e-mail address (RFC 5321, 4.5.3.1.3, with its brackets)

FIELD_PREFIX = "field."
NOTES_PREFIX = "notes."
STAMP_PREFIX = "stamp."
CONFIRM_SELF = "confirm_self"
"""The field by which somebody insists on answering what he asked himself."""

_COOKIE = "hitl_reviewer"
_COOKIE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Submission:
    """A sent review form."""

    answers: Mapping[str, list[str]]  # the strings of a field's controls; a name is missing if none of them was filled
    version: str  # the review's when the page was opened
    shown: str  # the digest of what the page showed; empty from a client that does not send it
    reviewer: str
    decision: str  # the button: "complete" or "reject"
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])  # the answers of a JSON body, not yet as strings
    stamps: Mapping[str, str] = field(default_factory=dict[str, str])  # see `merging`
    hosts: Mapping[str, str] = field(default_factory=dict[str, str])  # "load" or "unload": of pictures
    refusal: Refusal = field(default_factory=Refusal)
    actor: Actor | None = None  # the person of the session, where the server knows people
    is_confirmed: bool = False  # he insists on answering what he asked himself
    misread: Mapping[str, str] = field(default_factory=dict[str, str])  # what is wrong with arguments, by their field


async def read_submission(request: Request, *, room: int = 0) -> Submission:
    """Read a review form, which may be `room` bytes larger for its files; ApiError if it is not from our own page."""
    if _is_json(request):
        return await _read_json(request, room)
    sent = await read_form(request, limit=MAX_FORM_BYTES + room)
    first = {name: values[0] for name, values in sent.items()}
    inside, misread = folded(sent)
    return Submission(
        answers={**inside, **_answers(sent)},
        version=first.get("version", ""),
        shown=first.get("fingerprint") or _shown(first.get("form_token", "")),
        reviewer=reviewer_of(request, first.get("reviewer", "")),
        decision=first.get("decision", ""),
        actor=actor_of(request.scope),
        is_confirmed=CONFIRM_SELF in sent,
        stamps={name.removeprefix(STAMP_PREFIX): text for name, text in first.items() if name.startswith(STAMP_PREFIX)},
        hosts={name: first[name] for name in ("load", "unload") if name in first},
        refusal=Refusal.read(sent),
        misread=misread,
    )


async def read_form(request: Request, *, limit: int = MAX_FORM_BYTES) -> dict[str, list[str]]:
    """Read a form as strings by the names of its controls; ApiError as in `read_submission`."""
    check_origin(request)
    body = await _body(request, limit)
    sent = await in_worker_if_large(len(body), _parse, body)
    check_form_token(request, sent.get("form_token", [""])[0])
    return sent


async def read_reviewer(request: Request) -> str:
    """Read the reviewer's name from a form that holds nothing else."""
    return reviewer_of(request, (await read_form(request)).get("reviewer", [""])[0])


def reviewer_of(request: Request, typed: str) -> str:
    """Return who sends a form: the person of the session, or the typed name where nobody is known."""
    actor = actor_of(request.scope)
    return clean_name(typed) if actor is None else actor.name


def check_origin(request: Request) -> None:
    """Refuse what another site made the reviewer's browser send.

    Browsers add Sec-Fetch-Site, older ones Origin, to every POST. A client that sends neither is not a browser, so it
    has no cookies to abuse.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        trusted = site in {"same-origin", "none"}
    else:
        trusted = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not trusted:
        refusal = "This form was submitted from another site. Submit it from the inbox."
        raise ApiError(403, "insufficient_permissions", refusal)


def check_form_token(request: Request, given: str) -> None:
    """Refuse a form without the session's token: it was not on a page of ours."""
    expected: str | None = request.scope.get(FORM_TOKEN)
    # As bytes, because compare_digest accepts ASCII strings only.
    if expected is not None and not hmac.compare_digest(
        expected.encode(), given.partition(".")[0].encode("utf-8", "replace")
    ):
        refusal = "This form is from another session. Reload the page and submit it again."
        raise ApiError(403, "insufficient_permissions", refusal)


def _shown(form_token: str) -> str:
    """Return what the token of a JSON form says was shown."""
    return form_token.partition(".")[2]


def remembered_reviewer(request: Request) -> str:
    """Return the person of the session, or the name that the reviewer gave last time, or nothing."""
    if (actor := actor_of(request.scope)) is not None:
        return actor.name
    return unquote(request.cookies.get(_COOKIE, ""))[:MAX_REVIEWER_LENGTH]


def remember_reviewer(request: Request, response: Response, reviewer: str) -> None:
    """Keep the reviewer's name for the next form, unless the session knows it."""
    if actor_of(request.scope) is None:
        base = str(request.scope.get("root_path", "")) or "/"
        response.set_cookie(
            _COOKIE, quote(reviewer), max_age=_COOKIE_SECONDS, path=base, httponly=True, samesite="strict"
        )


def _answers(sent: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the strings by field; notes follow the decision that they belong to, which may be missing."""
    answers = {name.removeprefix(FIELD_PREFIX): texts for name, texts in sent.items() if name.startswith(FIELD_PREFIX)}
    for name, texts in sent.items():
        if name.startswith(NOTES_PREFIX):
            field = name.removeprefix(NOTES_PREFIX)
            answers[field] = [answers.get(field, [""])[0], texts[0]]
    return answers


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


async def _read_json(request: Request, room: int) -> Submission:
    """Read `{"form_token", "version", "reviewer", "decision", "answers": {name: value}}`.

    No page of another site can send JSON without the permission of this one (CORS), and it would lack the token.
    """
    check_origin(request)
    body = await _body(request, MAX_FORM_BYTES + room)
    sent = await in_worker_if_large(len(body), parse_object, body)
    token = as_text(sent.get("form_token"))
    check_form_token(request, token)
    answers = sent.get("answers", {})
    if not is_object(answers):
        raise invalid("must be an object", "answers")
    return Submission(
        answers={},
        version=as_text(sent.get("version")),
        shown=_shown(token),
        reviewer=reviewer_of(request, as_text(sent.get("reviewer"))),
        actor=actor_of(request.scope),
        is_confirmed=sent.get(CONFIRM_SELF) is True,
        decision=as_text(sent.get("decision")),
        given=answers,
    )


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(413, "payload_too_large", "The form is too large. Shorten the text or attach fewer files.")
    return bytes(body)


def _parse(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FORM_FIELDS)
    except ValueError as error:  # no percent-encoding, or more fields than any of our forms has
        raise ApiError(400, "validation_error", "This form is not valid. Open its page again.") from error
