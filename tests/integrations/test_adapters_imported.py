"""Adapters without their frameworks: importing one costs little, and using it says what to install."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import hitl.integrations

ADAPTERS = sorted(
    file.stem
    for file in Path(hitl.integrations.__file__).parent.glob("*.py")
    if file.stem not in ("__init__", "asks", "django", "flask", "starlette")
)
FRAMEWORKS = (
    "ag_ui agent_framework agents anyio claude_agent_sdk crewai dbos google httpx langchain langgraph mcp openai pydantic "
    "pydantic_ai temporalio"
)
LIST = f"""
import importlib, json, sys
importlib.import_module("hitl.integrations." + sys.argv[1])
print(json.dumps([name for name in {FRAMEWORKS!r}.split() if name in sys.modules]))
"""


@pytest.mark.parametrize("name", ADAPTERS)
def test_importing_an_adapter_imports_no_framework(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", LIST, name], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == []
