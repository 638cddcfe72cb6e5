"""What approvals are bound to: the tree of arguments, its text, and its digest."""

from __future__ import annotations

import enum
import json
import math
import random
import struct
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.approval import UnbindableArgument
from hitl.approval.canonical import digest, float_text, text, tree


def named(module: str, name: str) -> Any:
    """Return a decorator that gives a class a name of another place, as the vectors have it."""

    def rename(kind: Any) -> Any:
        kind.__module__, kind.__qualname__ = module, name
        return kind

    return rename


@named("shop", "Color")
class Color(enum.Enum):
    RED = 1


@named("shop", "Item")
@dataclass
class Item:
    n: int
    sku: str


class Pair(NamedTuple):
    left: int
    right: int


@attrs.define
class Box:
    size: int


class Model(pydantic.BaseModel):
    count: int


# Worked out once, and the same on Python 3.11 to 3.13: an approval must hold across versions and machines.
VECTORS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "{}", "f85bf63c17abd0866d584d6e2241935ae6a34e4a242458323a4a1c446e555250"),
    ({"n": 1}, '{"n":1}', "0b587ddd21f271270b41f2ef27a2d50c02395d998a0025b6d6602125d7ec94e6"),
    ({"n": 1.0}, '{"n":{"$float":"1"}}', "5c686572044084a92aa9fa17d8ded7cce66a95019b156e2782077e08a5af1a88"),
    ({"n": True}, '{"n":true}', "2bc5420dc028847ccd68ec16dca302dea561370f956be253d99cf20d4acb5e78"),
    ({"n": "1"}, '{"n":"1"}', "9f0327d0627898c2a1af53151ffc4b55e9dc74f8e55a3c085e1665cab1fb7018"),
    ({"n": Decimal("1.0")}, '{"n":{"$decimal":"1.0"}}', "79d9355d18d331f5295654a9cdc9a13aa87174e1400786e8cf331f5c82e9e9de"),
    ({"n": -0.0}, '{"n":{"$float":"-0"}}', "79a193939b0e0bc81609136bad38811bb21325051b80cbc791e22747a2c08de1"),
    ({"n": 2**53}, '{"n":{"$int":"9007199254740992"}}', "8e379787ac1be1b13e41c48e30f54eea46d2b0040f7c6201eb1c0a90c18ec6c2"),
    ({"n": 0.1 + 0.2}, '{"n":{"$float":"0.30000000000000004"}}', "19b613dea5fdcd1ffd375e93e870c97fcfca0a88137481c98ae6be40e7b3a177"),
    ({"n": 1e21}, '{"n":{"$float":"1e+21"}}', "11230780e11a5ef192f76184a5c9e239cb94ead36a1a29ecfbafcb7b82267d85"),
    ({"s": "\u00e9"}, '{"s":"\u00e9"}', "ef6ba1bf3ccf742019501e13083d64baee1636f4e6baeb306456480e5c7eab11"),
    ({"s": "e\u0301"}, '{"s":"e\u0301"}', "6b21b324a4aa3c3f00ccb3ffce3b4c3b6a19b811e27b38679147320b15b39cf1"),
    ({"d": {"\uff61": 1, "\U0001f600": 2}}, '{"d":{"\U0001f600":2,"\uff61":1}}', "ef715cdbf97fa3d6d107a842f06f80065b95b20ba62afec840d7fd1db1d84a6f"),
    ({"x": (1, 2)}, '{"x":{"$tuple":[1,2]}}', "91c371f21012cd70adfb92019b286da58e962a170e601ec5d5ce7a764b2160ee"),
    ({"x": {2, 1, 10}}, '{"x":{"$set":[1,10,2]}}', "0d548b5255ac9073046a683b77bccc8c811afd637c37d7872e5d203123f2352c"),
    ({"x": {"$float": "1"}}, '{"x":{"$$float":"1"}}', "2060504a59ef37d66257d79b0f18e9a0590c5502fd6dfc34cd5c37d7fa4f6181"),
    (
        {"x": datetime(2026, 1, 20, 19, tzinfo=ZoneInfo("Europe/Berlin"))},
        '{"x":{"$datetime":"2026-01-20T19:00:00+01:00[Europe/Berlin]"}}',
        "6f455b298e42527a4e5b50ab9ddecf58e1a4eec643198619ab10b4d208df8ca5",
    ),
    ({"x": Color.RED}, '{"x":{"$enum":"shop:Color.RED"}}', "7c44f4e7c90c581f66ec87cf08616bedae9856d88d67ececfbace096add6f52f"),
    ({"x": Item(1, "a")}, '{"x":{"$object":"shop:Item","fields":{"n":1,"sku":"a"}}}', "8a2c6ace8aa048c82390c2a4225b86dae07606da50864009793f105a8b1a9c63"),
    ({"s": 'a\x1f"\\\n'}, '{"s":"a\\u001f\\"\\\\\\n"}', "8e9a8ccfecbd878b488621ae57694bd9ff12114560a224472a55667e65357d62"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "written", "hashed"), VECTORS)
def test_an_approval_is_bound_to_the_same_digest_everywhere(
    arguments: dict[str, Any], written: str, hashed: str
) -> None:
    found = {name: tree(value, name) for name, value in arguments.items()}
    assert text(found) == (written if "$object" not in written else text(json.loads(written)))
    envelope = {"arguments": found, "audience": "https://api.hitl.sh", "function": "shop:refund", "unbound": [], "v": 1}
    assert digest({**envelope, "version": None}) == hashed


DIFFERENT: list[Any] = [
    *(None, False, True, 0, 1, -1, 0.0, -0.0, 1.0, 1.5, "", "0", "1", "None", b"", b"1", 2**53, 2.0**53),
    *(Decimal(1), Decimal("1.0"), [], (), {}, set(), [1], (1,), {1}, {"1": 1}, {1: 1}, {"a": None}, {"$int": "1"}),
    *(Pair(1, 2), (1, 2), Box(1), Item(1, "a"), Model(count=1), {"count": 1}, Color.RED, date(2027, 1, 1), time(1)),
    *(datetime(2027, 1, 1), datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, fold=1), timedelta(days=1)),
    *(datetime(2027, 1, 1, tzinfo=ZoneInfo("UTC")), UUID(int=1), str(UUID(int=1)), PurePosixPath("a"), "a", "e\u0301", "é"),
]  # fmt: skip


def test_no_two_values_look_alike() -> None:
    written = [text(tree(value)) for value in DIFFERENT]
    assert len(set(written)) == len(written)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    )
)
def test_order_of_names_does_not_matter_and_the_text_is_json(value: Any) -> None:
    def turned(each: Any) -> Any:
        if isinstance(each, dict):
            return {name: turned(each[name]) for name in reversed(each)}
        return type(each)(map(turned, each)) if isinstance(each, list | tuple) else each

    written = text(tree(value))
    assert written == text(tree(turned(value)))
    assert json.loads(written) == tree(value)


def test_numbers_are_written_as_browsers_write_them() -> None:
    known = {
        1e-7: "1e-7",
        1e-6: "0.000001",
        123456789012345680000.0: "123456789012345680000",
        5e-324: "5e-324",
        1.7976931348623157e308: "1.7976931348623157e+308",
        -1.5: "-1.5",
        100.0: "100",
    }
    assert {value: float_text(value) for value in known} == known
    draw = random.Random(11)
    for _ in range(2000):
        (value,) = struct.unpack("<d", draw.randbytes(8))
        if math.isfinite(value):
            assert float(float_text(value)) == value


class Text(str):
    pass


class Half:
    pass


@pytest.mark.parametrize(
    ("value", "path", "why"),
    [
        (Half(), "x", "of type Half"),
        ({"rows": [1, Half()]}, "x.rows[1]", "of type Half"),
        (lambda: None, "x", "function"),
        (Text("a"), "x", "not a plain str"),
        (type("Count", (int,), {})(3), "x", "not a plain int"),
        (math.nan, "x", "no number"),
        (Decimal("Infinity"), "x", "no number"),
        ("\ud800", "x", "surrogate"),
        (2**10_001, "x", "bits"),
        (object.__new__(Item), "x.n", "never set"),
        ((each for each in ()), "x", "generator"),
    ],
)
def test_what_cannot_be_bound_is_refused_with_its_path(value: Any, path: str, why: str) -> None:
    with pytest.raises(UnbindableArgument, match=why) as caught:
        tree(value, "x")
    assert caught.value.path == path


def test_a_value_that_contains_itself_is_refused() -> None:
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(UnbindableArgument, match="contains itself"):
        tree(ring, "x")
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    with pytest.raises(UnbindableArgument, match="levels deep"):
        tree(deep, "x")
    with pytest.raises(UnbindableArgument, match="characters"):
        digest(tree("a" * (1024 * 1024), "x"))


def test_sets_are_the_same_in_every_process() -> None:
    program = "from hitl.approval.canonical import text, tree; print(text(tree({'c', 'a', 'b'})))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs == ['{"$set":["a","b","c"]}\n'] * 2
