"""`hitl server unit`: the files by which systemd runs the server."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

import click

_UNITS: Final = Path(__file__).parent / "units"
_COMMAND: Final = "/opt/hitl/bin/hitl"  # in the file


@click.command()
@click.option("--socket", "is_socket", is_flag=True, help="Print hitl-server.socket, which the service needs.")
def unit(*, is_socket: bool) -> None:
    """Print hitl-server.service, for /etc/systemd/system."""
    if is_socket:
        click.echo((_UNITS / "hitl-server.socket").read_text(), nl=False)
        return
    click.echo((_UNITS / "hitl-server.service").read_text().replace(_COMMAND, command_path()), nl=False)


def command_path() -> str:
    """Return where the command is that is running, or else the first one on the path."""
    beside = Path(sys.executable).parent / "hitl"
    return str(beside) if beside.is_file() else shutil.which("hitl") or _COMMAND
