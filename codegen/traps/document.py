"""Traps of the document as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contract import Contract

# Under these keys null is a value of the API's own JSON.
FREE_VALUES = ("examples", "example", "default", "const", "enum")
EXTENSIONS = ("generation", "unspecified", "extension", "reason")


def top_level_security(contract: Contract) -> Iterator[tuple[str, str]]:
    """`security` of the whole document is not read; every operation must have its own."""
    if "security" in contract.document:
        yield "#/security", "is ignored; write it into every operation"


def top_level_webhooks(contract: Contract) -> Iterator[tuple[str, str]]:
    """`webhooks` of the document yield nothing; payloads belong into components/schemas."""
    if "webhooks" in contract.document:
        yield "#/webhooks", "yields no code; describe the payloads in components/schemas"


def path_reference(contract: Contract) -> Iterator[tuple[str, str]]:
    """A path that is a `$ref`, and everything in components/pathItems, is dropped."""
    for item in contract.path_items():
        if "$ref" in item.node:
            yield item.where, "is dropped with all its operations; write them out"
    if "pathItems" in contract.root.child("components").node:
        yield "#/components/pathItems", "is not read; write the operations out under paths"


def dangling_reference(contract: Contract) -> Iterator[tuple[str, str]]:
    """A `$ref` to nothing, or to another file: whatever uses it is dropped."""
    for where, node in _maps("#", contract.document):
        reference = node.get("$ref")
        if isinstance(reference, str) and not contract.has(reference):
            yield where, f"$ref {reference!r} leads nowhere"


def reference_sibling(contract: Contract) -> Iterator[tuple[str, str]]:
    """What stands beside a `$ref` is ignored, a description too; remarks in `x-` keys are for readers anyway."""
    for where, node in _maps("#", contract.document):
        siblings = [str(key) for key in node if key != "$ref" and not str(key).startswith("x-")]
        if isinstance(node.get("$ref"), str) and siblings:
            yield where, f"{', '.join(siblings)} beside $ref is ignored"


def other_servers(contract: Contract) -> Iterator[tuple[str, str]]:
    """`servers` of a path or an operation are ignored: the client has one address for all."""
    for place in (*contract.path_items(), *contract.operations()):
        if "servers" in place.node:
            yield place.where, "servers is ignored"


def null_keyword(contract: Contract) -> Iterator[tuple[str, str]]:
    """A key without a value: most often an unquoted comma has cut a description in `{...}` in two."""
    for where, node in _maps("#", contract.document):
        for key, value in node.items():
            if value is None:
                yield f"{where}/{key}", "has no value; is there a comma in a text that is not quoted?"


def extension_word(contract: Contract) -> Iterator[tuple[str, str]]:
    """An `x-hitl-` key that nobody reads, or `x-hitl-unspecified` without `x-hitl-reason`."""
    for where, node in _maps("#", contract.document):
        if "x-hitl-unspecified" in node and not node.get("x-hitl-reason"):
            yield where, "is x-hitl-unspecified without x-hitl-reason"
        for key in node:
            if str(key).startswith("x-hitl-") and key.removeprefix("x-hitl-") not in EXTENSIONS:
                yield f"{where}/{key}", f"is unknown; known are {', '.join(EXTENSIONS)}"


def _maps(where: str, node: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every map of the document with its place, except those that are the API's own JSON."""
    if isinstance(node, Mapping):
        yield where, node
        for key, value in node.items():
            if key not in FREE_VALUES:
                yield from _maps(f"{where}/{key}", value)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _maps(f"{where}/{index}", value)


TRAPS = (
    top_level_security,
    top_level_webhooks,
    path_reference,
    dangling_reference,
    reference_sibling,
    other_servers,
    null_keyword,
    extension_word,
)
