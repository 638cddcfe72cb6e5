"""The routes of the control application by which the command reaches `Operations`."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from hitl.server.operations.control import handler
from hitl.server.operations.service import Operations


def operator_routes(operations: Operations) -> list[Route]:
    """Return the routes."""

    def entries(body: dict[str, Any]) -> dict[str, Any]:
        found = operations.entries(int(body["after"]))
        return {"lines": [each.line for each in found], "last": found[-1].number if found else None}

    def resume(_body: dict[str, Any]) -> dict[str, Any]:
        return {"deliveries": operations.resume_deliveries()}

    return [
        Route("/audit", handler(entries), methods=["GET"]),
        Route("/deliveries/resume", handler(resume), methods=["POST"]),
    ]
