"""How a command ends: its exit code, and one line on stderr if something went wrong."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import click

from hitl import exceptions
from hitl._json import is_encodable
from hitl.cli.output import OutputError
from hitl.cli.text import one_line
from hitl.server.primitives.errors import SetupError

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
UNANSWERED: Final = 4
REJECTED: Final = 5
INTERRUPTED: Final = 130  # what shells report for SIGINT: 128 + 2

EXIT_CODES: Final[Mapping[int, str]] = {
    OK: "success",
    FAILED: "failure",
    USAGE: "usage error: an option, an argument or a setting",
    NOT_FOUND: "not found",
    UNANSWERED: "no answer: timed out, expired or cancelled",
    REJECTED: "rejected",
    INTERRUPTED: "interrupted",
}

_BY_ERROR: Final[Mapping[type[exceptions.HITLError], int]] = {
    exceptions.ConfigurationError: USAGE,
    exceptions.NotFoundError: NOT_FOUND,
    exceptions.WaitError: UNANSWERED,
}


class CommandError(Exception):
    """Ends the command with an exit code and a message on stderr."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class FailingGroup(click.Group):
    """A group whose commands may raise CommandError and the client's errors."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and turn its errors into exit codes."""
        try:
            return super().invoke(ctx)
        except CommandError as failure:
            _end(ctx, str(failure), failure.exit_code)
        except exceptions.HITLError as error:
            _end(ctx, str(error), exit_code_of(error))
        except UnicodeEncodeError as error:
            # The operating system passes bytes that are no UTF-8 as halves of surrogate pairs (PEP 383).
            # Only its place is told, since it may be a secret.
            places = (str(place) for place, each in enumerate(sys.argv) if not is_encodable(each))
            _end(ctx, f"argument {next(places, error.reason)} is not UTF-8 text", USAGE)
        except KeyboardInterrupt:
            _end(ctx, "interrupted", INTERRUPTED)


@contextmanager
def done(what: str) -> Generator[None, None, None]:
    """Say on stderr what was done, such as "rev_1 created", if standard output cannot take it."""
    try:
        yield
    except OutputError as error:
        raise CommandError(f"{what}; but {error}") from error


@contextmanager
def option_errors() -> Generator[None, None, None]:
    """End the command if the server cannot use an option's value, and name the option."""
    try:
        yield
    except SetupError as error:
        raise CommandError(naming_option(str(error), error.setting)) from error


def naming_option(message: str, name: str | None) -> str:
    """Return a message that begins with the option or argument of a name, unless there is none or it is in it already.

    A message of the server's that begins with the name of a field, as "expires: ", begins with the option instead.
    """
    given = next((each for each in click.get_current_context().command.params if each.name == name), None)
    if given is None:
        return message
    option = given.opts[0] if isinstance(given, click.Option) else given.human_readable_name
    return message if option in message else f"{option}: {message.removeprefix(f'{name}: ')}"


def exit_code_of(error: exceptions.HITLError) -> int:
    """Return the exit code for an error of the client."""
    return next((code for kind, code in _BY_ERROR.items() if isinstance(error, kind)), FAILED)


def joint_exit_code(exit_codes: Iterable[int]) -> int:
    """Return the exit code for several results: the lowest that is not 0, if any."""
    return min(filter(None, exit_codes), default=OK)


def finish(exit_code: int) -> None:
    """End the command with an exit code and no message."""
    click.get_current_context().exit(exit_code)


def _end(ctx: click.Context, message: str, exit_code: int) -> NoReturn:
    # One line of harmless characters, whatever a server wrote.
    click.echo(f"Error: {one_line(message)}", err=True)
    ctx.exit(exit_code)
