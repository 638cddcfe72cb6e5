"""What the generator wrote, held against what the contract promises."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from contract import Contract


def faults(contract: Contract, package: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the trap, the place and the message for each endpoint or model that is missing, superfluous or broken."""
    yield from _endpoint_faults(contract, package)
    yield from _model_faults(contract, package)
    yield from _import_faults(package)


def _endpoint_faults(contract: Contract, package: Path) -> Iterator[tuple[str, str, str]]:
    promised = {
        f"{_tag(operation.node.get('tags'))}/{operation.node.get('operationId')}.py": operation
        for operation in contract.operations()
    }
    written = {path.relative_to(package / "api").as_posix() for path in _modules(package / "api")}
    for name in sorted(promised.keys() - written):
        yield "missing-module", promised[name].where, f"api/{name} was not written"
    for name in sorted(written - promised.keys()):
        yield "stray-module", str(package), f"api/{name} belongs to no operation"
    if len(promised) != len(contract.operation_ids()):
        yield "missing-module", "#/paths", f"{len(contract.operation_ids())} operations, {len(promised)} modules"


def _model_faults(contract: Contract, package: Path) -> Iterator[tuple[str, str, str]]:
    init = (package / "models" / "__init__.py").read_text()
    for schema in contract.named_schemas():
        if (schema.is_object or "enum" in schema.node) and f'"{schema.name}",' not in init:
            yield "missing-model", schema.where, "no model was written"


def _import_faults(package: Path) -> Iterator[tuple[str, str, str]]:
    sys.path.insert(0, str(package.resolve().parent))
    for path in _modules(package):
        name = ".".join((package.name, *path.relative_to(package).with_suffix("").parts))
        try:
            importlib.import_module(name)
        except Exception as error:  # whatever a broken module raises is a fault of the module
            yield "broken-module", name, f"{type(error).__name__}: {error}"


def _modules(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if path.name != "__init__.py"]


def _tag(tags: object) -> str:
    return str(tags[0]) if isinstance(tags, list) and tags else "default"
