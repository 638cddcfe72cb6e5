"""What a review's answer means: a pure reading of its status and its result, used by `Review`.

Whatever is unclear is never an approval; `docs/reference/verdicts.md` has the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

from hitl._json import as_list, as_text, is_object

Verdict: TypeAlias = Literal["approved", "rejected", "answered", "expired", "cancelled"]

VERDICT_FIELDS: Final = ("approved", "approval")
FEEDBACK_FIELDS: Final = ("feedback", "comment", "comments", "reason", "message")
_AS_STATUS: Final[Mapping[str, Verdict]] = {"rejected": "rejected", "expired": "expired", "cancelled": "cancelled"}
_AS_DECISION: Final[Mapping[str, Verdict]] = {"approve": "approved", "reject": "rejected"}


@frozen
class Edit:
    """A value of the content that the reviewer changed.

    Attributes:
        path: Where it stands in the content, such as "arguments.amount" or "rows[3].price".
        before: The value as it was asked about.
        after: The value as it was approved. A value that was removed or added is None on its side.
    """

    path: str
    before: Any
    after: Any


def verdict_of(status: str, result: Mapping[str, Any], named: str | None) -> Verdict | None:  # guard: verdict
    """Return the verdict; `named` is the field that the server says holds it, if it says so."""
    if status != "completed":
        return _AS_STATUS.get(status)
    answers = {name: result[name] for name in VERDICT_FIELDS if name in result}
    if named is not None:
        answers[named] = result.get(named)
    if any(answer is False for answer in answers.values()):
        return "rejected"  # a no beats every yes
    is_clear = named is not None or len(answers) == 1
    return "approved" if is_clear and all(answer is True for answer in answers.values()) else "answered"


def verdict_of_decision(decision: str | None) -> Verdict | None:  # guard: turn-verdict
    """Return the verdict of a turn's decision; only the word "approve" allows what was proposed."""
    return None if decision is None else _AS_DECISION.get(decision, "answered")


def feedback_of(result: Mapping[str, Any]) -> str | None:
    """Return the reviewer's words, from the field that is the likeliest to hold them."""
    return next((found for name in FEEDBACK_FIELDS if (found := as_text(result.get(name))) is not None), None)


def edits_of(content: Mapping[str, Any], result: Mapping[str, Any]) -> list[Edit]:
    """Return what the reviewer changed of the content: an editable field has the same name in the result."""
    return [edit for name in content if name in result for edit in _edits(name, content[name], result[name])]


def _edits(path: str, before: Any, after: Any) -> Iterator[Edit]:
    if is_object(before) and is_object(after):
        for name in {**before, **after}:
            yield from _edits(f"{path}.{name}", before.get(name), after.get(name))
        return
    one, other = as_list(before), as_list(after)
    if one is not None and other is not None and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from _edits(f"{path}[{index}]", *pair)
    elif not is_same(before, after):
        yield Edit(path, before, after)


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are the same in JSON: 50.0 is 50, but true is not 1."""
    if is_object(one) and is_object(other):
        return one.keys() == other.keys() and all(is_same(each, other[name]) for name, each in one.items())
    left, right = as_list(one), as_list(other)
    if left is not None and right is not None:
        return len(left) == len(right) and all(map(is_same, left, right))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
