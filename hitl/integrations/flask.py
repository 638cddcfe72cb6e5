"""Receive webhooks in Flask.

app.register_blueprint(webhook_blueprint(router, "/webhook"))
"""

from __future__ import annotations

from hitl.integrations import needs
from hitl.webhooks import LARGEST_BODY, ActionReceiver, Router

with needs("Flask", "flask"):
    from flask import Blueprint, Response, jsonify, request

__all__ = ["webhook_blueprint"]


def webhook_blueprint(
    router: Router | ActionReceiver, path: str = "/webhook", *, name: str = "hitl_webhooks"
) -> Blueprint:
    """Return a blueprint that passes each POST to `path` to the router; a second one needs another `name`."""
    blueprint = Blueprint(name, __name__)

    @blueprint.post(path)
    def receive() -> tuple[Response, int]:  # pyright: ignore[reportUnusedFunction]
        # No more is read. Flask responds with 413 if the length was announced; otherwise the router does.
        request.max_content_length = LARGEST_BODY + 1
        status = router.dispatch(request.headers, request.get_data(cache=False))
        return jsonify(status=status.phrase.lower()), status

    return blueprint
