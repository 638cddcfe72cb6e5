"""`hitl approve-command`: a command of the shell that runs only if a person approves of exactly this one, once.

What is bound: the command's words, the folder, the program's file and the files that the words name, by what they hold.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
import signal
import subprocess
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hitl.approval import (
    ApprovalNotGiven,
    ApprovalRejected,
    LedgerError,
    ledger_at,
    require_approval,
)
from hitl.cli.connection import Connection, api_command
from hitl.cli.failures import INTERRUPTED, CommandError, finish
from hitl.cli.text import one_line, printable
from hitl.cli.values import seconds
from hitl.exceptions import HITLError, WaitError, WaitTimeoutError

if TYPE_CHECKING:
    from hitl.approval import Call, Ledger

# As those of env, timeout and docker run: the command's own codes pass through, and these are not the command's.
NOT_RUN: Final = 125
NOT_APPROVED: Final = 126
NO_PROGRAM: Final = 127
_BY_SIGNAL: Final = 128
_NAME: Final = "shell command"


class CommandFailed(Exception):  # noqa: N818 - it reads so in the ledger
    """The command ran, and ended with another exit code than 0."""


@click.command("approve-command", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND [ARGUMENT]...")
@click.option("--reason", metavar="TEXT", help="What it is for, as the reviewer reads it.")
@click.option("--assignee", "assignees", multiple=True, metavar="EMAIL", help="Whom to ask; may be repeated.")
@click.option("--timeout", type=seconds, metavar="DURATION", help="How long to wait; by default until it is answered.")
@click.option("--run", metavar="NAME", help="What groups questions in `hitl pending`, such as an agent's run.")
@click.option("--asked-by", metavar="EMAIL", help="Who asks; that person's own approval does not count.")
@click.option("--no-files", is_flag=True, help="Do not bind what the files hold that the arguments name.")
@click.option("--ledger", metavar="PATH|URL", help="The ledger; by default HITL_LEDGER, or your own file.")
@api_command
def approve_command(
    connection: Connection,
    command: tuple[str, ...],
    reason: str | None,
    timeout: float | None,
    no_files: bool,
    ledger: str | None,
    assignees: tuple[str, ...],
    run: str | None,
    asked_by: str | None,
) -> None:
    """Ask a person to approve a command, and run exactly what was approved, once.

    No shell reads it: for pipes and variables, propose `sh -c '...'`. The reviewer may edit the command. Its exit code
    is passed on; 125 is an error that is not the command's, and says whether it has run; 126 is no approval; 127 is no
    such program. Its words are shown to the reviewer and kept in the ledger, so they must not hold secrets.
    """
    with _exit_codes(), connection.client() as client, _open(ledger) as kept:
        gate = require_approval(
            client,
            ledger=kept,
            timeout=timeout,
            assignees=assignees or None,
            describe=_preview,
            run=run,
            asked_by=asked_by,
        )
        proposed = {"command": list(command), "directory": str(Path.cwd()), "reason": reason or ""}
        with gate.block(_NAME, **proposed, files=_digests(command, only_program=no_files)) as grant:
            exit_code = _ended(_run(grant.arguments))
            _record(kept, {"key": grant.key, "command": grant.arguments["command"], "exit_code": exit_code})
            if exit_code:
                raise CommandFailed(exit_code)


def _record(ledger: Ledger, facts: dict[str, Any]) -> None:
    try:
        ledger.record("command", facts)
    except LedgerError as error:  # it has run, so its exit code matters more than ours
        click.echo(
            f"Warning: the command has run, but its exit code was not recorded: {one_line(str(error))}", err=True
        )


@contextmanager
def _open(address: str | None) -> Generator[Ledger, None, None]:
    kept = ledger_at(address)
    try:
        yield kept
    finally:
        kept.close()


@contextmanager
def _exit_codes() -> Generator[None, None, None]:
    """Pass the command's exit code on, and tell it apart from our own."""
    try:
        yield
    except CommandFailed as failure:
        finish(failure.args[0])
    except WaitTimeoutError as error:
        raise CommandError(f"{error}. The same command goes on waiting for the same question", NOT_APPROVED) from error
    except (ApprovalRejected, ApprovalNotGiven, WaitError) as error:
        raise CommandError(str(error), NOT_APPROVED) from error
    except KeyboardInterrupt:
        raise CommandError("interrupted; if the command had begun, `hitl pending` lists it", INTERRUPTED) from None
    except (HITLError, OSError) as error:
        raise CommandError(str(error), NOT_RUN) from error


def _preview(call: Call) -> str:
    words = printable(shlex.join(call.arguments["command"]))
    return f"{one_line(call.arguments['directory'])}$ {words}"


def _digests(command: Sequence[str], *, only_program: bool) -> dict[str, str]:
    """Return what the program's file, and the files that the arguments name, hold; by path."""
    named = [] if only_program else [Path(word) for word in command[1:]]
    return {str(file): _digest(file) for file in [_program(command[0]), *named] if _is_file(file)}


def _program(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise CommandError(f"there is no program {one_line(name)!r}, so nothing was run", NO_PROGRAM)
    return Path(found).absolute()


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):
        return False  # too long a name, for one: it is no file


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _run(approved: Mapping[str, Any]) -> int:
    """Run what was approved, if the files still hold the same; return the process's exit code."""
    command = _words(approved["command"])
    program = _program(command[0])
    changed = [name for name, digest in approved["files"].items() if not _is_unchanged(Path(name), digest)]
    if changed:
        raise CommandError(f"nothing was run: {one_line(', '.join(changed))} changed since it was proposed", NOT_RUN)
    if approved["directory"] != str(Path.cwd()):
        raise CommandError("nothing was run: the folder was edited, and this is the proposed one", NOT_RUN)
    with _interruptible_child():
        return subprocess.run(command, executable=program, check=False).returncode  # noqa: S603 - a person approved it


def _words(command: Iterable[Any]) -> list[str]:
    words = list(command)
    if not words or not all(isinstance(word, str) and "\0" not in word for word in words):
        raise CommandError("nothing was run: a command is a list of texts", NOT_RUN)
    return words


def _is_unchanged(file: Path, digest: str) -> bool:
    return _is_file(file) and _digest(file) == digest


@contextmanager
def _interruptible_child() -> Generator[None, None, None]:
    """Leave Ctrl-C to the command, whose exit code is what is recorded."""
    before = signal.signal(signal.SIGINT, _ignore)  # unlike SIG_IGN, no child inherits it
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _ignore(_signal: int, _frame: object) -> None: ...


def _ended(returncode: int) -> int:
    return returncode if returncode >= 0 else _BY_SIGNAL - returncode
