"""The page for those who run a team's server: its commands exist, and its nightly backup is made as it says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from documents import page

from hitl.cli.operating import OPERATING
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

PAGE = page("how-to/run-for-your-team.md")
BLOCKS = re.findall(r"```\w+\n(.*?)```", PAGE, re.S)
COMMANDS = {each.name: each for each in OPERATING}
LINES = sorted(
    {
        found[1]
        for block in BLOCKS
        for found in re.finditer(r"(?:^|-E |bin/)hitl server (.+?)(?:'?$)", block, re.M)
        if found[1].split()[0] in COMMANDS and "$(" not in found[1]  # which the last test runs
    }
)


def test_the_page_shows_every_command_of_an_operator() -> None:
    assert {line.split()[0] for line in LINES} == {*COMMANDS}


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_page_is_one(line: str) -> None:
    name, *arguments = shlex.split(line)
    with COMMANDS[name].make_context(name, ["--data", "team.db", *arguments]) as context:
        assert isinstance(context, click.Context)


def test_the_nightly_backup_is_made(tmp_path: Path) -> None:
    data = tmp_path / "team.db"
    ReviewServer(data=data, team=TeamSettings()).close()
    (unit,) = (block for block in BLOCKS if "Type=oneshot" in block)
    (command,) = re.findall(r"ExecStart=(.+)", unit)
    hitl = f"{sys.executable} -m hitl.cli"
    for there, here in (
        *(("/opt/hitl/bin/hitl", hitl), ("/var/backups/hitl", tmp_path), ("/var/lib/hitl", tmp_path)),
        ("%%", "%"),  # as systemd.unit(5) has it
    ):
        assert there in command
        command = command.replace(there, str(here))
    subprocess.run(shlex.split(command), check=True, timeout=60)
    assert re.fullmatch(r"team-[1-7]\.db", next(each.name for each in tmp_path.glob("team-*.db")))
