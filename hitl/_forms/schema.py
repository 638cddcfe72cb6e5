"""Forms made of JSON Schema, and back. A keyword that would constrain more than the form can is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias

from hitl._forms import questions
from hitl._forms.form import Form, Group, Member, Question
from hitl._forms.questions import Bounds
from hitl._json import Object, as_list, as_object, is_object
from hitl.exceptions import FormError

_ANNOTATIONS: Final = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema", "$id"}
)
_NUMBER_BOUNDS: Final = {
    "minimum": "ge",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
}
_TEXT_BOUNDS: Final = {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"}
_FORMATS: Final[Mapping[str, Callable[[], Question]]] = {
    "date": questions.day,
    "date-time": questions.moment,
    "email": questions.email,
}


def fields_from(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of a template that asks for a value of a JSON Schema.

    Understood are `type` boolean, integer, number, string (with `enum`, `const`, `oneOf` of `const`, `format` date,
    date-time and email, `pattern` and lengths), arrays of choices, and objects with `properties` and `required`, whose
    objects are written as `to.amount`. `anyOf` with null makes a field that may be left out. `$ref` to a schema in
    `$defs` is followed.

    Raises:
        FormError: if another keyword constrains the value; `path` is a JSON pointer to it.
    """
    return form_of_schema(schema).fields()


def form_of_schema(schema: Mapping[str, Any]) -> Form[Any]:
    """Return the form that asks for a value of a JSON Schema, and reads it as plain JSON."""
    asked, _ = _asked(_resolved(schema, as_object(schema.get("$defs")), "#"), "#")
    name = schema.get("title")
    return Form(name if isinstance(name, str) else "", asked)


def _resolved(schema: Any, definitions: Object, at: str, within: frozenset[str] = frozenset()) -> Any:
    """Return a schema with its definitions in place of its references to them, as pydantic writes them."""
    if (several := as_list(schema)) is not None:
        return [_resolved(each, definitions, f"{at}/{index}", within) for index, each in enumerate(several)]
    if not is_object(schema):
        return schema
    known = {name: part for name, part in schema.items() if name != "$defs"}
    reference = known.pop("$ref", None)
    if reference is None:
        return {name: _resolved(part, definitions, f"{at}/{name}", within) for name, part in known.items()}
    place, _, name = str(reference).rpartition("/")
    if place != "#/$defs" or name not in definitions or name in within:
        _refuse(f"{at}/$ref", f"{reference!r} is no schema in $defs, or contains itself")
    return _resolved({**as_object(definitions[name]), **known}, definitions, at, within | {name})


def _asked(schema: Any, at: str) -> tuple[Question | Group, bool]:
    """Return what to ask for a schema, and whether it may be left out."""
    if not is_object(schema):
        _refuse(at, "a schema must be an object")
    if "anyOf" in schema:
        return _nullable(schema, at)
    asked = _of_choice(schema, at) or _of_type(schema, at)
    label = schema.get("title")
    if isinstance(asked, Question) and isinstance(label, str):
        asked = Question(
            asked.field, asked.read, label, asked.plain and Question(asked.plain.field, asked.plain.read, label)
        )
    return asked, False


def _nullable(schema: Object, at: str) -> tuple[Question | Group, bool]:
    _allow(schema, {"anyOf"}, at)
    parts = as_list(schema["anyOf"]) or []
    others = [each for each in parts if each != {"type": "null"}]
    if len(others) != 1 or len(others) == len(parts):
        _refuse(f"{at}/anyOf", "only one schema beside null can be asked for")
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    asked, _ = _asked({**rest, **others[0]} if is_object(others[0]) else others[0], f"{at}/anyOf")
    if isinstance(asked, Group):
        _refuse(f"{at}/anyOf", "an object cannot be left out of a form")
    return asked, True


def _of_choice(schema: Object, at: str) -> Question | None:
    values: list[Any] | None = None
    labels: list[Any] = []
    if "enum" in schema:
        values = as_list(schema["enum"])
        _allow(schema, {"enum", "type"}, at)
    elif "const" in schema:
        values = [schema["const"]]
        _allow(schema, {"const", "type"}, at)
    elif "oneOf" in schema:
        parts = as_list(schema["oneOf"]) or []
        if not all(is_object(each) and "const" in each for each in parts):
            _refuse(f"{at}/oneOf", "each alternative needs a const")
        _allow(schema, {"oneOf", "type"}, at)
        values, labels = [each["const"] for each in parts], [each.get("title") for each in parts]
    else:
        return None
    if not values or not all(isinstance(each, str) and each.strip() for each in values):
        _refuse(at, "choices must be texts that are not empty")
    question = questions.choice({each: each for each in values})
    for option, label in zip(question.field["options"], labels, strict=False):
        option["label"] = label if isinstance(label, str) else option["value"]
    return question


def _of_type(schema: Object, at: str) -> Question | Group:
    match schema.get("type"):
        case "boolean":
            _allow(schema, {"type"}, at)
            found: Question | Group = questions.boolean()
        case "integer":
            _allow(schema, {"type", *_NUMBER_BOUNDS}, at)
            found = questions.integer(_bounds(schema, _NUMBER_BOUNDS))
        case "number":
            _allow(schema, {"type", *_NUMBER_BOUNDS}, at)
            found = questions.number(_bounds(schema, _NUMBER_BOUNDS))
        case "string":
            found = _of_string(schema, at)
        case "array":
            found = _of_array(schema, at)
        case "object":
            found = _of_object(schema, at)
        case _:
            _refuse(f"{at}/type", f"no form can ask for {schema.get('type')!r}")
    return found


def _of_string(schema: Object, at: str) -> Question:
    form = schema.get("format")
    if form is None:
        _allow(schema, {"type", *_TEXT_BOUNDS}, at)
        return questions.text(_bounds(schema, _TEXT_BOUNDS))
    _allow(schema, {"type", "format"}, at)
    if form not in _FORMATS:
        _refuse(f"{at}/format", f"no form can check {form!r}")
    question = _FORMATS[form]()
    return Question(question.field, _as_written(question))  # JSON has no dates: the text stays


def _as_written(question: Question) -> Callable[[Any, str], Any]:
    def read(answer: Any, path: str) -> Any:
        question.read(answer, path)
        return answer.strip()

    return read


def _of_array(schema: Object, at: str) -> Question:
    _allow(schema, {"type", "items", "uniqueItems"}, at)
    one = _of_choice(schema["items"], f"{at}/items") if is_object(schema.get("items")) else None
    if one is None:
        _refuse(f"{at}/items", "only arrays of choices can be asked for, as in {'enum': [...]}")
    several = questions.choices({each["value"]: each["value"] for each in one.field["options"]}, list)
    return Question({**several.field, "options": one.field["options"]}, several.read)


def _of_object(schema: Object, at: str) -> Group:
    _allow(schema, {"type", "properties", "required", "additionalProperties"}, at)
    if schema.get("additionalProperties") not in (None, False, True):
        _refuse(f"{at}/additionalProperties", "a form has no fields for names that it does not know")
    properties = schema.get("properties")
    if not is_object(properties) or not properties:
        _refuse(f"{at}/properties", "an object without properties asks for nothing")
    required = set(as_list(schema.get("required")) or ())
    if strangers := required - properties.keys():
        _refuse(f"{at}/required", f"names {min(strangers)!r}, which is no property")
    members: dict[str, Member] = {}
    for name, part in properties.items():
        if "." in name:
            _refuse(f"{at}/properties/{name}", "a dot in a name stands for an object within")
        asked, is_nullable = _asked(part, f"{at}/properties/{name}")
        if isinstance(asked, Group) and name not in required:
            _refuse(f"{at}/properties/{name}", "an object cannot be left out of a form; name it in required")
        needed = name in required and not is_nullable
        default = part.get("default") if is_object(part) else None
        members[name] = Member(asked, name, needed, default, is_left_out=name not in required)
    return Group(members, dict)


def _bounds(schema: Object, names: Mapping[str, str]) -> Bounds:
    return Bounds(**{ours: schema[theirs] for theirs, ours in names.items() if theirs in schema})


def _allow(schema: Object, known: Iterable[str], at: str) -> None:
    if unknown := schema.keys() - set(known) - _ANNOTATIONS:
        _refuse(f"{at}/{min(unknown)}", "no form can check this keyword")


def _refuse(at: str, why: str) -> NoReturn:
    raise FormError(f"{at}: {why}", path=at)


# --- and back --------------------------------------------------------------------------------------------------------

_Attributes: TypeAlias = Mapping[str, Any]


def schema_from(fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the JSON Schema of the answers that a template's fields take; displays have none.

    A field `to.amount` becomes the property `amount` of an object `to`.

    Raises:
        FormError: if an answer of a field's type has no schema, as that of `file`; `path` is the field's name.
    """
    root: Object = {"type": "object", "properties": {}, "required": []}
    for field in fields:
        if str(field.get("type")).endswith("_display"):
            continue
        *parents, last = str(field.get("name")).split(".")
        place = root
        for each in parents:
            if each not in place["properties"]:
                place["properties"][each] = {"type": "object", "properties": {}, "required": []}
                place["required"].append(each)
            place = place["properties"][each]
        place["properties"][last] = _schema_of(field)
        if field.get("required") or _validation(field).get("required"):
            place["required"].append(last)
    return root


def _validation(field: _Attributes) -> Object:
    found = field.get("validation")
    return found if is_object(found) else {}


def _schema_of(field: _Attributes) -> Object:
    known: Object = {}
    if isinstance(field.get("label"), str):
        known["title"] = field["label"]
    if field.get("default_value") is not None:
        known["default"] = field["default_value"]
    match field.get("type"):
        case "boolean":
            return {"type": "boolean", **known}
        case "integer" | "number" as word:
            return {"type": word, **_copied(field, _OURS_OF_NUMBERS), **known}
        case "rating":
            return {"type": "integer", "minimum": 1, "maximum": field.get("scale", 5), **known}
        case "text" | "rich_text":
            return {**_schema_of_text(field), **known}
        case "email":
            return {"type": "string", "format": "email", **known}
        case "datetime":
            return {"type": "string", "format": "date-time", **known}
        case "select":
            return {**_schema_of_options(field), **known}
        case "multi_select" | "checkbox_group":
            return {"type": "array", "items": _schema_of_options(field), "uniqueItems": True, **known}
        case found:
            raise FormError(
                f"{field.get('name')}: a field of type {found!r} has no schema", path=str(field.get("name"))
            )


_OURS_OF_NUMBERS: Final = {
    "minimum": "minimum",
    "exclusive_minimum": "exclusiveMinimum",
    "maximum": "maximum",
    "exclusive_maximum": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}


def _schema_of_text(field: _Attributes) -> Object:
    pattern = _validation(field).get("pattern")
    plain = {"pattern": pattern} if isinstance(pattern, str) else {}
    return {"type": "string", **plain, **_copied(field, {"max_length": "maxLength", "min_length": "minLength"})}


def _schema_of_options(field: _Attributes) -> Object:
    options = [each for each in as_list(field.get("options")) or () if is_object(each)]
    if all(each.get("label") in (None, each.get("value")) for each in options):
        return {"enum": [each.get("value") for each in options]}
    return {"oneOf": [{"const": each.get("value"), "title": each.get("label")} for each in options]}


def _copied(field: _Attributes, names: Mapping[str, str]) -> Object:
    return {theirs: field[ours] for ours, theirs in names.items() if field.get(ours) is not None}
