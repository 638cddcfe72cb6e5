"""Checks of arguments, before any I/O: one for each kind of value, then the tables of which argument has which.

Each check takes the argument's name and value, and returns the value in the form that the generated client takes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Reversible
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeAlias, cast

from hitl_api.models.assignment_strategy import AssignmentStrategy
from hitl_api.models.review_create import ReviewCreate
from hitl_api.models.review_priority import ReviewPriority
from hitl_api.types import UNSET, is_id

from hitl._content import to_json, to_object
from hitl._json import is_encodable, is_list, is_object, plain, whole
from hitl._moments import read_moment
from hitl._review import with_metadata
from hitl._secret import Secret
from hitl.exceptions import ConfigurationError

_Check: TypeAlias = Callable[[str, object], object]


def is_given(value: object) -> bool:
    """Return whether a value was given: None was not, nor was a missing value of a data frame."""
    if value is None or type(value).__name__ in ("NaTType", "NAType"):  # pandas.NaT and pandas.NA
        return False
    return not (isinstance(value, float) and math.isnan(value))


def identifier(name: str, value: object) -> str:  # guard: valid-id
    """Return an id that is safe as one segment of a path; the generated client has the same rule."""
    found = plain(value)
    if not isinstance(found, str) or not is_id(found):
        hint = "; give its id" if isinstance(getattr(value, "id", None), str) else ""
        raise ConfigurationError(f"{name} must be an id as the server gave it; got {value!r:.80}{hint}")
    return found


def text(name: str, value: object) -> str:
    """Return a non-blank string."""
    found = plain(value)
    if not isinstance(found, str) or not found.strip():
        raise ConfigurationError(f"{name} must be a text that is not empty; got {value!r:.80}")
    return any_text(name, found)


def text_up_to(characters: int) -> _Check:
    """Return the check of a text that is neither empty nor longer than this."""

    def check(name: str, value: object) -> str:
        found = text(name, value)
        if len(found) > characters:
            raise ConfigurationError(f"{name} may have at most {characters} characters; got {len(found)}")
        return found

    return check


def one_of(name: str, value: object, words: Iterable[str]) -> str:
    """Return one of a closed set of words; the generated enums are open, so a typing error is caught here."""
    allowed, found = list(words), plain(value)
    if not isinstance(found, str) or found not in allowed:
        raise ConfigurationError(f"{name} must be one of {', '.join(allowed)}; got {value!r:.80}")
    return found


def addresses(name: str, value: object) -> list[str]:
    """Return a list of e-mail addresses; a single string is refused, since it is an iterable of its letters."""
    entries = _entries(value)
    if entries is None:
        raise ConfigurationError(f"{name} must be a list of addresses, such as ['you@company.com']; got {value!r:.80}")
    return [text(f"{name}[{index}]", each) for index, each in enumerate(entries)]


def address(name: str, value: object) -> str:
    """Return an e-mail address."""
    found = text(name, value).strip()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", found):
        raise ConfigurationError(f"{name} must be an address, such as you@company.com; got {value!r:.80}")
    return found


def moment(name: str, value: object) -> datetime:
    """Return a datetime in UTC, from one with a time zone or an ISO 8601 string.

    In UTC, since what is sent decides about a derived key: one instant is one key, whichever zone it is written in.
    """
    found = plain(value)
    try:
        found = read_moment(found) if isinstance(found, str) else found
    except ValueError:
        found = None
    if not isinstance(found, datetime):
        raise ConfigurationError(f"{name} must be a datetime or a text like '2027-01-20T18:00:00Z'; got {value!r:.80}")
    if found.utcoffset() is None:
        raise ConfigurationError(f"{name} needs a time zone, such as 'Z' or datetime.now(UTC); got {value!r:.80}")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ConfigurationError(f"{name} is outside of the years 1 to 9999 in UTC; got {value!r:.80}") from None


def web_address(name: str, value: object) -> str:
    """Return an http:// or https:// URL."""
    found = text(name, value).strip()
    scheme, separator, rest = found.partition("://")
    if scheme.lower() not in ("http", "https") or not separator or not rest.strip("/"):
        raise ConfigurationError(f"{name} must be a URL that begins with https:// or http://; got {value!r:.80}")
    return found


def words(name: str, value: object) -> list[str]:
    """Return a list of texts, at least one; a single string is refused, since it is an iterable of its letters."""
    entries = _entries(value)
    if not entries:
        raise ConfigurationError(f"{name} must be a list of texts, at least one; got {value!r:.80}")
    return [text(f"{name}[{index}]", each) for index, each in enumerate(entries)]


def secret(name: str, value: object) -> str:
    """Return a text that no error quotes."""
    found = plain(value)
    if not isinstance(found, str) or not found.strip() or not is_encodable(found):
        raise ConfigurationError(f"{name} must be a text in UTF-8 that is not empty; what was given is not shown")
    return found


def boolean(name: str, value: object) -> bool:
    """Return True or False."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} must be True or False; got {value!r:.80}")
    return value


def json_object(name: str, value: object) -> dict[str, Any]:
    """Return an object of plain JSON values; a ContentError names the path of what has no JSON form."""
    plain = to_json(value, path=name)
    if not is_object(plain):
        raise _no_object(name, value)
    return plain


def content(name: str, value: object) -> dict[str, Any]:
    """Return the content of a review as `json_object` does; if it is large, with its JSON text."""
    if (found := to_object(value, path=name)) is None:
        raise _no_object(name, value)
    return found


def _no_object(name: str, value: object) -> ConfigurationError:
    slip = f"{name} must be a dict, or something that becomes one, such as a dataclass"
    return ConfigurationError(f"{slip}; got {type(value).__name__}")


def form_fields(name: str, value: object) -> list[dict[str, Any]]:
    """Return a template's fields as plain JSON, each with a `name` and a `type`."""
    entries = _entries(value)
    if entries is None:
        raise ConfigurationError(f"{name} must be a list of dicts, one for each field of the form; got {value!r:.80}")
    return [_form_field(f"{name}[{index}]", each) for index, each in enumerate(entries)]


def _form_field(place: str, value: object) -> dict[str, Any]:
    """Return a field whose parts have the shapes that it needs; what is None counts as not given."""
    field = {key: part for key, part in json_object(place, value).items() if part is not None}
    for key in ("name", "type"):
        text(f"{place}[{key!r}]", field.get(key))
    for key in field.keys() & {"conditional", "validation"}:
        json_object(f"{place}[{key!r}]", field[key])
    if "options" in field:
        options = _entries(field["options"])
        if options is None:
            raise ConfigurationError(f"{place}['options'] must be a list; got {field['options']!r:.80}")
        field["options"] = [_option(f"{place}['options'][{index}]", each) for index, each in enumerate(options)]
    return field


def _option(place: str, value: object) -> dict[str, Any]:
    """Return a choice of a field; a text is its own label."""
    option: dict[str, Any] = {"value": value} if isinstance(value, str) else json_object(place, value)
    word = text(f"{place}['value']", option.get("value"))
    return {**option, "label": option.get("label", word)}


def _rules(name: str, value: object) -> dict[str, Any]:
    """Return a template's rules across fields."""
    validation = json_object(name, value)
    rules = _entries(validation.get("rules", []))
    if rules is None:
        raise ConfigurationError(f"{name}['rules'] must be a list of dicts; got {validation['rules']!r:.80}")
    for index, rule in enumerate(rules):
        place = f"{name}['rules'][{index}]"
        text(f"{place}['condition']", json_object(place, rule).get("condition"))
    return validation


def checked_key(value: object, unlike: Secret | None) -> str | None:
    """Return an idempotency key that fits into a header: 1 to 255 visible ASCII characters; None if none is given.

    Errors show it and the server stores it, so it must not contain `unlike`, the API key. A bad one is not quoted.
    """
    if not is_given(value):
        return None
    value = plain(value)
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,255}", value):
        raise ConfigurationError("idempotency_key must be 1 to 255 visible ASCII characters without spaces")
    if unlike is not None and unlike.is_in(value):
        raise ConfigurationError("idempotency_key must not hold the API key: it is a name for this creation alone")
    return value


def _entries(value: object) -> list[Any] | None:
    """Return the entries of a list or another iterable; None for a string or a dict, which are iterable, too."""
    if is_list(value):  # as most are; to ask for an abstract class takes long
        return list(value)
    has_entries = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    if not has_entries:
        return None
    entries = list(cast("Iterable[Any]", value))
    if isinstance(value, AbstractSet) and not isinstance(value, Reversible):
        entries.sort(key=_sort_key)  # a set has another order in each run, and a key is derived from what is sent
    return entries


def _sort_key(entry: object) -> str:
    found = plain(entry)
    return found if isinstance(found, str) else repr(found)


def count(name: str, value: object, *, at_most: int = 1000) -> int:
    """Return a whole number from 1 to `at_most`."""
    found = whole(value)
    if found is None or not 1 <= found <= at_most:
        raise ConfigurationError(f"{name} must be a whole number from 1 to {at_most}; got {value!r:.80}")
    return found


@cache
def _members(words: type[Enum]) -> Mapping[str, Enum]:
    """Return the words that the API knows now."""
    return {each.value: each for each in words}


def _priority(name: str, value: object) -> object:
    members = _members(ReviewPriority)
    return members[one_of(name, value, members)]


def _strategy(name: str, value: object) -> object:
    members = _members(AssignmentStrategy)
    return members[one_of(name, value, members)]


def _status(name: str, value: object) -> object:
    from hitl_api.models.review_status import ReviewStatus

    return ReviewStatus(text(name, value))  # open: a server may know more states than this package


def any_text(name: str, value: object) -> str:
    """Return a text, which may be empty."""
    found = plain(value)
    if not isinstance(found, str):
        raise ConfigurationError(f"{name} must be a text; got {value!r:.80}")
    if not is_encodable(found):
        raise ConfigurationError(f"{name} holds half of a surrogate pair, which UTF-8 cannot carry: {value!r:.80}")
    return found


def integer(name: str, value: object) -> int:
    """Return a whole number, whatever its sign is."""
    found = whole(value)
    if found is None:
        raise ConfigurationError(f"{name} must be a whole number; got {value!r:.80}")
    return found


def texts(name: str, value: object) -> list[str]:
    """Return a list of texts."""
    entries = _entries(value)
    if entries is None:
        raise ConfigurationError(f"{name} must be a list of texts; got {value!r:.80}")
    return [any_text(f"{name}[{index}]", each) for index, each in enumerate(entries)]


def metadata(name: str, value: object) -> dict[str, str]:
    """Return what a program keeps with a review: up to 20 texts by their names, in the order of the names.

    In one order, since what is sent decides about a derived key.
    """
    found_in: Any = value
    if type(value).__name__ == "ReviewMetadata":  # of the generated client
        found_in = found_in.to_dict()
    if not isinstance(found_in, Mapping):
        raise ConfigurationError(f"{name} must be a dict of texts, such as {{'run': 'r-1'}}; got {value!r:.80}")
    entries = cast("Mapping[object, object]", found_in)
    if len(entries) > _MOST_METADATA:
        raise ConfigurationError(f"{name} may have at most {_MOST_METADATA} names; got {len(entries)}")
    found: dict[str, str] = {}
    for key, each in entries.items():
        word = text(f"a name in {name}", key)
        if len(word) > _LONGEST_NAME:
            raise ConfigurationError(f"a name in {name} may have at most {_LONGEST_NAME} characters; got {word!r:.80}")
        found[word] = any_text(f"{name}[{word!r}]", each)
        if len(found[word]) > _LONGEST_VALUE:
            raise ConfigurationError(f"{name}[{word!r}] may have at most {_LONGEST_VALUE} characters")
    return dict(sorted(found.items()))


_MOST_METADATA = 20
_LONGEST_NAME = 64
_LONGEST_VALUE = 500

CHANGES: Mapping[str, _Check] = {
    "content": content,
    "assignees": addresses,
    "priority": _priority,
    "due_date": moment,
    "assignment_strategy": _strategy,
}
REVIEW: Mapping[str, _Check] = {"template_id": identifier, **CHANGES, "metadata": metadata}
FILTERS: Mapping[str, _Check] = {
    "status": _status,
    "created_after": moment,
    "created_before": moment,
    "updated_after": moment,
    "priority": _priority,
    "assignee": text,
    "template_id": identifier,
    "metadata": metadata,
}

TEMPLATE: Mapping[str, _Check] = {
    "name": text,
    "fields": form_fields,
    "description": any_text,
    "settings": json_object,
    "styling": json_object,
    "validation": _rules,
    "category": any_text,
    "tags": texts,
    "priority": _priority,
    "version": any_text,
}


def checked(table: Mapping[str, _Check], given: Mapping[str, object]) -> dict[str, Any]:
    """Return the given values, checked; None counts as not given, and so does a missing value of a data frame."""
    if unknown := given.keys() - table.keys():
        raise ConfigurationError(f"unknown: {', '.join(sorted(map(str, unknown)))}; known are {', '.join(table)}")
    return {name: table[name](name, value) for name, value in given.items() if value is not None and is_given(value)}


def changes(operation: str, table: Mapping[str, _Check], given: Mapping[str, object]) -> dict[str, Any]:
    """Return what is to be changed, checked; there must be something."""
    found = checked(table, given)
    if not found:
        raise ConfigurationError(f"{operation}: nothing to change; give at least one of {', '.join(table)}")
    return found


def required(operation: str, table: Mapping[str, _Check], given: Mapping[str, object], *names: str) -> dict[str, Any]:
    """Return what is to be created, checked; these names must be given."""
    found = checked(table, given)  # before looking for what is missing, which may be there, misspelt
    if missing := [name for name in names if name not in found]:
        raise ConfigurationError(f"{operation}: {' and '.join(missing)} must be given")
    return found


def arguments_of(item: object) -> Mapping[str, object]:
    """Return the arguments of `create_review` that an item of a batch holds."""
    if isinstance(item, Mapping):
        return cast("Mapping[str, object]", item)
    if not isinstance(item, ReviewCreate):
        raise ConfigurationError(f"must be a dict or a ReviewCreate; got {type(item).__name__}")
    # Not its to_dict(), which writes dates as text and lets through whatever has no JSON form.
    return {name: value for name in REVIEW if (value := getattr(item, name)) is not UNSET}


def check_review(given: Mapping[str, object], unlike: Secret | None) -> tuple[dict[str, Any], str | None]:
    """Return the fields of a new review and its idempotency key, checked; the key must not contain `unlike`."""
    rest = dict(given)
    key = checked_key(rest.pop("idempotency_key", None), unlike)
    fields = required("create_review", REVIEW, rest, "template_id", "content")
    if kept := fields.pop("metadata", None):
        try:
            fields["content"] = with_metadata(fields["content"], kept)
        except ValueError as error:
            raise ConfigurationError(f"create_review: {error}") from None
    return fields, key
