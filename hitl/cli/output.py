"""What the command writes: the one place that decides what happens where a stream cannot take it.

Characters that an encoding lacks are escaped. A standard output that cannot be written ends the command with a message
and an exit code. What standard error cannot take is dropped, since there is nobody left to tell.
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final, TextIO

_FAILED: Final = 1  # as in `hitl.cli.failures`, which needs click
_INTERRUPTED: Final = 130


class OutputError(Exception):
    """Standard output cannot be written; its text says why.

    Attributes:
        is_closed_pipe: Whether the reader has gone, as in `| head -1`.
    """

    def __init__(self, error: Exception) -> None:
        self.is_closed_pipe = isinstance(error, BrokenPipeError)
        super().__init__(f"standard output cannot be written: {getattr(error, 'strerror', None) or error}")


class _Stream(io.TextIOBase):
    """Stands before `sys.stdout` or `sys.stderr`, which is None if it was closed before Python started."""

    encoding = "utf-8"  # what it takes: click writes here, and not past it, if these two are to its liking
    errors = "strict"

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._failure: Exception | None = OSError(errno.EBADF, "it is closed") if stream is None else None
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ESCAPES)

    def write(self, text: str) -> int:
        self._try(lambda stream: stream.write(text))
        return len(text)

    def flush(self) -> None:
        if self._failure is None:
            self._try(lambda stream: stream.flush())

    @property
    def buffer(self) -> BinaryIO:
        """Where click writes what a shell completes, as bytes."""
        if self._stream is None:
            raise AttributeError("buffer")
        return self._stream.buffer

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("it is closed")
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    def _try(self, action: Callable[[TextIO], object]) -> None:
        """Act on the stream unless it failed before: click tries streams, and ignores what that raises."""
        if self._stream is not None and self._failure is None:
            try:
                action(self._stream)
            except (OSError, ValueError) as error:
                self._failure = error
                self._discard()

    def _discard(self) -> None:
        """Let Python's last flush succeed: what could not be written is still in the buffer."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


class _StandardOutput(_Stream):
    """Raises OutputError for text that is lost."""

    def _try(self, action: Callable[[TextIO], object]) -> None:
        super()._try(action)
        if self._failure is not None:
            raise OutputError(self._failure) from None


@contextmanager
def command_output() -> Generator[None, None, None]:
    """Let the streams be what this module promises, and end the process in order if they fail or on Ctrl-C."""
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _StandardOutput(streams[0]), _Stream(streams[1])
    try:
        yield
    except OutputError as error:
        if not error.is_closed_pipe:  # whoever closes a pipe knows
            sys.stderr.write(f"Error: {error}\n")
        sys.exit(_FAILED)
    except KeyboardInterrupt:
        sys.stderr.write("Error: interrupted\n")
        sys.exit(_INTERRUPTED)
    finally:
        sys.stderr.flush()
        sys.stdout, sys.stderr = streams


def _escape(error: UnicodeError) -> tuple[str, int]:
    r"""Return the characters that an encoding lacks as `\uXXXX`, which is right in JSON, too."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


_ESCAPES: Final = "hitl.escape"
codecs.register_error(_ESCAPES, _escape)
