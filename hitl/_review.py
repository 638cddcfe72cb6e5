"""The class Review, which users import from `hitl` or `hitl.models`.

It has a file of its own because the errors refer to it, and the other models refer to the errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from sys import intern
from types import NoneType
from typing import Any, Final, Self

from attrs import AttrsInstance, asdict, field, fields, frozen

from hitl._json import EncodedObject, Object, as_text, decode, is_object
from hitl._moments import moment as _moment
from hitl._verdict import Edit, Verdict, edits_of, feedback_of, verdict_of

# The server may add statuses: one that is not among these means that the review is not finished yet.
FINAL_STATUSES = frozenset({"completed", "rejected", "expired", "cancelled"})  # guard: final-statuses
ANSWERED_STATUSES = frozenset({"completed", "rejected"})

# Exact types, because a bool is no integer; null stands for what is not known.
_STRING: Final = (NoneType, str)
_INTEGER: Final = (NoneType, int)
_BOOLEAN: Final = (NoneType, bool)
_OBJECT: Final = (dict, NoneType)
_LIST: Final = (list, NoneType)


# Without slots, because reading a page of 100 reviews is then a tenth faster: a frozen class with slots sets each
# attribute with a call.
@frozen(slots=False)
class Review:
    """A question put to people, and its answer, as the server reported it at one moment.

    Attributes:
        id: The server's name for the review, such as "rev_123".
        status: created, assigned, in_progress, completed, rejected, expired, cancelled, or a word newer than this
            package.
        template_id: The template that the reviewer answers.
        content: What was put before the reviewer.
        result: The answer by the template's field names; empty until there is one. A completed review is one that was
            answered, for or against: look into the result.
        assignees: E-mail addresses of those who are asked; empty if anybody may answer.
        priority: low, medium, high, or None if the server does not say.
        due_date: When the answer is needed.
        assignment_strategy: How the server picks a reviewer.
        reviewer: Who answered.
        created_at: When it was created.
        updated_at: When it last changed.
        completed_at: When it was answered.
        version: Grows with every change, where the server counts them.
        metadata: What your program kept with the review, as texts by name; reviewers do not see it.
        url: The page where a person answers; None if the server does not say.
        verdict_field: The field of the result that says yes or no to the whole, where the server says so.
        asked_by: Who asked, as a team's server knows: `key_id`, `key_name`, `person_id` of the key's owner, and
            `claimed`, the address in whose name the program said that it asks. Empty where keys have no names.
        self_approved: True if the person who asked has answered, against the server's warning.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    id: str
    status: str
    template_id: str
    content: dict[str, Any] = field(repr=False)
    created_at: datetime = field(repr=False)
    result: dict[str, Any] = field(factory=dict[str, Any], repr=lambda result: f"{result!r:.200}")
    assignees: list[str] = field(factory=list[str], repr=False)
    priority: str | None = None
    due_date: datetime | None = field(default=None, repr=False)
    assignment_strategy: str | None = field(default=None, repr=False)
    reviewer: str | None = field(default=None, repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    completed_at: datetime | None = field(default=None, repr=False)
    version: int | None = field(default=None, repr=False)
    metadata: dict[str, Any] = field(factory=dict[str, Any], repr=False)
    url: str | None = field(default=None, repr=False, eq=False)  # it depends on how the server is reached
    verdict_field: str | None = field(default=None, repr=False)
    asked_by: dict[str, Any] = field(factory=dict[str, Any], repr=False)
    self_approved: bool | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False)

    @property
    def state(self) -> str:
        """The same as `status`."""
        return self.status

    @property
    def is_final(self) -> bool:
        """True once nothing more will happen: answered, expired or cancelled."""
        return self.status in FINAL_STATUSES

    @property
    def is_answered(self) -> bool:
        """True once a person has answered, whatever the answer."""
        return self.status in ANSWERED_STATUSES

    @property
    def verdict(self) -> Verdict | None:
        """What the answer means: approved, rejected, answered, expired or cancelled; None while there is none.

        It is approved only where the answer says so clearly: a field `approved` or `approval` that is true, or the
        field that the server names. A completed review without such a field is answered.
        """
        return verdict_of(self.status, self.result, as_text(self.verdict_field))

    @property
    def erased(self) -> bool:
        """True once the server has erased content, result and metadata, which it keeps for a limited time."""
        return self.extra.get("erased") is True

    @property
    def answered_via(self) -> str | None:
        """`link` if the link of a message and its code were all that said who answers; None otherwise.

        Such a message may have been forwarded, and answered by another person than `reviewer`.
        """
        return as_text(self.extra.get("answered_via"))

    @property
    def feedback(self) -> str | None:
        """The reviewer's words: the first of feedback, comment, comments, reason and message; None without any."""
        return feedback_of(self.result)

    @property
    def edits(self) -> list[Edit]:
        """What the reviewer changed of the content, by its path."""
        return edits_of(self.content, self.result) if self.is_answered else []

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Return the review that a JSON object of the API describes; `to_json` is the reverse.

        Raises:
            ValueError: if a required member is missing, or one has another type than openapi.yaml says. Unknown
                statuses, priorities and members are accepted: the server may be newer than this package.
        """
        if not is_object(document):
            raise ValueError(f"expected a review, got {type(document).__name__}")
        # Written out rather than driven by a table, because reviews arrive by the hundred.
        values: tuple[Any, ...]
        try:
            usual = _all_of(document)
            has_others = len(document) > len(_USUAL)
            values = (*usual, *(map(document.get, _FLAGGED) if has_others else _UNFLAGGED))
            may_have_more = has_others and not _is_all(document)
        except KeyError:
            values, may_have_more = tuple(map(document.get, _NAMES)), True
        (
            review_id,
            status,
            template_id,
            content,
            created_at,
            result,
            assignees,
            priority,
            due_date,
            strategy,
            reviewer,
            updated_at,
            completed_at,
            version,
            metadata,
            url,
            verdict_field,
            asked_by,
            self_approved,
        ) = values
        if not type(review_id) is type(status) is type(template_id) is str:
            raise ValueError("id, status and template_id must be strings")
        if type(priority) not in _STRING or type(strategy) not in _STRING or type(reviewer) not in _STRING:
            raise ValueError("priority, assignment_strategy and reviewer must be strings or null")
        if type(url) not in _STRING or type(verdict_field) not in _STRING:
            raise ValueError("url and verdict_field must be strings or null")
        if type(content) not in _OBJECT or type(result) not in _OBJECT or "content" not in document:
            raise ValueError("content and result must be objects")
        if type(metadata) not in _OBJECT or type(asked_by) not in _OBJECT:
            raise ValueError("metadata and asked_by must be objects or null")
        if type(self_approved) not in _BOOLEAN:
            raise ValueError("self_approved must be a boolean or null")
        if content and RESERVED in content:
            content, hidden = without_metadata(content)
            metadata = metadata or hidden
        if type(version) not in _INTEGER or type(assignees) not in _LIST:
            raise ValueError("version must be an integer, and assignees a list")
        for each in assignees or ():
            if type(each) is not str:
                raise ValueError("assignees must be strings")
        try:
            return cls(
                review_id,
                intern(status),  # values that thousands of reviews share are kept once
                intern(template_id),
                content or {},
                _moment(created_at),
                result or {},
                assignees or [],
                priority,
                None if due_date is None else _moment(due_date),
                strategy,
                reviewer,
                None if updated_at is None else _moment(updated_at),
                None if completed_at is None else _moment(completed_at),
                version,
                metadata or {},
                url,
                verdict_field,
                asked_by or {},
                self_approved,
                unknown_members(document, _NAMES) if may_have_more else {},
            )
        except TypeError:
            raise ValueError("created_at, due_date, updated_at and completed_at must be strings") from None

    def to_json(self) -> dict[str, Any]:
        """Return the review as a JSON object of the API; attributes that are None are left out."""
        return document_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the review as plain JSON values, with its verdict, its feedback and its edits."""
        edits = [asdict(each) for each in self.edits]
        return {**self.to_json(), "verdict": self.verdict, "feedback": self.feedback, "edits": edits}

    def _repr_html_(self) -> str:
        """Return the answer as a table, for notebooks."""
        from html import escape

        rows = {"review": self.id, "status": self.status, "verdict": self.verdict, "reviewer": self.reviewer}
        cells = {**rows, **self.result}
        return "<table>{}</table>".format(
            "".join(
                f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>"
                for name, value in cells.items()
                if value is not None
            )
        )

    def __hash__(self) -> int:
        return hash((self.id, self.status, self.version))

    def __setstate__(self, state: Object) -> None:
        # A pickle of an earlier version lacks the attributes that are newer.
        missing: Object = {"metadata": {}, "asked_by": {}, **_NEWER}
        self.__dict__.update(missing | state)


RESERVED: Final = "_hitl"
"""The key of the content that no reviewer sees, where the server knows of it."""


def has_metadata(review: Review, wanted: Mapping[str, str]) -> bool:
    """Return whether a review was created with at least these entries."""
    return all(review.metadata.get(name) == text for name, text in wanted.items())


def with_metadata(content: Object, metadata: Object) -> Object:
    """Return a content that carries metadata to any server; ValueError if its reserved key holds something else."""
    if type(content) is EncodedObject:
        if RESERVED not in content:
            return content.with_member(RESERVED, {"metadata": metadata})
        content = decode(content.text)
    present = content.get(RESERVED, {})
    if not is_object(present) or "metadata" in present:
        raise ValueError(f"the key {RESERVED!r} of the content is reserved for what the client keeps there")
    return {**content, RESERVED: {**present, "metadata": metadata}}


def without_metadata(content: Object) -> tuple[Object, Object]:
    """Return a content as it was given, and the metadata that it carried."""
    present = content[RESERVED]
    if not is_object(present) or not is_object(present.get("metadata")):
        return content, {}
    rest = {name: value for name, value in present.items() if name != "metadata"}
    others = {name: value for name, value in content.items() if name != RESERVED}
    return {**others, RESERVED: rest} if rest else others, present["metadata"]


# The properties of openapi.yaml's Review in the order in which `from_json` unpacks them; first what all servers send.
_FLAGGED: Final = ("metadata", "url", "verdict_field", "asked_by", "self_approved")
_USUAL: Final = tuple(each.name for each in fields(Review) if each.name not in ("extra", *_FLAGGED))
_NAMES: Final = (*_USUAL, *_FLAGGED)
_FLAGGED_SET: Final = frozenset(_FLAGGED)
_UNFLAGGED: Final = (None,) * len(_FLAGGED)
_all_of: Final = itemgetter(*_USUAL)
_NEWER: Final[Object] = {each.name: None for each in fields(Review) if each.default is None}


def _is_all(document: Object) -> bool:
    """Return whether an object has no other properties than these, all the usual ones among them."""
    return len(document) == len(_USUAL) + len(document.keys() & _FLAGGED_SET)


def unknown_members(document: Object, names: Sequence[str]) -> Object:
    """Return the members of an object that are not named."""
    return {name: document[name] for name in document.keys() - set(names)}


def document_of(model: AttrsInstance) -> Object:
    """Return a Review or a Template as a JSON object of the API."""
    values = {name: value for name, value in asdict(model, recurse=False).items() if value is not None}
    moments = {name: value.isoformat() for name, value in values.items() if isinstance(value, datetime)}
    return {**values.pop("extra"), **values, **moments}
