"""The command in this process, before a live sandbox."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hitl.cli.commands import hitl
from hitl.testing import Sandbox


@pytest.fixture
def environment(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    return {
        "HITL_BASE_URL": sandbox.base_url,
        "HITL_API_KEY": sandbox.api_key,
        "XDG_CONFIG_HOME": str(tmp_path),
        "HOME": str(tmp_path),
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., Result]:
    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner(env=environment).invoke(hitl, arguments, input=stdin)

    return run
