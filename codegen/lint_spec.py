"""Check an OpenAPI file for what the client generator would drop or break without a word.

    python codegen/lint_spec.py openapi.yaml [--generated generated/hitl_api]

Prints one line for each fault and ends with status 1 if there is one. With `--generated` the written package is held
against the file: every operation has its module, every named schema its model, and all of them can be imported.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import generated_package
from contract import Contract
from ruamel.yaml.error import YAMLError
from traps import TRAPS, name_of


def lint(spec: Path, generated: Path | None = None) -> Iterator[str]:
    """Yield a line `place: trap: message` for each fault."""
    try:
        contract = Contract.read(spec)
    except YAMLError as error:
        yield f"{spec.name}: unreadable: {' '.join(str(error).split())}"
        return
    for trap in TRAPS:
        for where, message in trap(contract):
            yield f"{where}: {name_of(trap)}: {message}"
    if generated:
        for name, where, message in generated_package.faults(contract, generated):
            yield f"{where}: {name}: {message}"


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description="Check an OpenAPI file for the traps of the client generator.")
    parser.add_argument("spec", type=Path)
    parser.add_argument("--generated", type=Path, help="the package that was generated from it")
    arguments = parser.parse_args()
    lines = list(lint(arguments.spec, arguments.generated))
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
