"""Prints the public API, one line for each name with its signature."""

from __future__ import annotations

import importlib
import inspect
import re

MODULES = (
    "hitl",
    "hitl.exceptions",
    "hitl.integrations.django",
    "hitl.integrations.flask",
    "hitl.integrations.starlette",
    "hitl.models",
    "hitl.retry",
    "hitl.testing",
    "hitl.testing.hostile",
    "hitl.webhooks",
)


def describe(value: object) -> str:
    try:
        signature = str(inspect.signature(value))  # type: ignore[arg-type]
        return re.sub(r"<([^<>]*) at 0x[0-9a-f]+>", r"<\1>", signature)
    except (TypeError, ValueError):
        return "" if inspect.isclass(value) else f": {type(value).__name__}"


def members(owner: type) -> list[str]:
    attributes = {each.name: each for each in getattr(owner, "__attrs_attrs__", ())}
    lines = []
    for name, value in sorted({**vars(owner), **attributes}.items()):
        if name.startswith("_"):
            continue
        is_property = name in attributes or isinstance(value, property) or inspect.ismemberdescriptor(value)
        lines.append(f"    {name}{': attribute' if is_property else describe(value)}")
    return lines


def main() -> None:
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        print(module_name)
        for name in sorted(module.__all__):
            value = getattr(module, name)
            if name == "__version__":
                continue
            print(f"  {name}{describe(value)}")
            if inspect.isclass(value) and value.__module__.startswith("hitl"):
                print(*members(value), sep="\n", end="\n" if members(value) else "")


if __name__ == "__main__":
    main()
