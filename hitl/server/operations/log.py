"""The log of a team's server: lines on standard error, for people or for programs, and without anybody's secrets.

Callers keep secrets, content and addresses out of their messages. This is the net beneath that: what looks like a key,
a token, a link or a mail address is blotted out, and of an unexpected exception only its type and place are told, since
its message may quote what somebody wrote.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TextIO, TypeAlias

from hitl.server.primitives import to_wire
from hitl.server.storage import StorageError

LogForm: TypeAlias = Literal["text", "json"]

REQUESTS: Final = logging.getLogger("hitl.server.requests")
"""Where each request is a line."""

FACTS: Final = "facts"
"""The attribute of a record that holds fields of its line, as a dict; the caller passes it as `extra`."""

_PACKAGE: Final = Path(__file__).parents[3]
_BETWEEN_REPEATS: Final = 10.0  # seconds in which the same trouble of the disk is one line
_SECRET: Final = re.compile(
    r"(hlk_|hitl_(?:live|test)_|whsec_)[A-Za-z0-9_+/=-]+"
    r"|(/(?:m|enter|join)/)[^\s/?#\"']+"
    r"|(\?)[^\s\"']+"  # a query
    r"|(://)[^\s/@\"']+@"  # a password in an address
    r"|()[^\s@<>\"'(),;:/]+@[^\s@<>\"'(),;:/]+\.[A-Za-z]{2,}"
)


def scrubbed(text: str) -> str:
    """Return text without what looks like a secret or a mail address."""
    return _SECRET.sub(lambda found: f"{next((each for each in found.groups() if each), '')}***", text)


def configure_log(form: LogForm, stream: TextIO | None = None) -> None:
    """Let this process log in one form: what this package does, and the warnings of everything else."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonLines() if form == "json" else PlainLines())
    handler.addFilter(Repeats())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("hitl").setLevel(logging.INFO)


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, event, the facts of the record, and error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line = {"at": _at(record), "level": record.levelname.lower(), "event": scrubbed(record.getMessage())}
        line |= _facts(record)
        if error := _error(record):
            line["error"] = error
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()


class PlainLines(logging.Formatter):
    """A line for people: the time, the level if it is no news, the message and the facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        facts = "".join(f" {name}={value}" for name, value in _facts(record).items())
        error = _error(record)
        text = f"{_at(record)[:19]} {level}{scrubbed(record.getMessage())}{facts}{f' error={error}' if error else ''}"
        return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


class Repeats(logging.Filter):
    """Lets troubles of the disk from one place through every ten seconds only: each request has them."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is told."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        if not any(isinstance(each, StorageError) for each in arguments):
            return True
        place, now = (record.pathname, record.lineno), time.monotonic()
        if now - self._last.get(place, -_BETWEEN_REPEATS) < _BETWEEN_REPEATS:
            return False
        self._last[place] = now
        return True


def _at(record: logging.LogRecord) -> str:
    return to_wire(datetime.fromtimestamp(record.created, UTC))


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    facts: dict[str, Any] = getattr(record, FACTS, {})
    return {name: _plain(name, value) for name, value in facts.items() if value not in (None, "")}


def _plain(name: str, value: Any) -> Any:
    # A route is a pattern of ours, such as /m/{token}.
    return value if isinstance(value, int | float) or name == "route" else scrubbed(str(value))


def _error(record: logging.LogRecord) -> str:
    """Return the type of a record's exception, and where it was raised, the innermost place first."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    kind, _, place = record.exc_info
    return " < ".join((kind.__name__, *_places(place)))


def _places(place: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(place)
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in reversed(frames)]


def _short(file: str) -> str:
    return str(Path(file).relative_to(_PACKAGE)) if Path(file).is_relative_to(_PACKAGE) else Path(file).name
