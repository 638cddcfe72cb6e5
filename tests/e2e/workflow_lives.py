"""The programs of `test_workflow_kill.py`: `python workflow_lives.py ROLE FOLDER …`.

`receiver FOLDER FRAMEWORK` receives the calls of action nodes on a port that it prints; `refund FOLDER URL KEY` starts
the workflow for an order, waits for its end, and prints what was decided.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from wsgiref.simple_server import make_server

from hitl import HITLClient
from hitl.webhooks import ActionReceiver, SQLiteCorrelations


def receive(folder: str, framework: str) -> None:
    """Serve until this process is killed."""
    receiver = ActionReceiver(SQLiteCorrelations(Path(folder) / "correlations.db"))
    if framework == "starlette":
        import uvicorn
        from starlette.applications import Starlette
        from starlette.routing import Route

        from hitl.integrations.starlette import webhook_endpoint

        app = Starlette(routes=[Route("/action", webhook_endpoint(receiver), methods=["POST"])])
        with socket.create_server(("127.0.0.1", 0)) as listener:
            print(listener.getsockname()[1], flush=True)
            uvicorn.Server(uvicorn.Config(app, log_config=None)).run([listener])
    import flask

    from hitl.integrations.flask import webhook_blueprint

    site = flask.Flask("receiver")
    site.register_blueprint(webhook_blueprint(receiver, "/action"))
    with make_server("127.0.0.1", 0, site) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


def refund(folder: str, url: str, key: str) -> None:
    """Refund an order if a person agrees; run again after a crash, this goes on where it was."""
    correlations = SQLiteCorrelations(Path(folder) / "correlations.db")
    with HITLClient(key, base_url=url) as client:
        with client.idempotency_scope("order-7"):
            execution = client.workflows.trigger("refund", {"amount": 129}, correlation=correlations)
        print(execution.request_id, flush=True)
        result = client.workflows.wait(execution, timeout=60)
        assert result.request is not None
        assert result.output is not None
        assert result.output["execution_id"] == execution.id
        print(result.request.verdict, result.output["trigger"]["amount"], flush=True)


if __name__ == "__main__":
    {"receiver": receive, "refund": refund}[sys.argv[1]](*sys.argv[2:])
