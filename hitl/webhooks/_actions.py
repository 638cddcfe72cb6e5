"""Receives the calls that the action nodes of workflows make."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final

from hitl import _json
from hitl._interrupts import reraise_interrupt
from hitl.exceptions import SignatureError
from hitl.webhooks._correlations import CorrelationStore, Receipt, correlation_name
from hitl.webhooks._events import LARGEST_BODY
from hitl.webhooks._headers import Headers
from hitl.webhooks._signatures import Body, raw_body

_LONGEST_ID: Final = 512  # characters, far beyond those of ours

_STATUSES: Final[dict[Receipt, HTTPStatus]] = {
    "new": HTTPStatus.OK,
    "repeated": HTTPStatus.OK,
    "different": HTTPStatus.CONFLICT,
    "late": HTTPStatus.GONE,
    "unknown": HTTPStatus.UNAUTHORIZED,
}
_log = logging.getLogger("hitl.webhooks")


class ActionReceiver:
    """Receives the calls of action nodes, which nobody signs: each needs the correlation id of a workflow's start.

    `client.workflows.wait` ends when the call has come, in this process or another one that shares the store. Threads
    and event loops may share a receiver; `hitl.integrations` mounts it as it does a `Router`.

    Example:
        >>> from hitl.webhooks import ActionReceiver, MemoryCorrelations
        >>> receiver = ActionReceiver(MemoryCorrelations())
        >>> int(receiver.dispatch({}, b'{"hitl": {"correlation": "forged"}, "decision": "approved"}'))
        401
    """

    def __init__(self, correlations: CorrelationStore) -> None:
        """Receive what is expected by a store, the one that `client.workflows.trigger` is given."""
        self._correlations = correlations

    def dispatch(self, headers: Headers, body: Body) -> HTTPStatus:  # noqa: ARG002 - as of a Router
        """Keep what a call brings, and return the status to respond with.

        | status | when |
        |---|---|
        | 200 | it was expected, or is the one that came before, once more |
        | 400 | its body is not a JSON object with a correlation id, as `hitl.correlation` or `correlation` |
        | 401 | nobody expects this correlation id |
        | 409 | another call came with it before |
        | 410 | it comes too late |
        | 413 | its body is larger than 1 MiB |
        | 503 | the store failed: the server is to try again |

        Args:
            headers: The request's headers, which are not used.
            body: The raw body.

        Raises:
            TypeError: `body` is a parsed body.
        """
        status = self._receive(body)
        if status is not HTTPStatus.OK:
            _log.warning("call of an action node refused: %d %s", status, status.phrase)
        return status

    async def dispatch_async(self, headers: Headers, body: Body) -> HTTPStatus:
        """Do what `dispatch` does without blocking the event loop: in a thread."""
        from anyio.to_thread import run_sync

        return await run_sync(self.dispatch, headers, body)

    def _receive(self, body: Body) -> HTTPStatus:
        try:
            text = raw_body(body)
            if len(text) > LARGEST_BODY:
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            correlation = _correlation_in(_json.decode(text))
        except (ValueError, RecursionError, SignatureError) as error:
            reraise_interrupt(error)
            return HTTPStatus.BAD_REQUEST
        if correlation is None:
            return HTTPStatus.BAD_REQUEST
        try:
            return _STATUSES[self._correlations.receive(correlation_name(correlation), text.decode())]
        except Exception as error:
            reraise_interrupt(error)
            _log.exception("the store of correlations failed, so the server is asked to try again")
            return HTTPStatus.SERVICE_UNAVAILABLE


def _correlation_in(document: Any) -> str | None:
    """Return the correlation id of a body: that of its object `hitl`, or its own."""
    if not _json.is_object(document):
        return None
    found = _json.as_object(document.get("hitl")).get("correlation", document.get("correlation"))
    return found if isinstance(found, str) and 0 < len(found) <= _LONGEST_ID else None
