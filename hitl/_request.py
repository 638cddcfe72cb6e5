"""The class Request, which users import from `hitl` or `hitl.models`: a question to the members of a loop.

It has a file of its own for the reason that `_review` has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Self

from attrs import field, frozen

from hitl._json import Object, as_list, as_object, as_text, is_object
from hitl._records import record
from hitl._review import document_of
from hitl._verdict import Verdict, verdict_of

# The server may add statuses: one that is not among these means that the request is not finished yet.
FINAL_REQUEST_STATUSES: Final = frozenset({"completed", "timeout", "cancelled"})


@frozen
class Request:
    """A question to the members of a loop, and its answer, as the server reported it at one moment.

    A list may leave out what a single read shows; what is not known is None.

    Attributes:
        id: The server's name for the request.
        loop_id: The loop that was asked.
        text: The question, in Markdown.
        status: pending, claimed, completed, timeout, cancelled, or a word newer than this package.
        response_type: The kind of answer: text, single_select, multi_select, rating, number, boolean, editable_text.
        response_config: How the answer is asked for, as the API has it.
        default_response: The answer that counts if nobody gives one in time.
        priority: low, medium, high or critical.
        processing_type: time-sensitive or deferred.
        type: What it shows: markdown, image, file, video or audio.
        image_url: The image that it shows.
        context: What the program added to the question.
        callback_url: Where the end is reported.
        timeout_at: Until when an answer is waited for.
        response_data: The answer as the server wrote it; `answer` is its value.
        response_by: Who answered, as the server wrote it: an id or an object.
        response_by_user: Who answered, as an object with id, name and email.
        response_at: When the answer was given.
        response_time_seconds: How many seconds the answer took.
        created_at: When it was created.
        updated_at: When it last changed.
        extra: Fields that have no attribute, unchanged.
    """

    __module__ = "hitl.models"

    id: str
    loop_id: str
    text: str
    status: str
    response_type: str
    response_config: dict[str, Any] | None = None
    default_response: Any = None
    priority: str | None = None
    processing_type: str | None = None
    type: str | None = None
    image_url: str | None = None
    context: dict[str, Any] | None = None
    callback_url: str | None = None
    timeout_at: datetime | None = None
    response_data: Any = None
    response_by: Any = None
    response_by_user: dict[str, Any] | None = None
    response_at: datetime | None = None
    response_time_seconds: float | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    extra: dict[str, Any] = field(factory=dict[str, Any])

    @property
    def is_final(self) -> bool:
        """True once nothing more will happen: answered, timed out or cancelled."""
        return self.status in FINAL_REQUEST_STATUSES

    @property
    def is_answered(self) -> bool:
        """True once a person has answered, whatever the answer; not if the time ran out."""
        return self.status == "completed" and not self.timed_out

    @property
    def timed_out(self) -> bool:
        """True if nobody answered in time, so that `answer` is the default."""
        # One page has the status `timeout`, another a completed request with a flag, which it does not name.
        return self.status == "timeout" or any(self.extra.get(flag) is True for flag in ("timed_out", "timeout"))

    @property
    def answer(self) -> Any:
        """The answer as a plain value: a str, a list of str, a number or a bool, as `response_type` says.

        After the timeout it is the default. It is None while there is no answer, and what the server wrote, unchanged,
        if that does not fit the response type.
        """
        return self._answer_and_label[0]

    @property
    def label(self) -> str | None:
        """The words that stand for the answer, such as "Yes, publish it"; None if it has none."""
        return self._answer_and_label[1]

    @property
    def by(self) -> str | None:
        """Who answered: an e-mail address, else a name, else an id."""
        sources = (as_object(self.response_by_user), as_object(self.response_by), {"id": self.response_by})
        names = (as_text(each.get(name)) for name in ("email", "name", "id", "user_id") for each in sources)
        return next(filter(None, names), None)

    @property
    def at(self) -> datetime | None:
        """When the answer was given; the same as `response_at`."""
        return self.response_at

    @property
    def erased(self) -> bool:
        """True once the server has erased text and answer, which it keeps for a limited time; a yes or no stays."""
        return self.extra.get("erased") is True

    @property
    def verdict(self) -> Verdict | None:
        """What the end means: approved, rejected, answered, expired or cancelled; None while there is none.

        It is approved only if a person answered a yes-or-no question with yes. A timeout is expired, whatever the
        default is.
        """
        if self.timed_out:
            return "expired"
        is_of_a_person = self.by is not None or self.response_at is not None
        answer = self.answer if self.response_type == "boolean" else None
        if answer is True and not is_of_a_person:
            answer = None
        return verdict_of(self.status, {} if answer is None else {"approved": answer}, None)

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Return the request that a JSON object of the API describes; `to_json` is the reverse.

        Raises:
            ValueError: if a required member is missing, or one has another type than openapi.yaml says. Unknown words
                and members are accepted: the server may be newer than this package.
        """
        if not is_object(document):
            raise ValueError(f"expected a request, got {type(document).__name__}")
        rest = {name: value for name, value in document.items() if name not in ("text", "request_text")}
        return record(cls, {**rest, "text": document.get("request_text")})

    def to_json(self) -> dict[str, Any]:
        """Return the request as a JSON object of the API; attributes that are None are left out."""
        document = document_of(self)
        return {"request_text": document.pop("text"), **document}

    def to_dict(self) -> dict[str, Any]:
        """Return the request as plain JSON values, with its answer, its label, who answered, and its verdict."""
        read = {name: getattr(self, name) for name in ("answer", "label", "by", "timed_out", "verdict")}
        return {**self.to_json(), **read}

    def __repr__(self) -> str:
        shown = {"id": self.id, "status": self.status, "text": self.text, "answer": self.answer, "by": self.by}
        parts = (f"{name}={value!r:.80}" for name, value in shown.items() if value is not None)
        return f"Request({', '.join(parts)}{', timed_out=True' if self.timed_out else ''})"

    def __hash__(self) -> int:
        return hash((self.id, self.status))

    @property
    def _answer_and_label(self) -> tuple[Any, str | None]:
        if self.status == "cancelled" or not self.is_final:
            return None, None
        given = self.default_response if self.timed_out and self.response_data is None else self.response_data
        return _read(self.response_type, given, as_object(self.response_config))


# --- the forms of an answer, about which the vendor's pages disagree --------------------------------------------------

# The members of the object around an answer: the value, and its words. The bare value is as common.
_WRAPPING: Final[Mapping[str, tuple[str, str]]] = {
    "text": ("text", ""),
    "single_select": ("selected_value", "selected_label"),
    "multi_select": ("selected_values", "selected_labels"),
    "rating": ("rating", "rating_label"),
    "number": ("number", "formatted_value"),
    "boolean": ("boolean", "boolean_label"),
    "editable_text": ("revised_text", ""),
}


def _read(response_type: str, given: Any, config: Object) -> tuple[Any, str | None]:
    """Return the value and the words of an answer, wrapped or bare."""
    value_name, label_name = _WRAPPING.get(response_type, ("", ""))
    around = as_object(given)
    is_wrapped = value_name in around
    value, label = (around[value_name], around.get(label_name)) if is_wrapped else (given, None)
    if response_type == "multi_select":
        chosen = [value] if isinstance(value, str) else as_list(value)  # a default may be a single text
        if chosen is None or not all(isinstance(each, str) for each in chosen):
            return given, None
        pairs = [_chosen(each, config, is_wrapped=is_wrapped) for each in chosen]
        words = as_list(label) or [word for _, word in pairs if word is not None]
        return [each for each, _ in pairs], ", ".join(map(str, words)) or None
    if response_type == "single_select" and isinstance(value, str):
        value, word = _chosen(value, config, is_wrapped=is_wrapped)
        return value, as_text(label) or word
    if response_type == "boolean" and isinstance(value, bool):
        return value, as_text(label) or as_text(config.get("true_label" if value else "false_label"))
    return value, as_text(label)


def _chosen(given: str, config: Object, *, is_wrapped: bool) -> tuple[str, str | None]:
    """Return an option's value and label; a bare answer may be either of both."""
    options = as_list(config.get("options")) or []
    pairs = [(each.get("value"), as_text(each.get("label"))) for each in options if is_object(each)]
    found = [pair for pair in pairs if pair[0] == given]
    found += [pair for pair in pairs if pair[1] == given and not is_wrapped]
    if found and isinstance(value := found[0][0], str):
        return value, found[0][1]
    # The service makes values of options that are texts: "Not sure" becomes "not_sure".
    words = (each for each in options if isinstance(each, str))
    return given, next((each for each in words if given in (each, each.lower().replace(" ", "_"))), None)
