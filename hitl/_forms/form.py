"""A form, and how its answer is read: a tree of questions, whose shape is that of the value.

No converter library serves: those that were tried read "false" as true, drop bounds, or know no attrs classes. A no
must never become a yes on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar

from attrs import evolve, frozen

from hitl._json import Object, as_list, is_object
from hitl._verdict import FEEDBACK_FIELDS
from hitl.exceptions import AnswerError

T = TypeVar("T")
Read: TypeAlias = Callable[[Any, str], Any]
"""Read an answer, given its path for error messages; refuse it with `misfit`."""


def misfit(path: str, why: str) -> NoReturn:
    """Refuse an answer."""
    raise AnswerError(f"the answer to {path!r} {why}", path=path)


@frozen
class Question:
    """A single field of a form.

    Attributes:
        field: The field's attributes besides its name, label and whether it is required.
        read: Reads an answer.
        label: What the reviewer sees; by default it follows from the name.
        plain: How to ask, and read, where the server has no such type of field; None if every server has it.
    """

    field: Object
    read: Read
    label: str | None = None
    plain: Question | None = None

    def labelled(self, label: str) -> Question:
        """Return the same question with a label."""
        return evolve(self, label=label, plain=self.plain and evolve(self.plain, label=label))


@frozen
class Member:
    """A part of a group.

    Attributes:
        asked: What the part is made of.
        key: What `build` calls it.
        is_required: Whether it must be answered.
        default: What the form shows at first; None for nothing.
        is_left_out: Whether `build` is given nothing for a missing answer, rather than None.
    """

    asked: Question | Group
    key: str
    is_required: bool = True
    default: Any = None
    is_left_out: bool = False


@frozen
class Group:
    """Several fields that make up one value.

    Attributes:
        members: The parts by name, in order.
        build: Makes the value of the parts that were answered, by their keys.
    """

    members: Mapping[str, Member]
    build: Callable[[dict[str, Any]], Any]


@frozen
class Form(Generic[T]):
    """What is asked for one value of a type.

    Attributes:
        name: What the type is called; empty for a schema without a title.
        asked: Its questions.
    """

    name: str
    asked: Question | Group

    @property
    def is_verdict(self) -> bool:
        """Whether the value is a yes or a no, so that a rejection is one, too."""
        return isinstance(self.asked, Question) and self.asked.field["type"] == "boolean"

    @property
    def is_integer(self) -> bool:
        """Whether the value is a whole number."""
        return isinstance(self.asked, Question) and self.asked.field["type"] == "integer"

    def fields(self, *, plain: bool = False, feedback: bool = False) -> list[Object]:
        """Return the fields of a template; `plain` avoids types of fields that not every server has."""
        if isinstance(self.asked, Question):
            found = [_field(self._only, Member(self.asked, ""), plain=plain)]
        else:
            found = list(_fields(self.asked, "", plain=plain))
        if feedback and not any(each["name"] in FEEDBACK_FIELDS for each in found):
            found.append({"name": "feedback", "type": "text", "label": "Feedback"})
        return found

    def read(self, result: Mapping[str, Any], *, plain: bool = False) -> T:
        """Return the value that a result stands for.

        Raises:
            AnswerError: if a part is missing or does not fit its type; `path` says which.
        """
        if isinstance(self.asked, Question):
            value: T = _read_member(Member(self.asked, ""), self._only, result, plain=plain)
            return value
        return _build(self.asked, "", result, plain=plain)  # type: ignore[no-any-return]

    def read_one(self, value: Any, path: str) -> T:
        """Return the value that plain JSON stands for: objects are nested, lists are lists.

        Raises:
            AnswerError: if a part is missing, unknown, or does not fit its type.
        """
        if isinstance(self.asked, Question):
            found: T = self.asked.read(value, path)
            return found
        result: dict[str, Any] = {}
        _flatten(self.asked, "", value, path, result)
        return self.read(result)

    @property
    def _only(self) -> str:
        return "approved" if self.is_verdict else "answer"


def _fields(group: Group, prefix: str, *, plain: bool) -> Iterator[Object]:
    for name, member in group.members.items():
        if isinstance(member.asked, Group):
            yield from _fields(member.asked, f"{prefix}{name}.", plain=plain)
        else:
            yield _field(prefix + name, member, plain=plain)


def _field(name: str, member: Member, *, plain: bool) -> Object:
    question = _chosen(member.asked, plain=plain)
    label = question.label or name.replace(".", " ").replace("_", " ").strip().capitalize() or name
    field: Object = {"name": name, "type": question.field["type"], "label": label}
    if member.is_required:
        field["required"] = True
    if member.default is not None:
        field["default_value"] = member.default
    return {**field, **question.field}


def _flatten(group: Group, prefix: str, value: Any, path: str, result: dict[str, Any]) -> None:
    """Put the members of an object into a result, as a form would give them."""
    if not is_object(value) or value.keys() - group.members.keys():
        misfit(path, f"must be an object with {', '.join(group.members)}; got {value!r:.80}")
    for name, each in value.items():
        asked = group.members[name].asked
        if isinstance(asked, Group):
            _flatten(asked, f"{prefix}{name}.", each, f"{path}.{name}", result)
        elif isinstance(each, list) and asked.field["type"] == "text":
            misfit(f"{path}.{name}", "is a list, which cannot be changed inside of an object")
        else:
            result[prefix + name] = each


def _chosen(asked: Question | Group, *, plain: bool) -> Question:
    if isinstance(asked, Group):
        raise TypeError("a group has no field of its own")
    return asked.plain if plain and asked.plain else asked


def _build(group: Group, path: str, result: Mapping[str, Any], *, plain: bool) -> Any:
    values: dict[str, Any] = {}
    for name, member in group.members.items():
        place = f"{path}.{name}" if path else name
        if isinstance(member.asked, Group):
            values[member.key] = _build(member.asked, place, result, plain=plain)
        elif not (member.is_left_out and _is_blank(result.get(place))):
            values[member.key] = _read_member(member, place, result, plain=plain)
    try:
        return group.build(values)
    except AnswerError:
        raise
    except (ValueError, TypeError) as error:  # the type's own validators have the last word
        why = str(error)
    misfit(path or "the form", f"is not accepted by its type: {why}")


def _read_member(member: Member, path: str, result: Mapping[str, Any], *, plain: bool) -> Any:
    answer = result.get(path)
    if not _is_blank(answer):
        return _chosen(member.asked, plain=plain).read(answer, path)
    if member.is_required:
        misfit(path, "is missing")
    return None


def _is_blank(answer: object) -> bool:
    """Return whether an answer is none, as the server has it; false and 0 are answers."""
    return answer is None or (isinstance(answer, str) and not answer.strip()) or as_list(answer) == []
