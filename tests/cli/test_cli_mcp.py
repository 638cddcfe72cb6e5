"""`hitl mcp` where its extra is not installed; tests/frameworks/test_mcp.py tries it with the real protocol."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from hitl.cli.commands import hitl


def test_without_its_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    ended = CliRunner(env={"HITL_API_KEY": "key", "HITL_BASE_URL": "http://127.0.0.1:9"}).invoke(hitl, ["mcp"])
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "install this package with its 'mcp' extra" in ended.stderr
