"""What our own generator reads in place of openapi.yaml, which says more than openapi-python-client understands.

    python codegen/own_input.py openapi.yaml own.json

Two spellings serve the generators of others, and would give ours a worse client:

- Free JSON is `type: object` with `additionalProperties: true`; ours makes a wrapper class of that. It gets a schema
  without a type, which becomes `Any`.
- A word in a response is a string, because the server may add words; `$defs` names the enumeration of the known ones.
  The enumerations of our templates take unknown words, so ours gets the enumeration itself.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

# Below these keys stand values of the API, which may look like schemas.
VALUES = ("example", "examples", "enum", "const", "default", "value")


def own_input(node: Any) -> Any:
    """Return the document, or a part of it, in the spelling that our generator reads."""
    if isinstance(node, list):
        return [own_input(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    if isinstance(node.get("$defs"), Mapping) and "known" in node["$defs"]:
        return _enumeration(node)
    if _is_free_json(node):
        node = {key: value for key, value in node.items() if key not in ("type", "additionalProperties")}
    return {key: _part(key, value) for key, value in node.items()}


def _part(key: str, value: Any) -> Any:
    if key in VALUES:
        return value
    if key == "properties" and isinstance(value, Mapping):  # whose keys are names, of which "value" is one
        return {name: own_input(schema) for name, schema in value.items()}
    return own_input(value)


def _enumeration(word: Mapping[str, Any]) -> Mapping[str, Any]:
    known = word["$defs"]["known"]
    if "null" not in word["type"]:
        return known
    rest = {key: value for key, value in word.items() if key not in ("type", "$defs")}
    return {**rest, "anyOf": [known, {"type": "null"}]}


def _is_free_json(schema: Mapping[str, Any]) -> bool:
    is_object = schema.get("type") in ("object", ["object", "null"])
    return is_object and schema.get("additionalProperties") is True and "properties" not in schema


def main() -> None:
    """Run the command line."""
    source, target = map(Path, sys.argv[1:])
    document = own_input(YAML(typ="safe").load(source))
    target.write_text(json.dumps(document, default=str), encoding="utf-8")


if __name__ == "__main__":
    main()
