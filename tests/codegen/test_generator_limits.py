"""What the linter leaves to the generator: it stops at what it cannot write, and gets recursion right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_spec_lint import CODEGEN, ROOT, _description, _schemas, _traps_found

from own_input import own_input  # isort: skip

RECURSIVE = _schemas(
    "Node: {type: object, required: [name], properties: {name: {type: string}, child: {$ref: '#/components/schemas/Node'},"
    " children: {type: array, items: {$ref: '#/components/schemas/Node'}}}},"
    "Named: {type: object, additionalProperties: {$ref: '#/components/schemas/Named'}},"
    "Ping: {type: object, properties: {pong: {$ref: '#/components/schemas/Pong'}}},"
    "Pong: {type: object, properties: {sender: {$ref: '#/components/schemas/Ping'}}},"
    "Limits: {type: object, minProperties: 1, properties: {code: {type: string, pattern: '^a', maxLength: 2}}},"
    "Grown: {allOf: [{$ref: '#/components/schemas/Node'}, {type: object, properties: {more: {type: integer}}}]}"
)
ROUND_TRIP = """
import thing_api.models as m
for name, value in {
    "Node": {"name": "a", "child": {"name": "b"}, "children": [{"name": "c", "children": [{"name": "d"}]}]},
    "Named": {"a": {"b": {}}},
    "Ping": {"pong": {"sender": {"pong": {}}}},
    "Limits": {"code": "beyond"},
    "Grown": {"name": "a", "child": {"name": "b"}, "more": 5},
}.items():
    read = getattr(m, name).from_dict(value)
    assert read.to_dict() == value, name
print(type(m.Node.from_dict({"name": "a", "child": {"name": "b"}}).child).__name__)
"""


def _generate(folder: Path, change: str) -> subprocess.CompletedProcess[str]:
    (folder / "own.json").write_text(json.dumps(own_input(_description(change))))
    command = [
        "openapi-python-client",
        "generate",
        "--path",
        "own.json",
        "--config",
        str(ROOT / "generator-config.yml"),
    ]
    command += ["--custom-template-path", str(CODEGEN / "templates"), "--meta", "none", "--fail-on-warning"]
    command += ["--output-path", "thing_api"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_objects_may_contain_themselves_and_limits_refuse_no_response(tmp_path: Path) -> None:
    assert _traps_found(tmp_path, RECURSIVE) == set()
    made = _generate(tmp_path, RECURSIVE)
    assert made.returncode == 0, made.stdout + made.stderr
    command = [sys.executable, "-c", ROUND_TRIP]
    read = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (read.stdout.strip(), read.stderr) == ("Node", "")


@pytest.mark.parametrize(
    "change",
    [
        _schemas("Tree: {type: array, items: {$ref: '#/components/schemas/Tree'}}"),
        _schemas("Tree: {anyOf: [{type: string}, {type: array, items: {$ref: '#/components/schemas/Tree'}}]}"),
    ],
    ids=["array of itself", "union with itself"],
)
def test_the_generator_stops_at_what_it_cannot_write(tmp_path: Path, change: str) -> None:
    made = _generate(tmp_path, change)
    assert made.returncode != 0
    assert "Tree" in made.stdout + made.stderr
