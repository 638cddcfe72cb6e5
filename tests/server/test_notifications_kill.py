"""A process that is killed while it sends: nothing is lost, and little is sent twice."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from moody_receiver import MoodyReceiver, moody_receiving

LIVES = Path(__file__).with_name("notifying_lives.py")
AT_A_TIME = 16  # attempts of one worker, each of which a death may double


def life(data: Path, port: int) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, LIVES, data, str(port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "asked\n"
    return process


@pytest.mark.parametrize("after", [1, 20, 60])
def test_every_message_arrives_though_the_server_is_killed_while_it_sends(tmp_path: Path, after: int) -> None:
    data = tmp_path / "team.db"
    with moody_receiving() as receiver:
        first = life(data, receiver.port)
        wait_for(receiver, after)
        first.kill()
        first.communicate()
        second = life(data, receiver.port)
        output, _ = second.communicate()
        counts = Counter(re.findall(r"Question \d+\.", body)[0] for body in receiver.bodies())
    assert output == "done\n"
    assert len(counts) == 100
    assert counts.total() - 100 <= AT_A_TIME


def wait_for(receiver: MoodyReceiver, count: int) -> None:
    with receiver.arrived:
        receiver.arrived.wait_for(lambda: len(receiver.received) >= count)
