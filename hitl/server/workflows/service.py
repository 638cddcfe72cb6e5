"""The rules of workflows: what a trigger starts, and what follows when its request ends."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from hitl.server.loops import LoopService
from hitl.server.loops.accounts import Account
from hitl.server.loops.envelope import LoopApiError
from hitl.server.primitives import Document, from_wire
from hitl.server.storage import Created, Database, Outbox, Work, fingerprint_of
from hitl.server.workflows.action import action_body, question
from hitl.server.workflows.definitions import Workflow
from hitl.server.workflows.store import ExecutionStore


class WorkflowService:
    """The workflows of one sandbox, each `{trigger → human review → action call}`."""

    def __init__(
        self, database: Database, loops: LoopService, outbox: Outbox, workflows: Mapping[str, Workflow]
    ) -> None:
        self._database = database
        self._loops = loops
        self._outbox = outbox
        self._workflows = workflows
        self._store = ExecutionStore(database)
        loops.watch_requests(self)

    def trigger(
        self, account: Account, workflow_id: str, payload: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Created:
        """Start an execution, which waits for a person; the document is `{execution_id, request_id}`."""
        workflow = self._workflows.get(workflow_id)
        if workflow is None:
            raise LoopApiError(404, "Workflow not found", "the sandbox knows those that it was started with")
        if workflow.is_draft:
            raise LoopApiError(400, "Workflow is not active", "it is a draft, which ignores triggers")
        with self._database.lock:  # two first triggers must not make two loops
            loop_id = self._loop_of(account, workflow_id)
        return self._loops.create_request(
            account,
            loop_id,
            question(workflow_id, payload),
            idempotency_key=idempotency_key,
            fingerprint=fingerprint_of(f"execution of {workflow_id}", payload),
            then=lambda request: self._begin(workflow, payload, request),
        )

    def owns_request(self, request_id: str) -> bool:  # noqa: ARG002 - it has the shape of every watcher
        """Return False: whoever triggered a workflow may change what it asks."""
        return False

    def request_ended(self, work: Work, request: Document) -> None:  # noqa: ARG002 - as above
        """Let the action node make its call; a cancelled request ends the execution without one."""
        at = from_wire(request["updated_at"])
        execution = self._store.waiting_for(request["id"])
        if execution is None or request["status"] == "cancelled":
            return
        execution_id, workflow_id, url, payload = execution
        if url is not None:
            body = action_body(execution_id, workflow_id, payload, request, at)
            self._outbox.call_back(url, "workflow.action", execution_id, body, at=at)

    def _loop_of(self, account: Account, workflow_id: str) -> str:
        """Return the loop whose requests are those of a workflow; its first trigger makes it."""
        name = f"Workflow {workflow_id}"[:100]
        loops = self._loops.list_loops(account)
        found = next((loop["id"] for loop in loops if loop["name"] == name), None)
        made = {"name": name, "icon": "git-branch"}
        return str(found or self._loops.create_loop(account, made).document["loop"]["id"])

    def _begin(self, workflow: Workflow, payload: Mapping[str, Any], request: Document) -> Document:
        execution_id = f"exec_{secrets.token_hex(12)}"
        self._store.add(execution_id, workflow.id, request["id"], workflow.url, payload)
        return {"execution_id": execution_id, "request_id": request["id"]}
