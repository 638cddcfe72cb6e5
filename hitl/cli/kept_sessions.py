"""The inbox sessions of this user's commands, in a file that only this user can read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from hitl.cli.failures import CommandError
from hitl.cli.strict_json import is_object


class KeptSessions:
    """The session of one server: its cookies by name."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._file = Path(click.get_app_dir("hitl")) / "inbox-sessions.json"

    def read(self) -> dict[str, str]:
        """Return the cookies; none if no link was used yet or the file is unreadable."""
        cookies = self._all().get(self._server)
        return dict(cookies) if is_object(cookies) else {}

    def write(self, cookies: Mapping[str, str]) -> None:
        """Replace the cookies."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # mkstemp makes it readable for this user only, before anything is in it.
            handle, name = tempfile.mkstemp(dir=self._file.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({**self._all(), self._server: dict(cookies)}, file)
            Path(name).replace(self._file)
        except OSError as error:
            raise CommandError(f"cannot store the session in {self._file}: {error.strerror}") from error

    def _all(self) -> dict[str, Any]:
        try:
            kept: object = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return kept if is_object(kept) else {}
