"""Edited arguments of a tool, checked with the pydantic models that frameworks have for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def check(models: Iterable[Any], arguments: Mapping[str, Any]) -> None:
    """Raise pydantic's ValidationError, a ValueError, if arguments fit no model of the tools that share a name.

    What is no model, such as a JSON Schema, accepts everything, and so does a tool that is not known.
    """
    faults: list[ValueError] = []
    for model in models:
        validate = getattr(model, "model_validate", None)
        if validate is None:
            return
        try:
            validate(arguments)
        except ValueError as fault:
            faults.append(fault)
        else:
            return
    if faults:
        raise faults[0]
