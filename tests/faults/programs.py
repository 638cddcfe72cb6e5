"""Programs of their own, for what would harm the process of the tests."""

from __future__ import annotations

import subprocess
import sys

from cases import KEY

from hitl.testing import HostileServer


def in_a_program(server: HostileServer, program: str, seconds: float = 60) -> str:
    """Run a program with `client` and `URL` in it, and return what it prints; it must end by itself, without a word."""
    beginning = (
        "import asyncio, os, random, signal, sys, threading, time\n"
        "from hitl import AsyncHITLClient, HITLClient\n"
        "from hitl.exceptions import HITLError\n"
        f"URL = {server.url!r}\nKEY = {KEY!r}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", beginning + program], capture_output=True, text=True, timeout=seconds, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()
