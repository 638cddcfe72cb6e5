"""Which decisions a stream shows, by what they are told apart, and the text from which a stream goes on."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal, cast

from attrs import frozen

from hitl._api import arguments
from hitl._review import Review, has_metadata
from hitl._waiting.model import with_zone
from hitl.exceptions import ConfigurationError

BEGINNING: Final = "beginning"
_VERSION: Final = 1
_ZERO_YEAR: Final = 1970
_SHORT: Final = 8  # bytes of a digest that a cursor keeps: one in 10^15 that two of ten thousand are the same


@frozen
class DecisionFilter:
    """Which reviews are of interest: those that meet all that is given."""

    template_id: str | None = None
    metadata: Mapping[str, str] | None = None

    @classmethod
    def checked(cls, template_id: object, metadata: object) -> DecisionFilter:
        """Return the filter of two arguments; ConfigurationError if one is none."""
        template = None if template_id is None else arguments.identifier("template_id", template_id)
        wanted = None if metadata is None else arguments.metadata("metadata", metadata)
        if wanted == {}:
            raise ConfigurationError("metadata must name something to look for, such as {'run': 'r-1'}; got {}")
        return cls(template, wanted)

    def shows(self, review: Review) -> bool:
        """Return whether a review is of interest, whatever the server made of the filter."""
        if self.template_id is not None and review.template_id != self.template_id:
            return False
        return has_metadata(review, self.metadata or {})

    @property
    def query(self) -> dict[str, Any]:
        """The same for the server, which may not know all of it."""
        asked = {"template_id": self.template_id, "metadata": self.metadata}
        return {name: value for name, value in asked.items() if value is not None}


def common(filters: Sequence[DecisionFilter]) -> DecisionFilter:
    """Return the narrowest filter that shows whatever one of these shows."""
    templates = {each.template_id for each in filters}
    first, *others = ((each.metadata or {}).items() for each in filters)
    entries = {name: text for name, text in first if all((name, text) in each for each in others)}
    return DecisionFilter(templates.pop() if len(templates) == 1 else None, entries or None)


def decision_digest(review: Review) -> bytes:
    """Return what tells a decision from all others: two of one review differ in what was decided."""
    decided = [review.id, review.status, review.result]
    return sha256(json.dumps(decided, sort_keys=True, default=str).encode()).digest()


def short(digest: bytes) -> bytes:
    return digest[:_SHORT]


def changed_at(review: Review) -> datetime | None:
    """Return when the review last changed, as far as the server says; some write year 1 for no time at all."""
    times = [with_zone(each) for each in (review.updated_at, review.completed_at) if each is not None]
    return max((each for each in times if each.year > _ZERO_YEAR), default=None)


@frozen
class Position:
    """How far a stream has come.

    Attributes:
        begin: What is still to be found out: where "now" is, or whether the server has a feed of changes.
        feed: Where the server's feed of changes goes on; None where it has none.
        mark: All decisions of reviews that last changed before this were shown, by the server's clock; a little less,
            since clocks differ, and several changes bear one time.
        seen: Short digests of the decisions after that point which were shown, too.
    """

    begin: Literal["now", "beginning"] | None = None
    feed: str | None = None
    mark: datetime | None = None
    seen: Mapping[bytes, datetime | None] = {}

    def text(self, seen: Mapping[bytes, object]) -> str:
        """Return the position as an opaque text, with what was seen since."""
        facts = {
            "v": _VERSION,
            "begin": self.begin,
            "feed": self.feed,
            "mark": None if self.mark is None else self.mark.isoformat(),
            "seen": _base64(b"".join(seen)),
        }
        given = {name: value for name, value in facts.items() if value}
        return _base64(json.dumps(given, separators=(",", ":")).encode())


def position(since: object) -> Position:
    """Return the position that the argument `since` means; ConfigurationError if none."""
    if since is None:
        return Position(begin="now")
    if since == BEGINNING:
        return Position(begin="beginning")
    try:
        return _read(json.loads(_bytes(cast("str", since))))
    except (TypeError, ValueError, AttributeError, KeyError, RecursionError):
        pass
    raise ConfigurationError(
        'since must be what `cursor` of such a stream said, "beginning" for all decisions there are, or None for those '
        f"from now on; got {since!r:.40}"
    )


def _read(facts: dict[str, Any]) -> Position:
    begin, feed, mark, seen = (facts.get(name) for name in ("begin", "feed", "mark", "seen"))
    if facts["v"] != _VERSION or begin not in (None, "now", "beginning") or not isinstance(feed, str | None):
        raise ValueError("it is of another version")
    digests = _bytes(seen or "")
    if len(digests) % _SHORT:
        raise ValueError("it was cut")
    moment = None if mark is None else with_zone(datetime.fromisoformat(mark))
    found = dict.fromkeys(digests[at : at + _SHORT] for at in range(0, len(digests), _SHORT))
    return Position(begin, feed, moment, found)


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(value: str) -> bytes:
    return b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
