"""Executions of workflows, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hitl.server.storage import Store


class ExecutionStore(Store):
    """The statements, over one database."""

    def add(
        self, execution_id: str, workflow_id: str, request_id: str, url: str | None, payload: Mapping[str, Any]
    ) -> None:
        """Store an execution that waits for a request."""
        self._database.execute(
            "INSERT INTO executions (id, workflow_id, request_id, url, payload) VALUES (?, ?, ?, ?, ?)",
            (execution_id, workflow_id, request_id, url, json.dumps(payload)),
        )

    def waiting_for(self, request_id: str) -> tuple[str, str, str | None, dict[str, Any]] | None:
        """Return id, workflow, address and payload of the execution that waits for a request."""
        sql = "SELECT id, workflow_id, url, payload FROM executions WHERE request_id = ?"
        row = self._database.row(sql, (request_id,))
        return None if row is None else (row[0], row[1], row[2], json.loads(row[3]))
