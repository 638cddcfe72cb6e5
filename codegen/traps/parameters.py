"""Traps of parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contract import Contract, snake_case

# The names that a generated endpoint uses itself.
TAKEN = (
    "body",
    "headers",
    "params",
    "cookies",
    "client",
    "kwargs",
    "response",
    "quote",
    "httpx",
    "errors",
    "cast",
    "url",
)


def reserved_parameter(contract: Contract) -> Iterator[tuple[str, str]]:
    """A name that the endpoint's code uses itself: a syntax error (`body`) or a wrong query (`params`)."""
    for parameter in contract.parameters():
        if str(parameter.node.get("name", "")).lower().replace("-", "_") in TAKEN:
            yield parameter.where, f"name {parameter.node['name']!r} is taken by the generated code"


def parameter_content(contract: Contract) -> Iterator[tuple[str, str]]:
    """A parameter with `content` is dropped; only `schema` is read."""
    for parameter in contract.parameters():
        if "content" in parameter.node or "schema" not in parameter.node:
            yield parameter.where, "must have a schema and no content"


def parameter_style(contract: Contract) -> Iterator[tuple[str, str]]:
    """`style`, `explode` and their like are ignored: arrays repeat the key, objects are sent as `name[key]=value`."""
    for parameter in contract.parameters():
        if contract.resolve(parameter.child("schema")).node.get("type") == "object":
            if (parameter.node.get("style"), parameter.node.get("explode")) != ("deepObject", True):
                yield parameter.where, "an object must have style deepObject and explode true"
            continue
        for key in ("style", "explode", "allowReserved", "allowEmptyValue"):
            if key in parameter.node:
                yield parameter.where, f"{key} is ignored"


def parameter_description(contract: Contract) -> Iterator[tuple[str, str]]:
    """A parameter's own `description` does not reach the docstring; the one of its schema does."""
    for parameter in contract.parameters():
        if "description" in parameter.node:
            yield parameter.where, "move the description into the schema"


def cookie_parameter(contract: Contract) -> Iterator[tuple[str, str]]:
    """A cookie is a setting of the whole client, for httpx and for the facade; one of a single call is deprecated."""
    for parameter in contract.parameters():
        if parameter.node.get("in") == "cookie":
            yield parameter.where, "use a header or the query"


def parameter_clash(contract: Contract) -> Iterator[tuple[str, str]]:
    """Parameters of one operation whose names are one in snake_case, wherever they are sent, are renamed."""
    for operation, parameters in contract.parameters_by_operation():
        sent = {(parameter.node.get("in"), parameter.node.get("name")) for parameter in parameters}
        for name, times in Counter(snake_case(str(name)).strip("_") for _, name in sent).items():
            if times > 1:
                yield operation.where, f"has {times} parameters that would be called {name!r}"


TRAPS = (
    reserved_parameter,
    parameter_content,
    parameter_style,
    parameter_description,
    cookie_parameter,
    parameter_clash,
)
