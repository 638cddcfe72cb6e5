"""The sessions of inboxes that this user's commands hold, in a file that only this user can read."""

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
    """The session of one server: the cookies that carry it, by name."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._file = Path(click.get_app_dir("hitl")) / "inbox-sessions.json"

    def read(self) -> dict[str, str]:
        """Return the cookies; none if no link was used yet, or the file holds something else."""
        cookies = self._all().get(self._server)
        return dict(cookies) if is_object(cookies) else {}

    def write(self, cookies: Mapping[str, str]) -> None:
        """Keep the cookies in place of those that were there."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # Made readable for this user only, and then put in place, so that nobody reads it meanwhile.
            handle, name = tempfile.mkstemp(dir=self._file.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({**self._all(), self._server: dict(cookies)}, file)
            Path(name).replace(self._file)
        except OSError as error:
            raise CommandError(f"the session cannot be kept in {self._file}: {error.strerror}") from error

    def _all(self) -> dict[str, Any]:
        try:
            kept: object = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return kept if is_object(kept) else {}
