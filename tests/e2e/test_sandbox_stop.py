"""The end of `hitl sandbox`, whenever it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("last_words", [b"press Ctrl-C", b"Inbox  ", b"export HITL_API_KEY"])
def test_a_signal_right_after_its_first_words_ends_it_quietly(number: signal.Signals, last_words: bytes) -> None:
    command = [sys.executable, "-W", "error", "-m", "hitl.cli", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        read = b""
        while last_words not in read:
            more = os.read(process.stdout.fileno(), 1024)
            assert more, f"it ended after {read!r}"
            read += more
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")
