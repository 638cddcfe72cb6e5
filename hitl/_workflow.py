"""What `client.workflows` returns; users import it from `hitl.models`."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from hitl._request import Request
from hitl.webhooks._correlations import CorrelationStore


@frozen
class Execution:
    """One execution of a workflow, as its start reported it.

    Attributes:
        id: The server's name for it.
        request_id: The request to a loop that it waits for; None if the server did not name one.
        correlation: The id that comes back with the call of its action node, a secret; None without a store.
        correlations: The store that expects the call.
        extra: What else the server said, unchanged.
    """

    __module__ = "hitl.models"

    id: str
    request_id: str | None = None
    correlation: str | None = field(default=None, repr=False)
    correlations: CorrelationStore | None = field(default=None, repr=False, eq=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class WorkflowResult:
    """How an execution of a workflow ended, by what came first: its request, or the call of its action node.

    Attributes:
        request: The request that it waited for, as read from the server; None if the server did not name one.
        output: The body of the action node's call; None if it has not come, or none was expected.
    """

    __module__ = "hitl.models"

    request: Request | None = None
    output: dict[str, Any] | None = field(default=None, hash=False)
