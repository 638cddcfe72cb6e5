"""The event that a genuine webhook carries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from hitl import _json
from hitl._interrupts import reraise_interrupt
from hitl._moments import read_moment
from hitl.webhooks._headers import Headers
from hitl.webhooks._refusals import refusal
from hitl.webhooks._replay import ReplayGuard, retained_until
from hitl.webhooks._secrets import Keys, Secret, all_keys
from hitl.webhooks._signatures import TOLERANCE, Body, Proof, Tolerance, check, raw_body, seconds_of

LARGEST_BODY: Final = 1024 * 1024
"""Bytes that the body of an event may have; the server's have a few thousand."""


class WebhookEvent:
    """A genuine webhook. Its parts cannot be reassigned.

    The properties are typed and never raise: what the payload does not have, or has in another shape, is None.
    """

    __slots__ = ("_claims", "_data")

    def __init__(self, data: Mapping[str, Any], *, claims: Iterable[str] = ()) -> None:
        """Wrap a payload; `construct_event` does it after the checks."""
        self._data = dict(data)
        self._claims = tuple(claims)

    @property
    def data(self) -> dict[str, Any]:
        """The whole payload."""
        return self._data

    @property
    def event(self) -> str:
        """What happened, such as "review.completed"; new words may appear at any time."""
        return str(self._data["event"])

    @property
    def type(self) -> str:
        """The same as `event`, under the name of Standard Webhooks."""
        return self.event

    @property
    def id(self) -> str:
        """The same at every delivery of this event: its webhook-id, or a digest of its signature; a test's has none."""
        return self._claims[0] if self._claims else ""

    @property
    def claims(self) -> tuple[str, ...]:
        """The names under which a replay guard knows it, `id` first: one for each of its signatures."""
        return self._claims

    @property
    def review(self) -> dict[str, Any] | None:
        """The review concerned; None in events about something else."""
        review = self._data.get("review")
        return cast("dict[str, Any]", review) if isinstance(review, dict) else None

    @property
    def review_id(self) -> str | None:
        """The id of that review."""
        return self._text("id")

    @property
    def template_id(self) -> str | None:
        """The template of that review."""
        return self._text("template_id")

    @property
    def status(self) -> str | None:
        """The status of that review when it happened, such as "completed" or "rejected"."""
        return self._text("status")

    @property
    def result(self) -> dict[str, Any] | None:
        """The reviewer's answer by the template's field names."""
        result = (self.review or {}).get("result")
        return cast("dict[str, Any]", result) if isinstance(result, dict) else None

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What your program kept with that review when it created it."""
        metadata = (self.review or {}).get("metadata")
        return cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else None

    @property
    def reviewer(self) -> str | None:
        """Who answered."""
        return self._text("reviewer")

    @property
    def completed_at(self) -> datetime | None:
        """When the reviewer answered, with its time zone."""
        return _moment(self._text("completed_at"))

    @property
    def timestamp(self) -> str | None:
        """When it happened, as the server wrote it (ISO 8601); not every event has it."""
        timestamp = self._data.get("timestamp")
        return timestamp if isinstance(timestamp, str) else None

    @property
    def occurred_at(self) -> datetime | None:
        """When it happened, with its time zone."""
        return _moment(self.timestamp)

    def _text(self, name: str) -> str | None:
        value = (self.review or {}).get(name)
        return value if isinstance(value, str) else None

    def __eq__(self, other: object) -> bool:
        return self._data == other._data if isinstance(other, WebhookEvent) else NotImplemented

    def __repr__(self) -> str:
        # Not the payload: what people wrote does not belong into a log by accident.
        return f"WebhookEvent(event={self.event!r}, review_id={self.review_id!r}, timestamp={self.timestamp!r})"


def construct_event(
    headers: Headers,
    body: Body,
    secret: Secret,
    *,
    tolerance: Tolerance = TOLERANCE,
    now: float | None = None,
    replay_guard: ReplayGuard | None = None,
) -> WebhookEvent:
    """Return the event that a genuine webhook carries.

    Args:
        headers, secret, tolerance, now: As in `verify_signature`.
        body: The raw body, at most 1 MiB.
        replay_guard: Remembers what was received; a webhook that it knows is refused with the reason "replayed".
            The event counts as received as soon as this function returns. If your handler fails afterwards, call
            `replay_guard.forget` for each of `event.claims`, or the server's next attempt is refused, too; `Router`
            does that.

    Raises:
        SignatureError: It is not genuine, or no event, or a repetition. Its `reason` is for your log, not for the
            sender; `docs/reference/webhooks.md` lists the reasons.
        TypeError, ValueError: As in `verify_signature`.
    """
    keys = all_keys(secret)
    del secret  # a traceback that shows local variables would show it
    if isinstance(keys, Exception):
        raise keys
    event = genuine_event(headers, raw_body(body), keys, seconds_of(tolerance), now)
    if replay_guard is not None:
        expires = retained_until(now)
        if not all(replay_guard.first_time(name, expires) for name in event.claims):
            raise refusal("replayed")
    return event


def genuine_event(
    headers: Headers, raw: bytes, keys: Sequence[Keys], tolerance: float, now: float | None = None
) -> WebhookEvent:
    """Return the event of a genuine webhook, without asking a replay guard."""
    if len(raw) > LARGEST_BODY:
        raise refusal("payload_too_large")
    proofs = check(headers, raw, keys, tolerance, now)
    return WebhookEvent(_parse_payload(raw), claims=_claims_of(proofs))


def _claims_of(proofs: Sequence[Proof]) -> Iterable[str]:
    # One for each signature: an event that was signed in both ways could otherwise be replayed under its other name, by
    # omitting the headers of one way. Not the digest itself: it is a valid signature, and claims are logged and stored.
    ids = [proof for proof in proofs if isinstance(proof, str)]
    digests = [f"sha256:{hashlib.sha256(proof).hexdigest()}" for proof in proofs if isinstance(proof, bytes)]
    return dict.fromkeys(ids + digests)


def _parse_payload(raw: bytes) -> dict[str, Any]:
    try:
        payload: object = _json.decode(raw)
    except UnicodeDecodeError:
        raise refusal("payload_encoding") from None
    except ValueError as error:
        reraise_interrupt(error)
        raise refusal("payload_not_json") from None
    if isinstance(payload, dict) and isinstance(cast("dict[str, Any]", payload).get("event"), str):
        return cast("dict[str, Any]", payload)
    raise refusal("payload_not_an_event")


def _moment(text: str | None) -> datetime | None:
    try:
        moment = read_moment(text) if text else None
    except ValueError as error:
        reraise_interrupt(error)
        return None
    return moment if moment and moment.tzinfo else None
