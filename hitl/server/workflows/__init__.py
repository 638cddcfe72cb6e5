"""Workflows: the one that is built in, trigger → human review → action call, under the names given at the start.

The composition root makes the service and its routes. `definitions` says what was given, `action` what the action node
sends.
"""

from __future__ import annotations

from hitl.server.workflows.definitions import Workflow, workflows_of
from hitl.server.workflows.routes import workflow_routes
from hitl.server.workflows.service import WorkflowService

__all__ = ["Workflow", "WorkflowService", "workflow_routes", "workflows_of"]
