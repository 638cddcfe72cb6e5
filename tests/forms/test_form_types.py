"""Forms made of types: what can be asked for, and which answers are taken."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict

import attrs
import pytest

from hitl._forms import form_of
from hitl.exceptions import AnswerError, FormError


@dataclass
class Bound:
    """A bound as `annotated_types` and pydantic have them, which are read by their attributes."""

    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    multiple_of: Any = None
    min_length: int | None = None
    max_length: int | None = None


class Fate(enum.Enum):
    KEEP = "Keep it"
    DELETE = "Delete it"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Place(TypedDict):
    city: str
    code: NotRequired[str]


class Pair(NamedTuple):
    left: int
    right: int = 0


@attrs.frozen
class Item:
    sku: str
    _count: int = attrs.field(default=1, validator=attrs.validators.gt(0))


@dataclass
class Order:
    to: Place
    item: Item
    note: str | None
    urgent: bool = False
    stored: int = field(default=0, init=False)


@dataclass
class Tree:
    child: Tree


OrderId = NewType("OrderId", str)
NOON = datetime(2027, 1, 20, 12, tzinfo=UTC)

TAKEN: list[tuple[Any, Any, Any]] = [
    (bool, True, True),
    (int, 3, 3),
    (int, -(10**30), -(10**30)),
    (Annotated[int, Bound(ge=1, le=3)], 3, 3),
    (Annotated[float, Bound(multiple_of=0.1)], 0.3, 0.3),
    (float, 3, 3.0),
    (Decimal, " 1.10 ", Decimal("1.10")),
    (str, "<b>", "<b>"),
    (OrderId, "o-7", "o-7"),
    (Annotated[str, re.compile("^A-")], "A-7", "A-7"),
    (Literal["a", "b"], "b", "b"),
    (Literal[3, True], "True", True),
    (Fate, "KEEP", Fate.KEEP),
    (list[Fate], ["KEEP", "DELETE"], [Fate.KEEP, Fate.DELETE]),
    (frozenset[Literal["a"]], ["a"], frozenset({"a"})),
    (tuple[str, ...], "a\r\n\r\n b ", ("a", "b")),
    (list[int], "1\n2", [1, 2]),
    (list[Decimal], "1.0", [Decimal("1.0")]),
    (date, "2027-01-20", date(2027, 1, 20)),
    (datetime, "2027-01-20t12:00:00z", NOON),
    (Annotated[int, "Copies"], 3, 3),
]
REFUSED: list[tuple[Any, Any]] = [
    (bool, "false"),
    (bool, 0),
    (bool, None),
    (int, True),
    (int, 3.0),
    (int, "3"),
    (Annotated[int, Bound(gt=3)], 3),
    (Annotated[int, Bound(lt=3)], 3),
    (Annotated[int, Bound(multiple_of=2)], 3),
    (float, math.inf),
    (float, math.nan),
    (float, 10**400),
    (float, "1"),
    (float, False),
    (Decimal, 1.1),
    (Decimal, "1e3"),
    (Decimal, "١"),
    (str, 3),
    (str, "  "),
    (Annotated[str, Bound(max_length=2)], "abc"),
    (Annotated[str, Bound(min_length=2)], "a"),
    (Annotated[str, re.compile("^A-")], "B-7"),
    (Literal[3], 3.0),
    (Literal["a"], "A"),
    (Fate, "Keep it"),
    (list[Fate], "KEEP"),
    (list[Fate], ["KEEP", "KEEP"]),
    (list[Fate], []),
    (list[int], "1\n2.5"),
    (date, "2027-02-30"),
    (date, "2027-01-20T00:00:00Z"),
    (datetime, "2027-01-20T12:00:00"),
    (datetime, 5),
]


def answered(kind: Any, answer: Any) -> Any:
    form = form_of(kind)
    (name,) = (each["name"] for each in form.fields())
    return form.read({name: answer})


@pytest.mark.parametrize(("kind", "answer", "value"), TAKEN)
def test_an_answer_that_fits_is_the_value(kind: Any, answer: Any, value: Any) -> None:
    assert (answered(kind, answer), type(answered(kind, answer))) == (value, type(value))


@pytest.mark.parametrize(("kind", "answer"), REFUSED)
def test_an_answer_that_does_not_fit_is_never_bent(kind: Any, answer: Any) -> None:
    with pytest.raises(AnswerError) as caught:
        answered(kind, answer)
    assert caught.value.path in str(caught.value)


def test_a_line_that_does_not_fit_is_named() -> None:
    with pytest.raises(AnswerError) as caught:
        answered(list[int], "1\n\ntwo")
    assert caught.value.path == "answer[1]"


def test_a_class_is_asked_for_member_by_member() -> None:
    form = form_of(Order)
    asked = {each["name"]: (each["type"], each.get("required", False)) for each in form.fields()}
    assert asked == {
        "to.city": ("text", True),
        "to.code": ("text", False),
        "item.sku": ("text", True),
        "item.count": ("integer", False),
        "note": ("text", False),
        "urgent": ("boolean", False),
    }
    found = form.read({"to.city": "Berlin", "item.sku": "a", "item.count": 2, "note": " "})
    assert found == Order({"city": "Berlin"}, Item("a", 2), None)


@pytest.mark.parametrize(
    ("result", "path"),
    [
        ({"item.sku": "a"}, "to.city"),
        ({"to.city": "Berlin"}, "item.sku"),
        ({"to.city": "Berlin", "item.sku": "a", "item.count": 0}, "item"),
        ({"to.city": "Berlin", "item.sku": "a", "urgent": "no"}, "urgent"),
    ],
)
def test_the_part_that_does_not_fit_is_named(result: dict[str, Any], path: str) -> None:
    with pytest.raises(AnswerError) as caught:
        form_of(Order).read(result)
    assert caught.value.path == path


def test_pydantic_models_have_the_last_word() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Payment(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        amount: Annotated[int, pydantic.Field(gt=0, title="Amount in cent")]
        code: str = pydantic.Field("EUR", max_length=3)

        @pydantic.field_validator("code")
        @classmethod
        def upper(cls, code: str) -> str:
            if not code.isupper():
                raise ValueError("in capitals, please")
            return code

    form = form_of(Payment)
    assert form.read({"amount": 5}) == Payment(amount=5)
    assert form.fields()[0] == {
        "name": "amount",
        "type": "integer",
        "label": "Amount in cent",
        "required": True,
        "exclusive_minimum": 0,
    }
    for wrong in ({"amount": 0}, {"amount": 5, "code": "eur"}, {"amount": 5, "code": "EURO"}):
        with pytest.raises(AnswerError):
            form.read(wrong)


def test_defaults_are_shown_and_stand_for_no_answer() -> None:
    @dataclass
    class Copies:
        count: Annotated[int, "How many?"] = 2
        fate: Fate = Fate.DELETE
        tags: list[str] = field(default_factory=lambda: ["new"])

    form = form_of(Copies)
    assert [each.get("default_value") for each in form.fields()] == [2, "DELETE", None]
    assert form.read({}) == Copies()


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Any, ""),
        (object, ""),
        (bytes, ""),
        (None, ""),
        (int | None, ""),
        (Optional[bool], ""),  # noqa: UP045
        (int | str, ""),
        (dict[str, int], ""),
        (list, ""),
        (list[Place], "[]"),
        (list[list[str]], "[]"),
        (list[bool], "[]"),
        (list[datetime], "[]"),
        (tuple[str, int], ""),
        (Callable[[], None], ""),
        (Access, ""),
        (Literal["1", 1], ""),
        (Annotated[bool, Bound(ge=1)], ""),
        (Annotated[str, Bound(ge=1)], ""),
        (Annotated[list[str], Bound(min_length=1)], ""),
        (Tree, "child"),
        ("bool", ""),
        (3, ""),
    ],
)
def test_what_no_form_can_ask_for_is_refused(kind: Any, path: str) -> None:
    with pytest.raises(FormError) as caught:
        form_of(kind)
    assert caught.value.path == path


@dataclass
class Inner:
    rows: list[dict[str, int]]


@dataclass
class Outer:
    inner: Inner


def test_the_path_to_what_no_form_can_ask_for() -> None:
    with pytest.raises(FormError, match=re.escape("inner.rows[]")) as caught:
        form_of(Outer)
    assert caught.value.path == "inner.rows[]"


def test_a_name_that_stands_for_nothing_is_refused() -> None:
    @dataclass
    class Lost:
        what: NoSuchThing  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(FormError, match="NoSuchThing"):
        form_of(Lost)


def test_numbers_are_texts_where_the_server_knows_no_numbers() -> None:
    form = form_of(Pair)
    assert [each["type"] for each in form.fields(plain=True)] == ["text", "text"]
    assert form.read({"left": " +3 ", "right": "4"}, plain=True) == Pair(3, 4)
    for wrong in ("3.0", "0x3", "1e3", "三", "3 4"):
        with pytest.raises(AnswerError):
            form.read({"left": wrong}, plain=True)


@pytest.mark.parametrize("wrong", ["0,5", "1e400", "nan", "Infinity", "1_0", ""])
def test_a_text_that_is_no_number_is_refused(wrong: str) -> None:
    with pytest.raises(AnswerError):
        form_of(float).read({"answer": wrong}, plain=True)


def test_words_are_asked_for_beside_the_value() -> None:
    assert [each["name"] for each in form_of(bool).fields(feedback=True)] == ["approved", "feedback"]

    @dataclass
    class Reasoned:
        reason: str

    assert [each["name"] for each in form_of(Reasoned).fields(feedback=True)] == ["reason"]
