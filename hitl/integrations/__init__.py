"""Adapters for web frameworks, one small module each. Nothing here is imported unless you import it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def needs(framework: str, extra: str) -> Generator[None, None, None]:
    """Say what to install if an import of the framework fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = f"hitl.integrations.{extra.replace('-', '_')} needs {framework} ({error})"
        raise ImportError(f"{missing}: install this package with its '{extra}' extra") from error
