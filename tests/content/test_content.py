"""Whatever a program has at hand becomes JSON as docs/reference/content.md says, or an error that names its place."""

from __future__ import annotations

import collections
import collections.abc
import copy
import dataclasses
import datetime
import enum
import functools
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import types
from collections.abc import Coroutine, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from http.cookies import Morsel
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import httpx
import multidict
import numpy
import pandas
import pydantic
import pydantic.v1
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData, Headers, QueryParams
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.datastructures import MultiDict as WerkzeugMultiDict

from hitl import File
from hitl._content import converters, to_json
from hitl.exceptions import ConfigurationError, ContentError

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "content.md"


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Order:
    number: str
    price: Any = None
    _secret: str = "not public"


@attrs.define
class Customer:
    name: Any
    _secret: str = "not public"


class Row(collections.abc.Sequence[Any]):
    """A row of a database, such as sqlite3.Row."""

    def __init__(self, **parts: Any) -> None:
        self.parts = parts

    def keys(self) -> list[str]:
        return list(self.parts)

    def __getitem__(self, index: Any) -> Any:
        return list(self.parts.values())[index]

    def __len__(self) -> int:
        return len(self.parts)


class Answer(pydantic.BaseModel):
    text: str
    at: datetime.date
    internal: str = pydantic.Field(default="left out", exclude=True)


async def _coroutine() -> None: ...


@pytest.fixture
def coroutine() -> Iterator[Coroutine[Any, Any, None]]:
    coroutine = _coroutine()
    yield coroutine
    coroutine.close()


def nested(levels: int) -> list[Any]:
    return functools.reduce(lambda inner, _: [inner], range(levels - 1), [])


def circle() -> list[Any]:
    result: list[Any] = []
    result.append({"again": result})
    return result


# --- the tables of the reference page --------------------------------------------------------------------------------


def _rows(heading: str) -> list[tuple[str, str, str]]:
    section = REFERENCE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [(kind.strip(), example.strip(" `"), result.strip(" `")) for kind, example, result in cells[1:]]


EXAMPLES: dict[str, Any] = {
    "Answer": Answer,
    "Color": Color,
    "Customer": Customer,
    "Decimal": Decimal,
    "Fraction": Fraction,
    "Morsel": Morsel,
    "MultiDict": multidict.MultiDict,
    "MappingProxyType": types.MappingProxyType,
    "Order": Order,
    "Point": Point,
    "PurePosixPath": PurePosixPath,
    "Renamed": collections.namedtuple("Renamed", ["class", "x"], rename=True),  # noqa: PYI024
    "UTC": datetime.UTC,
    "UUID": UUID,
    "ZoneInfo": ZoneInfo,
    "circle": circle(),
    "collections": collections,
    "date": datetime.date,
    "datetime": datetime.datetime,
    "deep": nested(101),
    "deque": collections.deque,
    "File": File,
    "io": io,
    "numpy": numpy,
    "os": os,
    "pandas": pandas,
    "picture": type("Image", (), {"__module__": "PIL.Image"})(),
    "row": Row(a=1, b=2),
    "time": datetime.time,
    "timedelta": datetime.timedelta,
}
"""What the examples of the page refer to."""


@pytest.mark.parametrize(("kind", "example", "expected"), _rows("What is accepted") + _rows("Keys"))
def test_what_the_reference_accepts_becomes_what_it_says(kind: str, example: str, expected: str) -> None:
    result = to_json(eval(example, EXAMPLES))
    assert json.dumps(result, ensure_ascii=False, allow_nan=False) == expected


@pytest.mark.parametrize(("kind", "example", "advice"), _rows("What is refused"))
def test_what_the_reference_refuses_is_refused_with_its_advice(
    kind: str, example: str, advice: str, coroutine: object
) -> None:
    with pytest.raises(ContentError, match=re.escape(advice)):
        to_json(eval(example, EXAMPLES | {"coroutine": coroutine}))


def test_the_reference_leaves_out_no_converter() -> None:
    tables = (
        converters._EXACT.values(),
        converters._BY_NAME.values(),
        dict(converters._BEFORE_NAMES).values(),
        dict(converters._BY_SHAPE).values(),
    )
    in_code = {converter for table in tables for converter in table}
    seen: set[Any] = {converters._BY_NAME["builtins.coroutine"]}  # whose example is a fixture

    def note(value: Any) -> None:
        seen.add(converters.converter_for(type(value)))
        if type(value) is list and value and value[0] is not value:
            for item in value[:9]:
                note(item)

    for heading in ("What is accepted", "What is refused"):
        for _, example, _ in _rows(heading):
            if example not in {"coroutine", "circle", "deep"}:
                note(eval(example, EXAMPLES))
    assert in_code - seen == set()


# --- data that is JSON already ---------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)
ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.decimals(), st.fractions(), st.uuids(),
        st.datetimes(timezones=st.none() | st.timezones()), st.dates(), st.times(), st.timedeltas(),
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.tuples(inner, inner), st.lists(inner).map(collections.deque), st.dictionaries(TEXT, inner),
        st.builds(Order, TEXT, inner), st.builds(Customer, inner),
    ),
)  # fmt: skip
KEYS = st.one_of(TEXT, st.integers(), st.floats(), st.booleans(), st.none(), st.dates(), st.uuids(), st.tuples(TEXT))


@given(JSON)
def test_json_passes_unchanged(value: Any) -> None:
    assert to_json(value) == value
    assert json.dumps(to_json(value)) == json.dumps(value)


@given(ANYTHING)
def test_what_comes_out_is_always_json(value: Any) -> None:
    text = json.dumps(to_json(value), allow_nan=False)
    assert json.loads(text) == to_json(value)
    text.encode()


@given(st.dictionaries(KEYS, st.just(0)))
def test_any_key_becomes_a_text_of_its_own_or_is_refused(value: Any) -> None:
    try:
        result = to_json(value)
    except ContentError as error:
        result, complaint = None, str(error)
    if result is None:
        assert "the same as text" in complaint
    else:
        assert len(result) == len(value)
        assert all(type(key) is str for key in result)


@given(st.sets(st.one_of(st.integers(), TEXT, st.none(), st.floats(allow_nan=False))))
def test_a_set_comes_out_in_the_same_order_however_it_was_made(members: set[Any]) -> None:
    assert to_json(members) == to_json({*reversed(list(members))})


@given(st.timedeltas())
def test_a_duration_can_be_read_back(value: datetime.timedelta) -> None:
    assert pydantic.TypeAdapter(datetime.timedelta).validate_python(to_json(value)) == value


def test_the_input_is_not_changed_and_not_shared() -> None:
    value = {"rows": [{"at": datetime.date(2024, 1, 20)}], "plain": [1]}
    before = copy.deepcopy(value)
    result = to_json(value)
    result["plain"].append(2)
    assert value == before


def test_subclasses_of_json_types_become_the_plain_types() -> None:
    class Loud(str):
        def __str__(self) -> str:
            return self.upper()

    class Count(int): ...

    class Ratio(float): ...

    result = to_json([Loud("quiet"), Count(1), Ratio(0.5), collections.OrderedDict(a=1), numpy.str_("x")])
    assert result == ["quiet", 1, 0.5, {"a": 1}, "x"]
    assert [type(item) for item in result] == [str, int, float, dict, str]


def test_an_enum_is_its_value_even_if_it_is_a_number_too() -> None:
    result = to_json([Level.HIGH, {Level.HIGH: Color.RED}])
    assert result == [3, {"3": "red"}]
    assert type(result[0]) is int


def test_an_object_may_occur_twice_if_not_inside_itself_and_a_hundred_levels_deep() -> None:
    shared = {"a": 1}
    assert to_json([shared, shared]) == [shared, shared]
    assert to_json(nested(100)) == nested(100)


# --- objects of other packages ---------------------------------------------------------------------------------------


@pytest.fixture
def frame() -> pandas.DataFrame:
    return pandas.DataFrame(
        {
            "price": [9.5, float("nan"), float("inf")],
            "at": pandas.to_datetime(["2024-01-20", "NaT", "2024-01-21"]),
            "took": pandas.to_timedelta(["90s", None, "-1h"]),
            "kind": pandas.Categorical(["new", "old", None]),
            "count": pandas.array([1, None, 3], dtype="Int64"),
        }
    )


def test_a_frame_is_a_list_of_rows_and_goes_through_as_a_dict_too(frame: pandas.DataFrame) -> None:
    assert to_json(frame.head().to_dict()) == {
        "price": {"0": 9.5, "1": None, "2": "Infinity"},
        "at": {"0": "2024-01-20T00:00:00", "1": None, "2": "2024-01-21T00:00:00"},
        "took": {"0": "PT1M30S", "1": None, "2": "-PT1H"},
        "kind": {"0": "new", "1": "old", "2": None},
        "count": {"0": 1, "1": None, "2": 3},
    }
    first = {"price": 9.5, "at": "2024-01-20T00:00:00", "took": "PT1M30S", "kind": "new", "count": 1}
    assert to_json(frame)[0] == first


def test_a_frame_with_levels_of_names_joins_them() -> None:
    levels = pandas.MultiIndex.from_tuples([("north", 2023), ("north", 2024)])
    assert to_json(pandas.DataFrame([[1, 2]], columns=levels)) == [{"north, 2023": 1, "north, 2024": 2}]
    assert to_json(pandas.Series([1, 2], index=levels)) == {"north, 2023": 1, "north, 2024": 2}


@pytest.fixture
def prices() -> pandas.DataFrame:
    return pandas.DataFrame({"unit price": [1.5, 2.0], "class": ["a", "b"]})


@pytest.mark.parametrize(
    ("index", "labels"),
    [
        (None, [{}, {}]),
        ([0, 1], [{}, {}]),
        (range(2020, 2022), [{"index": 2020}, {"index": 2021}]),
        ([1, 0], [{"index": 1}, {"index": 0}]),
        ([False, True], [{"index": False}, {"index": True}]),
        (["x", "x"], [{"index": "x"}, {"index": "x"}]),
        (pandas.Index([0, 1], name="n"), [{"n": 0}, {"n": 1}]),
        (pandas.to_datetime(["2024-01-20", "NaT"]), [{"index": "2024-01-20T00:00:00"}, {"index": None}]),
        (
            pandas.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=[None, "n"]),
            [{"level_0": "x", "n": 1}, {"level_0": "y", "n": 2}],
        ),
    ],
)
def test_the_rows_of_a_frame_keep_their_labels(prices: pandas.DataFrame, index: Any, labels: Any) -> None:
    first, second = {"unit price": 1.5, "class": "a"}, {"unit price": 2.0, "class": "b"}
    if index is not None:
        prices.index = pandas.Index(index) if not isinstance(index, pandas.Index) else index
    assert to_json(prices) == [labels[0] | first, labels[1] | second]


def test_a_summary_of_a_frame_says_what_its_rows_are(prices: pandas.DataFrame) -> None:
    assert [row["index"] for row in to_json(prices.describe())][:3] == ["count", "mean", "std"]
    assert to_json(prices[prices["class"] == "b"])[0]["index"] == 1
    assert to_json(pandas.DataFrame(index=["a"])) == [{"index": "a"}]


@pytest.mark.parametrize("column", ["unit price", "class"])
def test_a_row_that_has_lost_a_name_is_refused(prices: pandas.DataFrame, column: str) -> None:
    rows = list(prices[[column]].itertuples())
    with pytest.raises(ContentError, match=r"^content\[0\] .* _1 stands for a name.*to_dict\('records'\)"):
        to_json(rows)
    assert column in to_json(prices[[column]].to_dict("records"))[0]


def test_a_label_that_has_the_name_of_a_column_is_refused_rather_than_lost(prices: pandas.DataFrame) -> None:
    for each in (prices.set_index("class", drop=False), pandas.DataFrame({"index": [1]}, index=["x"])):
        with pytest.raises(ContentError, match=r"^content\[0\] has two keys that are the same as text"):
            to_json(each)


def test_columns_of_equal_name_are_refused_rather_than_lost() -> None:
    with pytest.raises(ContentError, match=re.escape("content[0] has two keys that are the same as text, 'a'")):
        to_json(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


RECORD = [("at", "M8[ns]"), ("p", [("x", "i4"), ("y", "f4")]), ("v", "i4", (2,))]


@pytest.mark.parametrize(
    "value",
    [
        numpy.array([("2024-01-20", (1, 0.5), [1, 2])], dtype=RECORD),
        numpy.array([("2024-01-20", (1, 0.5), [1, 2])], dtype=RECORD).view(numpy.recarray),
        [numpy.array(("2024-01-20", (1, 0.5), [1, 2]), dtype=RECORD)],
    ],
)
def test_records_keep_the_names_of_their_fields(value: Any) -> None:
    assert to_json(value) == [{"at": "2024-01-20T00:00:00", "p": {"x": 1, "y": 0.5}, "v": [1, 2]}]


def test_what_is_masked_in_a_record_is_missing_and_raw_bytes_are_refused() -> None:
    masked = numpy.ma.masked_array([(1, 2)], mask=[(False, True)], dtype=[("x", int), ("y", int)])
    assert to_json(masked) == [{"x": 1, "y": None}]
    with pytest.raises(ContentError, match=r"^content\[0\] is of type bytes"):
        to_json(numpy.zeros(1, dtype="V3"))


def test_a_number_beyond_a_float_is_refused_rather_than_infinite() -> None:
    with pytest.raises(ContentError, match=r"^content\['n'\] is beyond the numbers that a float can hold"):
        to_json({"n": numpy.array([numpy.finfo(numpy.longdouble).max])[0]})


def test_rows_of_a_database_keep_the_names_of_their_columns() -> None:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    assert to_json(database.execute("SELECT 1 AS a, 'x' AS b").fetchall()) == [{"a": 1, "b": "x"}]
    with pytest.raises(ContentError, match=r"^content\['row'\] has two keys that are the same as text, 'a'"):
        to_json({"row": database.execute("SELECT 1 AS a, 2 AS a").fetchone()})
    database.close()


def test_a_time_of_the_interpreter_keeps_its_names_and_its_zone() -> None:
    assert to_json(time.gmtime(0)).items() >= {"tm_year": 1970, "tm_mon": 1, "tm_zone": "GMT"}.items()


PAIRS = [("tag", "a"), ("tag", "b"), ("name", "Ann")]


@pytest.mark.parametrize(
    "kind",
    [
        multidict.MultiDict, multidict.CIMultiDict, WerkzeugMultiDict, ImmutableMultiDict, FormData, QueryParams,
        httpx.QueryParams, lambda pairs: Headers(raw=[(name.encode(), value.encode()) for name, value in pairs]),
    ],
)  # fmt: skip
def test_a_mapping_with_several_values_for_a_key_is_refused_rather_than_cut(kind: Any) -> None:
    with pytest.raises(ContentError, match=r"^content\['form'\] has 2 values for the key 'tag'.* a list for each key"):
        to_json({"form": kind(PAIRS)})
    with pytest.raises(ContentError, match="2 values"):
        to_json(kind([("tag", "a"), ("tag", "a")]))
    assert to_json(kind(PAIRS[1:])) == {"tag": "b", "name": "Ann"}


def test_headers_that_join_their_values_lose_none() -> None:
    assert to_json(httpx.Headers(PAIRS)) == {"tag": "a, b", "name": "Ann"}


def test_a_set_with_an_order_keeps_it() -> None:
    class Ordered(collections.abc.Set[str]):
        def __contains__(self, member: object) -> bool:
            return member in set("cab")

        def __iter__(self) -> Iterator[str]:
            return iter("cab")

        def __reversed__(self) -> Iterator[str]:
            return iter("bac")

        def __len__(self) -> int:
            return 3

    assert to_json(Ordered()) == ["c", "a", "b"]


MEMBERS = """
import enum, json, datetime
from hitl._content import to_json
class One(enum.Enum):
    FLOAT = 1.0
    TEXT = "b"
print(json.dumps(to_json([{1, One.FLOAT}, {"a", "b", One.TEXT, None}, {("a", 1), ("a", None)}, {frozenset("ab"), "c"}])))
"""


def test_sets_are_in_the_same_order_in_every_run() -> None:
    orders = {
        subprocess.run(
            [sys.executable, "-c", MEMBERS], env={"PYTHONHASHSEED": str(seed)}, capture_output=True, check=True
        ).stdout
        for seed in range(6)
    }
    assert len(orders) == 1


def test_an_order_that_is_half_made_is_refused_with_its_path() -> None:
    @dataclasses.dataclass(slots=True)
    class Slots:
        made: int
        later: int = dataclasses.field(init=False)

    class Failing(collections.abc.Mapping[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise LookupError(key)

        def __iter__(self) -> Iterator[str]:
            return iter("ab")

        def __len__(self) -> int:
            return 2

    for value in (Slots(1), object.__new__(Slots), Customer.__new__(Customer), Failing()):
        with pytest.raises(ContentError, match=r"^content\['a'\]\[1\] cannot be read, complete it") as raised:
            to_json({"a": [0, value]})
        assert raised.value.path == "content['a'][1]"


@pytest.mark.parametrize("half_made", [Answer.model_construct(text="ok"), object.__new__(Answer)])
def test_a_pydantic_model_without_a_value_for_a_field_is_refused(half_made: Any) -> None:
    with pytest.raises(ContentError, match=r"^content\[0\] is a .*Answer whose field '(at|text)' has no value"):
        to_json([half_made])


def test_an_exception_of_the_callers_own_passes() -> None:
    @dataclasses.dataclass
    class Slow:
        text: str = "a signal strikes while this is read"

        def __getattribute__(self, name: str) -> Any:
            raise TimeoutError("the alarm of the caller")

    with pytest.raises(TimeoutError, match="the alarm"):
        to_json(Slow())


MOMENTS = numpy.array(["2024-01-20", "NaT"], dtype="datetime64[ns]")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (MOMENTS, ["2024-01-20T00:00:00", None]),
        (MOMENTS - MOMENTS[0], ["PT0S", None]),
        (MOMENTS[0].reshape(()), "2024-01-20T00:00:00"),
        (numpy.array([numpy.nan, numpy.inf]), [None, "Infinity"]),
        (numpy.array([numpy.longdouble(1)]), [1.0]),
        (numpy.array(3), 3),
        (numpy.ma.masked_array([1, 2], mask=[False, True]), [1, None]),
        (numpy.datetime64("2024-01-20T00:00:00.000000001"), "2024-01-20T00:00:00.000000001"),
        (numpy.datetime64(10**15, "s"), "31690708-07-05T01:46:40"),
        (numpy.datetime64("NaT"), None),
        (numpy.timedelta64(1, "ns"), "PT0.000000001S"),
        (numpy.timedelta64("NaT"), None),
        (pandas.Timedelta("1 day 1 ns"), "P1DT0.000000001S"),
    ],
)
def test_arrays_become_lists_and_times_beyond_what_python_can_hold_keep_their_precision(
    value: Any, expected: Any
) -> None:
    assert to_json(value) == expected


def test_a_pydantic_model_is_dumped_by_its_own_rules() -> None:
    class Tags(pydantic.RootModel[list[datetime.date]]): ...

    class Old(pydantic.v1.BaseModel):
        at: datetime.date

    day = datetime.date(2024, 1, 20)
    assert to_json(Tags([day])) == ["2024-01-20"]
    assert to_json(Old(at=day)) == {"at": "2024-01-20"}


def test_a_pydantic_model_that_cannot_be_dumped_is_refused() -> None:
    class Node(pydantic.BaseModel):
        children: list[Node] = []

    node = Node()
    node.children.append(node)
    with pytest.raises(ContentError, match=r"^content\['tree'\] cannot be read.*Circular reference"):
        to_json({"tree": node})


def test_the_reason_why_a_secret_of_pydantic_is_refused_does_not_show_it() -> None:
    class Login(pydantic.BaseModel):
        password: pydantic.SecretStr

    with pytest.raises(ContentError, match=r"^content\.password is of type pydantic") as raised:
        to_json(Login(password=pydantic.SecretStr("hunter2")))
    assert "hunter2" not in str(raised.value)


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (b"", "items"),
        ({1: b""}, "items[1]"),
        ({"rows": [{}, {}, {}, {"price": b"9.50"}]}, "items['rows'][3]['price']"),
        ({"a": (Order("x", price=b""),)}, "items['a'][0].price"),
        (Customer(name=[b""]), "items.name[0]"),
        (Point(0, b""), "items.y"),  # type: ignore[arg-type]
        ([{b""}], "items[0]"),
        ({"a": {b"": 1}}, "items['a']"),
        ({"a": {("b", b""): 1}}, "items['a']"),
        ([0, {"a": 1}, {frozenset(): 1}], "items[2]"),
        ({"done": [1], "next": {"bad": ...}}, "items['next']['bad']"),
    ],
)
def test_the_path_of_an_error_leads_to_the_value(value: Any, path: str) -> None:
    with pytest.raises(ContentError) as raised:
        to_json(value, path="items")
    assert raised.value.path == path
    assert str(raised.value).startswith(path)


def test_an_error_about_a_key_is_about_the_object_that_has_it() -> None:
    with pytest.raises(ContentError, match=r"^content\['a'\] has a key that is of type bytes, which has no JSON form"):
        to_json({"a": {b"": 1}})
    with pytest.raises(ContentError, match=r"^content\['a'\] is of type bytes, which has no JSON form: decode"):
        to_json({"a": b""})


@pytest.mark.parametrize(
    "value", [bytearray(b""), memoryview(b""), numpy.bytes_(b""), lambda: None, Order, functools.partial(len)]
)
def test_bytes_and_callables_of_every_kind_are_refused(value: Any) -> None:
    with pytest.raises(ContentError, match=r"base64|call it"):
        to_json([value])


def test_an_iterator_is_refused_before_it_is_used_up() -> None:
    numbers = iter([1, 2])
    with pytest.raises(ContentError, match="use it up"):
        to_json({"numbers": numbers})
    assert list(numbers) == [1, 2]


def test_a_circle_through_a_mapping_of_another_kind_is_found() -> None:
    inner: dict[str, Any] = {}
    proxy: Mapping[str, Any] = types.MappingProxyType(inner)
    inner["self"] = proxy
    with pytest.raises(ContentError, match=r"^content\['self'\] is an object that it is itself a part of"):
        to_json(proxy)


@pytest.mark.parametrize("kind", [ConfigurationError, ValueError])
def test_a_content_error_is_found_as_a(kind: type[Exception]) -> None:
    with pytest.raises(kind, match="object"):
        to_json(object())


def test_no_other_package_is_loaded_to_recognise_its_objects() -> None:
    program = "import sys; from hitl._content import to_json; to_json({'a': [object]}.keys()); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pandas", "pydantic", "attr", "attrs"}.intersection(loaded)
