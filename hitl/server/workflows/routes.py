"""The addresses that start workflows, in generation B's envelope."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hitl.server.http import ApiEndpoint, context_of, creation_headers, in_worker_if_large, resource
from hitl.server.http.requests import body_of, body_size, idempotency_key
from hitl.server.loops.accounts import account_of
from hitl.server.loops.envelope import success
from hitl.server.primitives import actor_of
from hitl.server.workflows.service import WorkflowService


def workflow_routes(service: WorkflowService) -> list[Route]:
    """Return the routes; here a workflow's webhook has the name of the workflow."""
    return [
        resource("/v1/workflows/{name}/trigger", POST=_triggering(service)),
        resource("/v1/workflows/webhook/{name}", POST=_triggering(service)),
    ]


def _triggering(service: WorkflowService) -> ApiEndpoint:
    async def endpoint(request: Request) -> Response:
        account, name = account_of(context_of(request).owner, actor_of(request.scope)), request.path_params["name"]
        key, payload = idempotency_key(request), await body_of(request)
        size, trigger = body_size(request), service.trigger
        started = await in_worker_if_large(size, trigger, account, name, payload, idempotency_key=key)
        return success("Workflow triggered", started.document, 201, creation_headers(request, started))

    return endpoint
