"""`client.workflows`: signatures and docstrings; what the methods do is in `workflow_flows`.

AsyncWorkflows is written from this file by codegen/async_client.py (`make generate`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hitl._methods import POLL_INTERVAL, Seconds
from hitl._namespaces import workflow_flows as flows
from hitl._namespaces.namespace import Namespace
from hitl.models import Execution, WorkflowResult
from hitl.webhooks import CorrelationStore


class Workflows(Namespace):
    """Workflows that were designed on HITL.sh: starting one, and waiting for what becomes of it."""

    def trigger(
        self,
        workflow_id: str,
        payload: Mapping[str, Any],
        *,
        correlation: CorrelationStore | None = None,
        idempotency_key: str | None = None,
    ) -> Execution:
        """Start a workflow, and return the execution that has begun.

        Args:
            workflow_id: The id of an active workflow, such as "wf_abc123".
            payload: What its nodes read as `{{trigger.…}}`: a dict of anything with a JSON form.
            correlation: Expects the call of the workflow's action node: `MemoryCorrelations`, `SQLiteCorrelations` or
                a store of your own. The payload then gets `hitl.correlation`, an id that the action node must send
                back as `{{trigger.hitl.correlation}}` to an `ActionReceiver` with the same store.
            idempotency_key: See `create_review`. The correlation id follows from it, and from the API key.

        Raises:
            ConfigurationError: if the payload has a `hitl.correlation` of its own, or a `hitl` that is no dict.
            InvalidRequestError: if the workflow is a draft.
            NotFoundError: if no workflow has this id.
        """
        return self._run(flows.trigger(self._methods, "trigger", workflow_id, payload, correlation, idempotency_key))

    def trigger_webhook(
        self,
        webhook_id: str,
        payload: Mapping[str, Any],
        *,
        correlation: CorrelationStore | None = None,
        idempotency_key: str | None = None,
    ) -> Execution:
        """Do the same by the last part of a workflow's webhook address, `…/v1/workflows/webhook/{webhook_id}`."""
        return self._run(flows.trigger(self._methods, "webhook", webhook_id, payload, correlation, idempotency_key))

    def wait(
        self, execution: Execution, timeout: Seconds | None = None, *, poll_interval: Seconds = POLL_INTERVAL
    ) -> WorkflowResult:
        """Wait until the request of an execution has ended or its action node has called, and return how it ended.

        Where the server named a request, it is read before a call is believed, and the call has 3 seconds to follow its
        end. Otherwise the correlation id, which only the workflow knows, vouches for the call. All waits share what the
        rate limit leaves.

        Args:
            execution: What `trigger` returned; in another process, an `Execution` with the same `correlation` and
                `correlations`.
            timeout: Seconds or a timedelta; None to wait without end.
            poll_interval: Seconds between two looks into the store, and between the first two polls of the request.

        Raises:
            ConfigurationError: if there is neither a request nor a store that expects a call.
            RequestCancelledError: if its request was cancelled.
            WaitTimeoutError: if the timeout of the wait passed. Call again to wait on.
        """
        return self._run(flows.wait(self._methods, execution, timeout, poll_interval))
