"""The linter of openapi.yaml, trap by trap: a clean little description, and what makes each trap snap."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from referencing.exceptions import Unresolvable
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
CODEGEN = ROOT / "codegen"
sys.path.insert(0, str(CODEGEN))

import lint_spec  # noqa: E402
import traps  # noqa: E402

REMOVED = "<removed>"

CLEAN = """
openapi: 3.1.0
info: {title: A small description, version: '1'}
tags: [{name: things}]
paths:
  /v1/things/{thing_id}:
    put:
      operationId: replace_thing
      tags: [things]
      x-hitl-generation: A
      security: [{bearerAuth: []}]
      parameters:
        - {name: thing_id, in: path, required: true, schema: {type: string, description: The id.}}
        - $ref: '#/components/parameters/Limit'
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: '#/components/schemas/ThingPut'}}
      responses:
        '200': {$ref: '#/components/responses/Thing'}
        '404': {description: No.}
components:
  securitySchemes: {bearerAuth: {type: http, scheme: bearer}}
  parameters:
    Limit: {name: limit, in: query, schema: {type: integer}}
  responses:
    Thing: {description: Yes., content: {application/json: {schema: {$ref: '#/components/schemas/ThingEnvelope'}}}}
  schemas:
    Colour: {type: string, enum: [red, green]}
    ThingPut:
      type: object
      additionalProperties: false
      properties: {name: {type: string}}
    Thing:
      type: object
      required: [id]
      properties:
        id: {type: string}
        free: {description: Free JSON., examples: [null]}
        colour: {$ref: '#/components/schemas/Colour', x-hitl-unspecified: true, x-hitl-reason: Nobody says.}
        maybe: {anyOf: [{$ref: '#/components/schemas/Colour'}, {type: 'null'}]}
    Twin: {type: object, required: [id], properties: {id: {type: string}, twin: {type: string}}}
    Told: {type: object, required: [told], properties: {told: {type: string, deprecated: true, description: Deprecated.}}}
    One: {description: Told apart., anyOf: [{$ref: '#/components/schemas/Told'}, {$ref: '#/components/schemas/Twin'}]}
    Labels: {type: object, additionalProperties: {type: string}}
    ThingEnvelope:
      type: object
      required: [data]
      properties: {data: {$ref: '#/components/schemas/Thing'}}
"""


def _operation(change: str) -> str:
    return f"paths: {{'/v1/things/{{thing_id}}': {{put: {change}}}}}"


def _limit(change: str) -> str:
    return f"components: {{parameters: {{Limit: {change}}}}}"


def _schemas(change: str) -> str:
    return f"components: {{schemas: {{{change}}}}}"


def _thing(properties: str) -> str:
    return _schemas(f"Thing: {{properties: {{{properties}}}}}")


def _all_of(second: str) -> str:
    return _schemas(f"Both: {{allOf: [{{$ref: '#/components/schemas/Thing'}}, {second}]}}")


def _path_level(parameter: str) -> str:
    return f"paths: {{'/v1/things/{{thing_id}}': {{parameters: [{parameter}]}}}}"


SECOND = """
paths:
  /v1/more:
    get:
      operationId: replace_thing
      tags: [things]
      x-hitl-generation: B
      security: [{bearerAuth: []}]
      responses: {'200': {$ref: '#/components/responses/Thing'}}
"""

# The trap, and what is laid over the clean description to set it off.
TRAPPED = [
    ("top-level-security", "security: [{bearerAuth: []}]"),
    ("top-level-webhooks", "webhooks: {told: {post: {responses: {'200': {description: Yes.}}}}}"),
    ("path-reference", "paths: {/v1/more: {$ref: '#/paths/~1v1~1things~1{thing_id}'}}"),
    ("path-reference", "components: {pathItems: {More: {}}}"),
    ("dangling-reference", _thing("colour: {$ref: '#/components/schemas/Color'}")),
    ("dangling-reference", _thing("colour: {$ref: 'colours.yaml#/Colour'}")),
    ("null-keyword", _thing("id: {type: string, description: One, two and three}")),
    ("extension-word", _thing("id: {x-hitl-unspecifed: true}")),
    ("extension-word", _thing("id: {x-hitl-unspecified: true}")),
    ("operation-id", _operation("{operationId: <removed>}")),
    ("operation-id", _operation("{operationId: replaceThing}")),
    ("operation-id", _operation("{operationId: list}")),
    ("duplicate-operation-id", SECOND),
    ("one-tag", _operation("{tags: []}")),
    ("one-tag", _operation("{tags: [things, others]}")),
    ("one-tag", _operation("{tags: [others]}")),
    ("operation-security", _operation("{security: <removed>}")),
    ("operation-generation", _operation("{x-hitl-generation: D}")),
    ("one-request-type", _operation("{requestBody: {content: {application/merge-patch+json: {schema: {}}}}}")),
    (
        "one-request-type",
        _operation("{requestBody: {content: {application/json: <removed>, text/csv: {schema: {type: string}}}}}"),
    ),
    ("optional-body", _operation("{requestBody: {required: <removed>}}")),
    ("one-success", _operation("{responses: {'204': {description: Yes.}}}")),
    ("one-success", _operation("{responses: {'200': <removed>}}")),
    ("default-response", _operation("{responses: {default: {description: Other.}}}")),
    ("reserved-parameter", _limit("{name: body}")),
    ("reserved-parameter", _limit("{name: params}")),
    ("parameter-content", _limit("{schema: <removed>, content: {application/json: {schema: {type: integer}}}}")),
    ("parameter-style", _limit("{style: deepObject}")),
    ("parameter-style", _limit("{explode: false}")),
    ("parameter-description", _limit("{description: The greatest number.}")),
    ("reserved-schema", _schemas("Client: {type: string}")),
    ("reserved-schema", _schemas("small_thing: {type: string}")),
    ("reserved-property", _thing("to_dict: {type: string}")),
    ("property-named-as-model", _thing("thing: {$ref: '#/components/schemas/Labels'}")),
    ("inline-object", _thing("inner: {type: object, properties: {a: {type: string}}}")),
    ("inline-object", _thing("inner: {type: array, items: {type: [object, 'null']}}")),
    ("inline-enum", _thing("inner: {type: string, enum: [a, b]}")),
    ("inline-enum", _limit("{schema: {enum: [1, 2], x-enum-varnames: [ONE, TWO]}}")),
    ("null-in-enum", _schemas("Colour: {type: [string, 'null'], enum: [red, null]}")),
    ("enum-clash", _schemas("Colour: {enum: [red, RED]}")),
    ("enum-clash", _schemas("Colour: {enum: [1h, red]}")),
    ("reference-sibling", _thing("colour: {description: Lost.}")),
    (
        "reference-sibling",
        _operation("{responses: {'200': {$ref: '#/components/responses/Thing', description: Other.}}}"),
    ),
    ("other-servers", _operation("{servers: [{url: 'https://other.example'}]}")),
    ("other-servers", "paths: {'/v1/things/{thing_id}': {servers: [{url: 'https://other.example'}]}}"),
    ("status-range", _operation("{responses: {4XX: {description: No.}}}")),
    ("status-range", _operation("{responses: {'200': <removed>, 2XX: {$ref: '#/components/responses/Thing'}}}")),
    ("status-range", _operation("{responses: {2XX: {$ref: '#/components/responses/Thing'}}}")),
    ("status-range", _operation("{responses: {'499': {description: No.}}}")),
    ("body-encoding", _operation("{requestBody: {content: {application/json: {encoding: {name: {style: form}}}}}}")),
    ("parameter-style", _limit("{allowReserved: true}")),
    ("parameter-style", _limit("{allowEmptyValue: true}")),
    ("cookie-parameter", _limit("{in: cookie}")),
    ("parameter-clash", _limit("{name: thing_id}")),
    ("parameter-clash", _limit("{name: thingId}")),
    ("parameter-clash", _limit("{name: Thing-Id, in: header}")),
    ("parameter-clash", _path_level("{name: limit, in: header, schema: {type: integer}}")),
    ("mixed-enum", _schemas("Mixed: {enum: [red, 5], x-enum-varnames: [RED, FIVE]}")),
    ("mixed-enum", _schemas("Mixed: {type: integer, enum: [red, green]}")),
    ("mixed-enum", _schemas("Mixed: {type: string, enum: [1, 2], x-enum-varnames: [ONE, TWO]}")),
    ("mixed-enum", _schemas("Mixed: {enum: [true, false]}")),
    ("mixed-enum", _schemas("Mixed: {type: number, enum: [1.5], x-enum-varnames: [ONE]}")),
    ("mixed-enum", _schemas("Mixed: {type: [string, integer], enum: [red, 5], x-enum-varnames: [RED, FIVE]}")),
    ("enum-names", _schemas("Mixed: {type: string, enum: [red, blue], x-enum-varnames: [RED]}")),
    ("enum-names", _schemas("Mixed: {type: string, enum: [red, blue], x-enum-varnames: [RED, red]}")),
    ("enum-names", _schemas("Mixed: {type: string, enum: [red, blue], x-enum-varnames: [RED, '1']}")),
    ("all-of-members", _all_of("{type: object, properties: {id: {type: integer}}}")),
    ("all-of-members", _all_of("{type: string}")),
    ("all-of-members", _schemas("Both: {allOf: [{type: string}, {maxLength: 3}]}")),
    (
        "all-of-members",
        _schemas("Both: {allOf: [{$ref: '#/components/schemas/Thing'}], properties: {lost: {type: integer}}}"),
    ),
    (
        "all-of-members",
        _schemas(
            "Both: {allOf: [{$ref: '#/components/schemas/Twin'}, {type: object, properties: {more: {type: string}}}]},"
            "Three: {allOf: [{$ref: '#/components/schemas/Both'}, {type: object, properties: {twin: {type: string}}}]}"
        ),
    ),
    ("property-clash", _thing("fooBar: {type: string}, foo_bar: {type: string}")),
    ("property-clash", _thing("a-b: {type: string}, a_b: {type: string}")),
    ("property-clash", _thing("Id: {type: string}")),
    ("property-clash", _thing("class: {type: string}, class_: {type: string}")),
    ("property-clash", _thing("1st: {type: string}")),
    ("property-clash", _thing("'@': {type: string}")),
    ("property-clash", _thing("'': {type: string}")),
    (
        "schema-clash",
        _schemas("ThingDto: {$ref: '#/components/schemas/Thing'}, ThingDTO: {$ref: '#/components/schemas/Thing'}"),
    ),
    ("ignored-keyword", _schemas("Thing: {not: {required: [free]}}")),
    ("ignored-keyword", _schemas("Thing: {$id: 'https://h.example/thing'}")),
    ("ignored-keyword", _thing("x: {$dynamicRef: '#here'}")),
    ("ignored-keyword", _schemas("Thing: {if: {required: [id]}}")),
    ("ignored-keyword", _thing("id: {nullable: true}")),
    (
        "ambiguous-union",
        _thing("either: {anyOf: [{$ref: '#/components/schemas/Thing'}, {$ref: '#/components/schemas/Twin'}]}"),
    ),
    (
        "ambiguous-union",
        _thing("either: {oneOf: [{$ref: '#/components/schemas/Labels'}, {$ref: '#/components/schemas/Thing'}]}"),
    ),
    ("ambiguous-union", _thing("either: {anyOf: [{$ref: '#/components/schemas/Colour'}, {type: string}]}")),
    (
        "ambiguous-union",
        _thing(
            "all: {type: array, items: {anyOf: [{$ref: '#/components/schemas/Thing'}, {$ref: '#/components/schemas/Twin'}]}}"
        ),
    ),
    ("upload-as-text", _thing("file: {type: string, contentMediaType: image/png}")),
    ("upload-as-text", _thing("file: {type: string, contentEncoding: base64}")),
    ("upload-as-text", _thing("file: {type: string, format: byte}")),
    ("one-way-property", _thing("id: {readOnly: true}")),
    ("one-way-property", _thing("id: {writeOnly: true}")),
    ("silent-deprecation", _thing("id: {deprecated: true}")),
    ("silent-deprecation", _operation("{deprecated: true}")),
    ("silent-deprecation", _limit("{deprecated: true}")),
    ("one-response-type", "components: {responses: {Thing: {content: {text/csv: {schema: {type: string}}}}}}"),
    ("schema-default", _thing("id: {default: x}")),
    ("schema-default", _thing("ids: {type: array, items: {type: string}, default: [x]}")),
    ("schema-default", _limit("{schema: {default: 50}}")),
    ("bare-const", _thing("id: {type: <removed>, const: x}")),
    ("free-object", _schemas("Anything: {type: object}")),
    ("open-request", _schemas("ThingPut: {additionalProperties: <removed>}")),
    ("closed-response", _schemas("Thing: {additionalProperties: false}")),
]

# What the linter leaves to the OpenAPI validator.
INVALID = {
    "a reference to nothing": _thing("colour: {$ref: '#/components/schemas/Color'}"),
    "a path parameter that is not declared": _operation("{parameters: []}"),
    "a duplicate operationId": SECOND,
    "a parameter without a place": _limit("{in: <removed>}"),
    "an unknown type": _thing("id: {type: text}"),
    "a response without description": "components: {responses: {Thing: {description: <removed>}}}",
    "a document without a title": "info: {title: <removed>}",
}


def _merged(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    merged = {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
    return {key: value for key, value in merged.items() if value != REMOVED}


def _description(change: str = "{}") -> dict[str, Any]:
    described: dict[str, Any] = _merged(YAML(typ="safe").load(CLEAN), YAML(typ="safe").load(change))
    return described


# JSON is YAML, so a description is written as JSON wherever a file is needed.
def _traps_found(tmp_path: Path, change: str) -> set[str]:
    spec = tmp_path / "openapi.yaml"
    spec.write_text(json.dumps(_description(change)))
    lines = lint_spec.lint(spec)
    return {line.split(": ")[1] for line in lines}


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CODEGEN / "lint_spec.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_clean_description_has_no_faults(tmp_path: Path) -> None:
    assert _traps_found(tmp_path, "{}") == set()
    validate(_description())


@pytest.mark.parametrize(
    "change",
    [
        _thing("colour: <removed>, shade: {allOf: [{$ref: '#/components/schemas/Colour'}], description: Kept.}"),
        _all_of("{required: [colour]}"),
        _all_of("{type: object, properties: {more: {type: string}}}"),
        _schemas(
            "Both: {allOf: [{$ref: '#/components/schemas/Twin'}, {type: object, properties: {more: {type: string}}}]},"
            "Three: {allOf: [{$ref: '#/components/schemas/Both'}, {type: object, properties: {most: {type: string}}}]}"
        ),
    ],
)
def test_what_all_of_can_put_together_is_no_trap(tmp_path: Path, change: str) -> None:
    assert _traps_found(tmp_path, change) == set()


@pytest.mark.parametrize(("trap", "change"), TRAPPED)
def test_the_linter_names_the_trap_and_no_other(tmp_path: Path, trap: str, change: str) -> None:
    assert _traps_found(tmp_path, change) == {trap}


@pytest.mark.parametrize("change", INVALID.values(), ids=INVALID)
def test_the_validator_refuses_what_the_linter_leaves_to_it(change: str) -> None:
    with pytest.raises((OpenAPIValidationError, Unresolvable)):
        validate(_description(change))


def test_every_trap_is_set_off_by_a_test() -> None:
    assert {traps.name_of(trap) for trap in traps.TRAPS} == {name for name, _ in TRAPPED}


def test_every_trap_stands_in_the_guide_as_its_docstring_says() -> None:
    guide = (ROOT / "docs" / "how-to" / "regenerate.md").read_text()
    rows = [f"| `{traps.name_of(trap)}` | {trap.__doc__} |" for trap in traps.TRAPS]
    assert [row for row in rows if row not in guide] == []


def test_a_key_that_is_written_twice_makes_the_file_unreadable(tmp_path: Path) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text("openapi: 3.1.0\npaths: {}\npaths: {}\n")
    result = _run(spec)
    assert result.returncode == 1
    assert "unreadable" in result.stdout
    assert "duplicate key" in result.stdout


def test_the_command_prints_a_line_for_each_fault_and_fails(tmp_path: Path) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text(json.dumps(_description(_operation("{operationId: list, tags: [things, others]}"))))
    result = _run(spec)
    assert result.returncode == 1
    assert len(result.stdout.splitlines()) == 2
    assert result.stdout.startswith("#/paths//v1/things/{thing_id}/put: operation-id: ")


def test_our_description_and_the_package_made_from_it_have_no_faults() -> None:
    result = _run(ROOT / "openapi.yaml", "--generated", ROOT / "generated" / "hitl_api")
    assert (result.stdout, result.returncode) == ("", 0)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """What a generator might write for the clean description."""
    endpoints = tmp_path / "thing_api" / "api" / "things"
    models = tmp_path / "thing_api" / "models"
    for folder in (endpoints, models):
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    (endpoints / "replace_thing.py").touch()
    names = ("Colour", "ThingPut", "Thing", "Twin", "Told", "Labels", "ThingEnvelope")
    (models / "__init__.py").write_text("__all__ = (" + "".join(f'"{name}",' for name in names) + ")")
    return tmp_path / "thing_api"


def _package_faults(package: Path) -> list[str]:
    spec = package.parent / "openapi.yaml"
    spec.write_text(json.dumps(_description()))
    return [line.split(": ")[1] for line in _run(spec, "--generated", package).stdout.splitlines()]


def test_a_whole_package_has_no_faults(package: Path) -> None:
    assert _package_faults(package) == []


@pytest.mark.parametrize(
    ("fault", "file", "text"),
    [
        ("missing-module", "api/things/replace_thing.py", None),
        ("stray-module", "api/things/replace_everything.py", ""),
        ("missing-model", "models/__init__.py", '__all__ = ("Colour", "ThingPut", "Thing", "Twin", "Told", "Labels",)'),
        ("broken-module", "api/things/replace_thing.py", "def sync(body, body): ..."),
    ],
)
def test_what_is_wrong_with_a_package_is_noticed(package: Path, fault: str, file: str, text: str | None) -> None:
    (package / file).unlink() if text is None else (package / file).write_text(text)
    assert _package_faults(package) == [fault]
