"""The adapters in their real frameworks, served over real sockets, with deliveries that the sandbox signs and retries."""

from __future__ import annotations

import importlib
import re
import socket
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import django.conf  # type: ignore[import-untyped]
import fastapi
import flask
import httpx
import pytest
import uvicorn
import werkzeug.serving
from django.core.handlers.asgi import ASGIHandler  # type: ignore[import-untyped]
from django.core.handlers.wsgi import WSGIHandler  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]
from hitl_api.api.webhooks import create_webhook, list_webhook_deliveries, replay_webhook_delivery
from hitl_api.models import SubscribableEventType, WebhookCreate
from starlette.applications import Starlette
from starlette.routing import Route

from hitl import HITLClient
from hitl.integrations.django import async_webhook_view, webhook_view
from hitl.integrations.flask import webhook_blueprint
from hitl.integrations.starlette import webhook_endpoint
from hitl.testing import Sandbox
from hitl.webhooks import (
    LARGEST_BODY,
    ActionReceiver,
    MemoryCorrelations,
    Router,
    WebhookEvent,
    signature_headers,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

if not django.conf.settings.configured:
    django.conf.settings.configure()


# --- the frameworks --------------------------------------------------------------------------------------------------


@contextmanager
def serve_wsgi(app: Any) -> Iterator[str]:
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serve_asgi(app: Any) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def in_flask(router: Router) -> AbstractContextManager[str]:
    app = flask.Flask("receiver")
    app.register_blueprint(webhook_blueprint(router, "/webhook"))
    return serve_wsgi(app)


def in_starlette(router: Router) -> AbstractContextManager[str]:
    return serve_asgi(Starlette(routes=[Route("/webhook", webhook_endpoint(router), methods=["POST"])]))


def in_fastapi(router: Router) -> AbstractContextManager[str]:
    app = fastapi.FastAPI()
    app.post("/webhook")(webhook_endpoint(router))
    return serve_asgi(app)


@contextmanager
def in_django(view: Any, handler: Callable[[], Any], serve: Callable[[Any], Any]) -> Iterator[str]:
    urls = types.ModuleType("urls")
    urls.urlpatterns = [path("webhook", view)]  # type: ignore[attr-defined]
    settings = {
        "ROOT_URLCONF": urls,
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "MIDDLEWARE": ["django.middleware.csrf.CsrfViewMiddleware"],  # which would refuse every webhook
    }
    with override_settings(**settings), serve(handler()) as url:
        yield url


FRAMEWORKS: dict[str, Callable[[Router], AbstractContextManager[str]]] = {
    "Flask": in_flask,
    "Starlette": in_starlette,
    "FastAPI": in_fastapi,
    "Django": lambda router: in_django(webhook_view(router), WSGIHandler, serve_wsgi),
    "Django, asynchronous": lambda router: in_django(async_webhook_view(router), ASGIHandler, serve_asgi),
}


@pytest.fixture(params=FRAMEWORKS.values(), ids=FRAMEWORKS)
def serving(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=["plain", "async"])
def on(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Register a plain function as it is, or as an asynchronous one."""

    def register(router: Router, event: str, handle: Callable[[WebhookEvent], None]) -> None:
        async def handle_async(event: WebhookEvent) -> None:
            handle(event)

        router.on(event)(handle if request.param == "plain" else handle_async)

    return register


# --- what the sandbox delivers ---------------------------------------------------------------------------------------


def subscribe(client: HITLClient, url: str) -> None:
    events = [SubscribableEventType.REVIEW_CREATED, SubscribableEventType.REVIEW_COMPLETED]
    client.call(create_webhook, body=WebhookCreate(url=f"{url}/webhook", events=events, secret=SECRET))


def answers_of(client: HITLClient) -> list[list[int | None]]:
    """Return the statuses of the attempts of each delivery, the oldest first."""
    deliveries = client.call(list_webhook_deliveries).data
    return [[attempt.status_code for attempt in delivery.attempts] for delivery in reversed(deliveries)]


def test_a_delivery_reaches_its_handler_once_also_when_it_is_sent_again(
    sandbox: Sandbox, serving: Any, on: Callable[..., None]
) -> None:
    router = Router(SECRET)
    seen: list[Any] = []
    on(router, "review.completed", lambda event: seen.append((event.review_id, event.result, event.reviewer)))
    client = sandbox.client()
    with serving(router) as url:
        subscribe(client, url)
        review = client.create_review("template_123", {"text": "A draft"})
        sandbox.reviewer.complete(review.id, {"approved": True}, reviewer="ann@example.com")
        sandbox.clock.advance(0)
        assert answers_of(client) == [[200], [200]]
        client.call(replay_webhook_delivery, client.call(list_webhook_deliveries).data[0].id)
        sandbox.clock.advance(0)
    assert answers_of(client) == [[200], [200, 200]]
    assert seen == [(review.id, {"approved": True}, "ann@example.com")]


def test_a_handler_that_fails_is_given_the_next_attempt(
    sandbox: Sandbox, serving: Any, on: Callable[..., None]
) -> None:
    router = Router([SECRET, "the next secret"])
    attempts: list[str] = []

    def handle(event: WebhookEvent) -> None:
        attempts.append(event.id)
        if len(attempts) == 1:
            raise RuntimeError("the database is down")

    on(router, "*", handle)
    client = sandbox.client()
    with serving(router) as url:
        subscribe(client, url)
        client.create_review("template_123", {"text": "A draft"})
        sandbox.clock.advance("1m")
    assert answers_of(client) == [[500, 200]]
    assert len(attempts) == 2
    assert len(set(attempts)) == 1


# --- what others send ------------------------------------------------------------------------------------------------

BODY = b'{"event": "review.completed", "review": {"id": "rev_1"}}'


def test_what_is_not_genuine_is_answered_401_and_told_nothing(serving: Any, on: Callable[..., None]) -> None:
    router = Router(SECRET)
    on(router, "*", lambda event: pytest.fail("it was believed"))
    with serving(router) as url, httpx.Client(base_url=url, trust_env=False) as sender:
        for headers in ({}, signature_headers(BODY, "another"), {"X-HITL-Signature": "é".encode()}):
            answer = sender.post("/webhook", content=BODY, headers=headers)
            assert (answer.status_code, answer.json()) == (401, {"status": "unauthorized"})


def test_only_a_post_is_taken_and_a_long_body_is_refused(serving: Any) -> None:
    router = Router(SECRET)
    body = BODY.ljust(LARGEST_BODY)
    with serving(router) as url, httpx.Client(base_url=url, trust_env=False) as sender:
        assert sender.get("/webhook").status_code == 405
        genuine = sender.post("/webhook", content=body, headers=signature_headers(body, SECRET))
        assert (genuine.status_code, genuine.json()) == (200, {"status": "ok"})
        body += b" "
        assert sender.post("/webhook", content=body, headers=signature_headers(body, SECRET)).status_code == 413


@pytest.mark.parametrize("framework", ["Flask", "Starlette"])
def test_a_body_in_chunks_is_taken_and_refused_when_it_is_too_long(framework: str) -> None:
    router = Router(SECRET)
    chunks = [BODY[:10], BODY[10:]]
    with FRAMEWORKS[framework](router) as url, httpx.Client(base_url=url, trust_env=False) as sender:
        genuine = sender.post("/webhook", content=iter(chunks), headers=signature_headers(BODY, SECRET))
        assert genuine.status_code == 200
        endless = sender.post("/webhook", content=iter([b" " * LARGEST_BODY, b" "]), headers={})
        assert endless.status_code == 413


@pytest.mark.parametrize("module", ["django", "flask", "starlette"])
def test_an_adapter_is_twenty_lines_at_most(module: str) -> None:
    code = Path(importlib.import_module(f"hitl.integrations.{module}").__file__ or "").read_text()
    without_texts = re.sub(r'""".*?"""|^#.*?$', "", code, flags=re.S | re.M)
    body = without_texts[without_texts.index("\ndef ") :]
    assert len([line for line in body.splitlines() if line.strip()]) <= 20


# --- the calls of action nodes ---------------------------------------------------------------------------------------


def test_a_receiver_is_mounted_as_a_router_is(serving: Any) -> None:
    correlations = MemoryCorrelations()
    with serving(ActionReceiver(correlations)) as url:
        address = f"{url}/webhook"
        assert httpx.post(address, json={"hitl": {"correlation": "forged"}}).status_code == 401
        assert httpx.post(address, content=b"{").status_code == 400
        assert httpx.get(address).status_code == 405
        with Sandbox(workflows={"refund": address}) as sandbox, sandbox.client() as client:
            run = client.workflows.trigger("refund", {"amount": 129}, correlation=correlations)
            assert run.request_id is not None
            sandbox.reviewer.respond(run.request_id, True)
            output = client.workflows.wait(run, timeout=60).output
        assert output is not None
        assert output["trigger"] == {"amount": 129}
        assert httpx.post(address, json={**output, "status": "other"}).status_code == 409
