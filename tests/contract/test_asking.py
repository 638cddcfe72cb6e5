"""Asking for typed values, through both clients, of a real server."""

from __future__ import annotations

import enum
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from both_clients import Connect
from script import review as scripted

from hitl import HITLClient, Review, read_answer
from hitl.exceptions import AnswerError, ConfigurationError, ReviewCancelledError, ReviewRejectedError
from hitl.testing import Sandbox


@dataclass
class AtLeast:
    """As of `annotated_types`, which is read by its attributes."""

    ge: float


class Fate(enum.Enum):
    KEEP = "Keep it"
    DELETE = "Delete it"


class Place(NamedTuple):
    city: str
    code: str = "00000"


@dataclass
class Refund:
    to: Place
    amount: Annotated[float, AtLeast(0), "Amount in euro"]
    fate: Fate = Fate.KEEP
    tags: list[str] = field(default_factory=list)


COUNT = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
NOON = datetime(2027, 1, 20, 12, tzinfo=UTC)
ANSWERS: list[tuple[Any, dict[str, Any], Any]] = [
    (bool, {"approved": True}, True),
    (bool, {"approved": False}, False),
    (str, {"answer": "Yes, but later"}, "Yes, but later"),
    (Annotated[int, AtLeast(1)], {"answer": 7}, 7),
    (float, {"answer": 2}, 2.0),
    (Decimal, {"answer": "12.50"}, Decimal("12.50")),
    (date, {"answer": "2027-01-20"}, date(2027, 1, 20)),
    (datetime, {"answer": "2027-01-20T12:00:00Z"}, NOON),
    (Literal["keep", "delete"], {"answer": "delete"}, "delete"),
    (Literal[1, 2], {"answer": "2"}, 2),
    (Fate, {"answer": "DELETE"}, Fate.DELETE),
    (list[str], {"answer": "one\n two\n"}, ["one", "two"]),
    (set[Fate], {"answer": ["KEEP"]}, {Fate.KEEP}),
    (
        Refund,
        {"to.city": "Berlin", "amount": 5, "tags": "late\nbroken"},
        Refund(Place("Berlin"), 5.0, Fate.KEEP, ["late", "broken"]),
    ),
    (COUNT, {"count": 3}, {"count": 3}),
]


@pytest.mark.parametrize(("kind", "answer", "value"), ANSWERS)
def test_the_answer_comes_back_as_its_type(
    client: HITLClient, sandbox: Sandbox, kind: Any, answer: dict[str, Any], value: Any
) -> None:
    sandbox.reviewer.on().complete(answer)
    found = client.ask("Refund this order?", returns=kind, context={"order": "o-7"})
    assert (found, type(found)) == (value, type(value))
    (review,) = sandbox.reviewer.asked()
    assert review.content == {"question": "Refund this order?", "context": {"order": "o-7"}}


def test_a_question_is_asked_now_and_read_later(client: HITLClient, sandbox: Sandbox) -> None:
    review = client.create_question("How many?", returns=COUNT, context={"order": "o-1"}, idempotency_key="count")
    with pytest.raises(ConfigurationError, match="wait for it"):
        read_answer(review, COUNT)
    again = client.create_question("How many?", returns=COUNT, context={"order": "o-1"}, idempotency_key="count")
    assert again.id == review.id
    sandbox.reviewer.complete(review.id, {"count": 4})
    ended = client.wait_for_review(review.id)
    assert read_answer(ended, COUNT) == {"count": 4}
    with pytest.raises(AnswerError) as caught:
        read_answer(ended, str)
    assert caught.value.review == ended


@pytest.mark.parametrize(("returns", "answer"), [(bool, False), (int, None)])
def test_a_rejection_that_is_read_later_is_no_value(
    client: HITLClient, sandbox: Sandbox, returns: Any, answer: Any
) -> None:
    review = client.create_question("Go?", returns=returns)
    sandbox.reviewer.reject(review.id)
    ended = client.get_review(review.id)
    if answer is None:
        with pytest.raises(ReviewRejectedError):
            read_answer(ended, returns)
    else:
        assert read_answer(ended, returns) is answer


def test_a_number_is_read_from_the_text_of_a_server_that_knows_no_numbers() -> None:
    ended = Review.from_json(scripted("completed", result={"answer": "12"}))
    assert read_answer(ended, int) == 12
    for wrong in ("1_2", "", "yes", True):
        with pytest.raises(AnswerError):
            read_answer(Review.from_json(scripted("completed", result={"answer": wrong})), int)


def test_the_same_form_is_one_template(connect: Connect, sandbox: Sandbox) -> None:
    sandbox.reviewer.on().approve()
    for client in (connect(sandbox), connect(sandbox)):
        assert client.ask("Publish this?") is True
        assert client.ask("Publish that?", returns=bool) is True
    assert len({each.template_id for each in sandbox.reviewer.asked(times=4)}) == 1


def test_a_rejection_is_a_no_but_no_value(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on().reject(feedback="Not like this")
    assert client.ask("Publish this?", returns=bool) is False
    with pytest.raises(ReviewRejectedError) as caught:
        client.ask("How many?", returns=int)
    assert caught.value.review is not None
    assert (caught.value.review.verdict, caught.value.review.feedback) == ("rejected", "Not like this")


def test_nobody_answers(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on().never()
    with pytest.raises(TimeoutError):
        client.ask("Publish this?", timeout=0.05)
    (review,) = sandbox.reviewer.pending()
    client.cancel_review(review.id)
    with pytest.raises(ReviewCancelledError):
        client.wait_for_review(review.id)


def test_an_answer_that_is_not_of_the_type_is_an_error_with_its_path(client: HITLClient, sandbox: Sandbox) -> None:
    @dataclass
    class Even:
        count: int

        def __post_init__(self) -> None:
            if self.count % 2:
                raise ValueError("it must be even")

    sandbox.reviewer.on().complete({"count": 3})
    with pytest.raises(AnswerError, match="it must be even") as caught:
        client.ask("How many?", returns=Even)
    assert caught.value.review is not None
    assert caught.value.review.result == {"count": 3}


def test_a_deleted_template_is_made_anew(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on().approve()
    assert client.ask("Publish this?") is True
    (first,) = sandbox.reviewer.asked()
    client.delete_template(first.template_id)
    assert client.ask("Publish that?") is True
    assert sandbox.reviewer.asked(times=2)[1].template_id != first.template_id


FORM = [{"name": "approved", "type": "boolean", "label": "Pay?", "required": True}]


def test_ensure_template_returns_the_one_that_is_there(connect: Connect, sandbox: Sandbox) -> None:
    first, second = connect(sandbox), connect(sandbox)
    template = first.ensure_template("Payment", FORM, {"timeout_hours": 2})
    assert second.ensure_template("Payment", FORM, {"timeout_hours": 2}) == template
    assert (template.name, template.fields, template.settings) == ("Payment", FORM, {"timeout_hours": 2})


def test_another_form_of_the_same_name_is_another_template(client: HITLClient) -> None:
    one, other = client.ensure_template("Payment", FORM), client.ensure_template("Payment", FORM, {"timeout_hours": 2})
    assert (one.id != other.id, one.version != other.version, one.name) == (True, True, other.name)


def test_a_changed_template_is_not_taken_for_the_form(connect: Connect, sandbox: Sandbox) -> None:
    client = connect(sandbox)
    template = client.ensure_template("Payment", FORM)
    client.update_template(template.id, fields=[{**FORM[0], "label": "Publish?"}])
    found = connect(sandbox).ensure_template("Payment", FORM)
    assert (found.id != template.id, found.fields) == (True, FORM)


def test_many_ask_at_once_for_the_same_template(client: HITLClient, sandbox: Sandbox) -> None:
    def ensure(_: int) -> str:
        with sandbox.client() as own:
            return own.ensure_template("Payment", FORM).id

    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(ensure, range(32)))) == 1
    assert [each.name for each in client.list_templates()].count("Payment") == 1
