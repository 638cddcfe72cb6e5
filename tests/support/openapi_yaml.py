"""What `openapi.yaml` says, read once for all tests: the reader takes a second for it. Tests do not change it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

SPEC: dict[str, Any] = YAML(typ="safe").load(Path(__file__).parents[2] / "openapi.yaml")
