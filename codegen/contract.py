"""openapi.yaml as the linter sees it: its operations, parameters and schemas, each with the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from own_input import own_input
from ruamel.yaml import YAML

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# The keywords whose value is a schema, a list of schemas, or schemas by name (JSON Schema 2020-12, 10 and 11).
SCHEMA_KEYWORDS = ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else")
SCHEMA_LIST_KEYWORDS = ("allOf", "anyOf", "oneOf", "prefixItems")
SCHEMA_MAP_KEYWORDS = ("properties", "patternProperties", "dependentSchemas", "$defs")

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """A node of the document and the way to it, such as `paths//v1/reviews/get`."""

    where: str
    node: Node

    def child(self, *keys: str) -> Place:
        """The node below, or an empty one if there is none."""
        node: Any = self.node
        for key in keys:
            node = node.get(key, {}) if isinstance(node, Mapping) else {}
        return Place("/".join((self.where, *keys)), node if isinstance(node, Mapping) else {})

    def children(self, key: str) -> Iterator[tuple[str, Place]]:
        """The nodes of the map or list under `key`, each with its name or index."""
        below = self.node.get(key) or {}
        named = below.items() if isinstance(below, Mapping) else enumerate(below)
        for name, node in named:
            if isinstance(node, Mapping):
                yield str(name), Place(f"{self.where}/{key}/{name}", node)


@dataclass(frozen=True)
class Schema(Place):
    """A schema anywhere in the document: `name` is given for one in components, `via` is the keyword that holds it."""

    name: str | None = None
    via: str = ""

    @property
    def types(self) -> list[str]:
        """The value of `type` as a list, whether it is written as one word or as several."""
        written = self.node.get("type", [])
        return [written] if isinstance(written, str) else list(written)

    @property
    def is_object(self) -> bool:
        """Whether the generator makes a class of it."""
        return "object" in self.types or "properties" in self.node

    def walk(self) -> Iterator[Schema]:
        """This schema and all that are written inside it; references are not followed."""
        yield self
        for keyword in SCHEMA_KEYWORDS:
            if isinstance(self.node.get(keyword), Mapping):
                yield from Schema(f"{self.where}/{keyword}", self.node[keyword], via=keyword).walk()
        for keyword in SCHEMA_LIST_KEYWORDS + SCHEMA_MAP_KEYWORDS:
            for _, place in self.children(keyword):
                yield from Schema(place.where, place.node, via=keyword).walk()


class Contract:
    """The whole document."""

    def __init__(self, document: Node) -> None:
        self.document = document
        self.root = Place("#", document)

    @classmethod
    def read(cls, path: Path) -> Contract:
        """Read a file as the generator is given it, with the YAML 1.2 reader that refuses a key written twice."""
        document = YAML(typ="safe").load(path)
        return cls(own_input(document) if isinstance(document, Mapping) else {})

    def resolve(self, place: Place) -> Place:
        """The component that a `$ref` names; a place without one is its own answer."""
        reference = place.node.get("$ref")
        return self.root.child(*_keys(reference)) if isinstance(reference, str) else place

    def has(self, reference: str) -> bool:
        """Whether a `$ref` names something in this document."""
        node: Any = self.document
        for key in _keys(reference):
            node = node.get(key) if isinstance(node, Mapping) else None
        return reference.startswith("#/") and node is not None

    def path_items(self) -> Iterator[Place]:
        """Every entry of `paths`."""
        for _, item in self.root.children("paths"):
            yield item

    def operations(self) -> Iterator[Place]:
        """Every operation under `paths`; those in callbacks are the receiver's, and no code is made for them."""
        for item in self.path_items():
            for method in METHODS:
                if method in item.node:
                    yield item.child(method)

    def operation_ids(self) -> list[str]:
        """The id of every operation, an empty one where it is missing."""
        return [str(operation.node.get("operationId", "")) for operation in self.operations()]

    def parameters(self) -> Iterator[Place]:
        """Every parameter once, where it is written out."""
        holders = [*self.path_items(), *self.operations(), self.root.child("components")]
        for holder in holders:
            for _, parameter in holder.children("parameters"):
                if "$ref" not in parameter.node:
                    yield parameter

    def parameters_by_operation(self) -> Iterator[tuple[Place, list[Place]]]:
        """Every operation with its parameters and those of its path."""
        for item in self.path_items():
            for method in METHODS:
                if method in item.node:
                    operation = item.child(method)
                    written = [*item.children("parameters"), *operation.children("parameters")]
                    yield operation, [self.resolve(parameter) for _, parameter in written]

    def bodies(self) -> Iterator[Place]:
        """The request body of each operation that has one."""
        for operation in self.operations():
            if "requestBody" in operation.node:
                yield self.resolve(operation.child("requestBody"))

    def responses(self, operation: Place) -> Iterator[tuple[str, Place]]:
        """The status and the response for each answer of an operation."""
        for status, response in operation.children("responses"):
            yield status, self.resolve(response)

    def named_schemas(self) -> Iterator[Schema]:
        """The schemas that stand in components."""
        for name, place in self.root.child("components").children("schemas"):
            yield Schema(place.where, place.node, name=name)

    def body_schemas(self) -> Iterator[Schema]:
        """The schema of each request body, as written there."""
        for body in self.bodies():
            yield from _content_schemas(body)

    def response_schemas(self) -> Iterator[Schema]:
        """The schema of each answer, as written there."""
        for operation in self.operations():
            for _, response in self.responses(operation):
                yield from _content_schemas(response)

    def schemas(self) -> Iterator[Schema]:
        """Every schema of the document, however deep, each where it is written out."""
        for schema in self.named_schemas():
            yield from schema.walk()
        for parameter in self.parameters():
            yield from Schema(f"{parameter.where}/schema", parameter.child("schema").node).walk()
        seen = set()
        for schema in (*self.body_schemas(), *self.response_schemas()):
            if schema.where not in seen:
                seen.add(schema.where)
                yield from schema.walk()

    def reachable(self, starts: Iterator[Schema]) -> set[str]:
        """The names of the component schemas that `starts` lead to, through any number of references."""
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            for schema in waiting.pop().walk():
                target = self.resolve(schema)
                name = target.where.rpartition("/")[2]
                if target is not schema and name not in found:
                    found.add(name)
                    waiting.append(Schema(target.where, target.node, name=name))
        return found


def snake_case(name: str) -> str:
    """The name as the generator spells it in Python, before it mends what is no identifier."""
    humps = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^A-Za-z0-9]+", "_", humps).lower()


def _keys(reference: str) -> list[str]:
    """The keys of a JSON pointer (RFC 6901, 4)."""
    return [key.replace("~1", "/").replace("~0", "~") for key in reference.split("/")[1:]]


def _content_schemas(holder: Place) -> Iterator[Schema]:
    for _, media in holder.children("content"):
        place = media.child("schema")
        yield Schema(place.where, place.node)
