"""Receive webhooks in Django.

    urlpatterns = [path("webhook", webhook_view(router))]

Django's protection against forged forms would refuse every webhook; the signature takes its place.
"""

# Django has no types of its own, and the types of its decorators depend on the type checker.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from hitl.integrations import needs
from hitl.webhooks import ActionReceiver, Router

with needs("Django", "django"):
    from django.http import HttpRequest, HttpResponse, JsonResponse
    from django.views.decorators.csrf import csrf_exempt
    from django.views.decorators.http import require_POST

__all__ = ["async_webhook_view", "webhook_view"]


def webhook_view(router: Router | ActionReceiver) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view that passes each POST to the router."""

    def receive(request: HttpRequest) -> HttpResponse:
        status = router.dispatch(request.META, request.body)
        return JsonResponse({"status": status.phrase.lower()}, status=status)

    return cast("Any", csrf_exempt(require_POST(receive)))  # type: ignore[no-any-return]


def async_webhook_view(router: Router | ActionReceiver) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """Return the asynchronous view, for Django under ASGI; handlers that are not asynchronous run in a thread."""

    async def receive(request: HttpRequest) -> HttpResponse:
        status = await router.dispatch_async(request.META, request.body)
        return JsonResponse({"status": status.phrase.lower()}, status=status)

    return cast("Any", csrf_exempt(require_POST(receive)))  # type: ignore[no-any-return]
