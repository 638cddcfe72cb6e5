"""Traps of schemas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from contract import Contract, Schema, snake_case

PASCAL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*")
# Names that generated modules import.
TAKEN_SCHEMAS = (
    "Any",
    "AuthenticatedClient",
    "Client",
    "File",
    "HTTPStatus",
    "Mapping",
    "Response",
    "Self",
    "StrEnum",
    "TypeVar",
    "Unset",
)
# Names that a generated model uses itself.
TAKEN_PROPERTIES = (
    "additional_keys",
    "additional_properties",
    "cls",
    "d",
    "field_dict",
    "from_dict",
    "self",
    "src_dict",
    "to_dict",
)
IGNORED = (
    "$anchor",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "contains",
    "contentSchema",
    "dependentRequired",
    "dependentSchemas",
    "discriminator",
    "else",
    "if",
    "not",
    "nullable",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)


def reserved_schema(contract: Contract) -> Iterator[tuple[str, str]]:
    """A schema whose name generated modules import (`Client`, `Any`), or one not in PascalCase, which is renamed."""
    for schema in contract.named_schemas():
        if schema.name in TAKEN_SCHEMAS:
            yield schema.where, f"name {schema.name!r} is taken by the generated code"
        elif not PASCAL_CASE.fullmatch(schema.name or ""):
            yield schema.where, f"name {schema.name!r} is not PascalCase"


def reserved_property(contract: Contract) -> Iterator[tuple[str, str]]:
    """A property whose name the model's code uses itself (`self`, `d`, `to_dict`)."""
    for schema in contract.schemas():
        for name in schema.child("properties").node:
            if name in TAKEN_PROPERTIES:
                yield schema.where, f"property {name!r} is taken by the generated code"


def property_named_as_model(contract: Contract) -> Iterator[tuple[str, str]]:
    """An object in a property that is named as its own model (`Review.review`) hides the model in its own module."""
    for schema in contract.named_schemas():
        for name, prop in schema.children("properties"):
            target = contract.resolve(prop)
            if name == snake_case(schema.name or "") and Schema(target.where, target.node).is_object:
                yield prop.where, "an object here hides its own model"


def inline_object(contract: Contract) -> Iterator[tuple[str, str]]:
    """An object without a name of its own gets an awkward one, and a new class at each place."""
    for schema in contract.schemas():
        if schema.name is None and schema.is_object and schema.via != "allOf":
            yield schema.where, "name this object in components/schemas"


def inline_enum(contract: Contract) -> Iterator[tuple[str, str]]:
    """An enumeration without a name of its own gets an awkward one, and a new class at each place."""
    for schema in contract.schemas():
        if schema.name is None and "enum" in schema.node:
            yield schema.where, "name this enumeration in components/schemas"


def null_in_enum(contract: Contract) -> Iterator[tuple[str, str]]:
    """`null` among the words of an enumeration makes three classes of it."""
    for schema in contract.schemas():
        if None in schema.node.get("enum", []):
            yield schema.where, "use anyOf with the enumeration and type null"


def enum_clash(contract: Contract) -> Iterator[tuple[str, str]]:
    """Words that give the same member name break the generator, words without a letter in front become VALUE_2."""
    for schema in contract.schemas():
        if "x-enum-varnames" in schema.node:
            continue
        words = [str(word) for word in schema.node.get("enum", []) if word is not None]
        for member, times in Counter(snake_case(word).upper() for word in words).items():
            if times > 1 or not member[:1].isalpha():
                yield schema.where, f"no good member name for {member!r}; add x-enum-varnames"


def mixed_enum(contract: Contract) -> Iterator[tuple[str, str]]:
    """Values that are not all words or all whole numbers, as `type` says, stop the generator or contradict it."""
    for schema in contract.schemas():
        values = [value for value in schema.node.get("enum", []) if value is not None]
        kinds = {"string" if isinstance(value, str) else type(value).__name__ for value in values}
        kind = "integer" if kinds == {"int"} else "string" if kinds == {"string"} else ""
        told = [each for each in schema.types if each != "null"]
        if values and (not kind or told not in ([], [kind])):
            yield schema.where, "give it words and the type string, or whole numbers and the type integer"


def enum_names(contract: Contract) -> Iterator[tuple[str, str]]:
    """`x-enum-varnames` that are too few or many are ignored, equal ones and those of no letter break the generator."""
    for schema in contract.schemas():
        if "x-enum-varnames" in schema.node:
            names = [snake_case(str(name)) for name in schema.node["x-enum-varnames"]]
            is_good = len(set(names)) == len(names) == len(schema.node.get("enum", []))
            if not is_good or not all(name[:1].isalpha() for name in names):
                yield schema.where, "x-enum-varnames needs one name for each value, each another one"


def all_of_members(contract: Contract) -> Iterator[tuple[str, str]]:
    """`allOf` of no objects becomes an empty class; a property that two members describe is merged, or stops it."""
    for schema in contract.schemas():
        direct = [place.node for _, place in schema.children("allOf")]
        if len(direct) == 1 and "$ref" in direct[0] and "properties" in schema.node:
            yield schema.where, "properties beside a single $ref are lost; make them a second member"
        if not direct or (len(direct) == 1 and "$ref" in direct[0]):
            continue  # a single reference is passed through
        members = list(_all_of(contract, schema, ()))
        if any(not each.is_object and set(each.node) != {"required"} for each in members[1:]):
            yield schema.where, "allOf takes objects only"
        described = Counter(name for each in members for name in each.child("properties").node)
        for name, times in described.items():
            if times > 1:
                yield schema.where, f"property {name!r} is described {times} times; describe it once"


def _all_of(contract: Contract, schema: Schema, above: tuple[str, ...]) -> Iterator[Schema]:
    """Yield a schema and all that its `allOf` puts together; one that only does so is not there itself below."""
    if "allOf" not in schema.node or not above or set(schema.node) - {"allOf", "description"}:
        yield schema
    for _, place in schema.children("allOf"):
        target = contract.resolve(place)
        if target.where not in above:
            yield from _all_of(contract, Schema(target.where, target.node), (*above, schema.where, target.where))


def property_clash(contract: Contract) -> Iterator[tuple[str, str]]:
    """Properties whose names are one in snake_case get odd names, and those that begin with no letter get a prefix."""
    for schema in contract.schemas():
        names = [snake_case(name).rstrip("_") for name in schema.child("properties").node]
        for name, times in Counter(names).items():
            if times > 1 or not name[:1].isalpha():
                yield schema.where, f"no good attribute name for {name!r}"


def schema_clash(contract: Contract) -> Iterator[tuple[str, str]]:
    """Schemas whose names are one in snake_case (`ThingDto`, `ThingDTO`) write one module; one of them is lost."""
    for name, times in Counter(snake_case(schema.name or "") for schema in contract.named_schemas()).items():
        if times > 1:
            yield "#/components/schemas", f"{times} schemas would be written to {name}.py"


def ignored_keyword(contract: Contract) -> Iterator[tuple[str, str]]:
    """A keyword that the generator reads past (`if`, `not`, `discriminator`, 3.0's `nullable`)."""
    for schema in contract.schemas():
        for keyword in IGNORED:
            if keyword in schema.node:
                yield schema.where, f"{keyword} is ignored"


def ambiguous_union(contract: Contract) -> Iterator[tuple[str, str]]:
    """Members of a union are tried in order, and an open object or enumeration takes everything: it hides the rest."""
    for schema in contract.schemas():
        for keyword in ("anyOf", "oneOf"):
            members = [contract.resolve(place) for _, place in schema.children(keyword)]
            written = [Schema(member.where, member.node) for member in members]
            for index, first in enumerate(written):
                if any(_hides(first, later) for later in written[index + 1 :]):
                    yield schema.where, f"{keyword}/{index} is read for a later member; require a property only it has"


def _hides(first: Schema, later: Schema) -> bool:
    """Whether the generated code, which checks required properties only, can take a value of `later` for the first."""
    if first.is_object and later.is_object:
        return not set(first.node.get("required", [])) - set(later.child("properties").node)
    is_text = "string" in later.types or "enum" in later.node
    return "enum" in first.node and is_text  # our enumerations accept every word


def upload_as_text(contract: Contract) -> Iterator[tuple[str, str]]:
    """Bytes described by the content keywords, or as `byte`, become `str`; only `format: binary` is a file."""
    for schema in contract.schemas():
        is_coded = "contentMediaType" in schema.node or "contentEncoding" in schema.node
        if is_coded or schema.node.get("format") == "byte":
            yield schema.where, "use format: binary, or say in the description how the text is encoded"


def one_way_property(contract: Contract) -> Iterator[tuple[str, str]]:
    """`readOnly` and `writeOnly` leave no trace: requests and responses need schemas of their own."""
    for schema in contract.schemas():
        for keyword in ("readOnly", "writeOnly"):
            if schema.node.get(keyword):
                yield schema.where, f"{keyword} is ignored; leave the property out of the other schema"


def silent_deprecation(contract: Contract) -> Iterator[tuple[str, str]]:
    """`deprecated` leaves no trace in the code, so the description must say it, which becomes the docstring."""
    nodes = [*contract.schemas(), *contract.operations()]
    for parameter in contract.parameters():
        text = str(parameter.child("schema").node.get("description", ""))
        if parameter.node.get("deprecated") and "deprecated" not in text.lower():
            yield parameter.where, "say in the schema's description that it is deprecated"
    for place in nodes:
        text = f"{place.node.get('summary', '')} {place.node.get('description', '')}"
        if place.node.get("deprecated") and "deprecated" not in text.lower():
            yield place.where, "say in the description that it is deprecated"


def schema_default(contract: Contract) -> Iterator[tuple[str, str]]:
    """A `default` is sent by every client that does not set the value; one of an array is lost instead."""
    for schema in contract.schemas():
        if "default" in schema.node:
            yield schema.where, "say in the description what the server does"


def bare_const(contract: Contract) -> Iterator[tuple[str, str]]:
    """A `const` without a `type` becomes a `Literal` that refuses every other value at run time."""
    for schema in contract.schemas():
        if "const" in schema.node and "type" not in schema.node:
            yield schema.where, "add the type"


def free_object(contract: Contract) -> Iterator[tuple[str, str]]:
    """An object without properties becomes a wrapper class; free JSON also says `additionalProperties: true`."""
    for schema in contract.named_schemas():
        says_something = any(key in schema.node for key in ("properties", "allOf", "anyOf", "oneOf"))
        is_map = isinstance(schema.node.get("additionalProperties"), Mapping)
        if schema.is_object and not says_something and not is_map:
            yield schema.where, "add `additionalProperties: true` if any JSON object fits"


def open_request(contract: Contract) -> Iterator[tuple[str, str]]:
    """An object that only requests use must be closed: an open one lets a misspelt key pass."""
    only_in_requests = contract.reachable(contract.body_schemas()) - contract.reachable(contract.response_schemas())
    for schema in contract.named_schemas():
        if schema.name in only_in_requests and schema.is_object and "additionalProperties" not in schema.node:
            yield schema.where, "add additionalProperties: false"


def closed_response(contract: Contract) -> Iterator[tuple[str, str]]:
    """An object in answers must be open: a closed one silently loses the fields that the server adds later."""
    in_answers = contract.reachable(contract.response_schemas())
    for schema in contract.named_schemas():
        if schema.name in in_answers and schema.node.get("additionalProperties") is False:
            yield schema.where, "remove additionalProperties: false"


TRAPS = (
    reserved_schema,
    reserved_property,
    property_named_as_model,
    inline_object,
    inline_enum,
    null_in_enum,
    enum_clash,
    mixed_enum,
    enum_names,
    all_of_members,
    property_clash,
    schema_clash,
    ignored_keyword,
    ambiguous_union,
    upload_as_text,
    one_way_property,
    silent_deprecation,
    schema_default,
    bare_const,
    free_object,
    open_request,
    closed_response,
)
