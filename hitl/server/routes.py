"""All routes of a server, and what a request to the API passes on its way to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route

from hitl.server.access import ProxyLogin, guarded_pages, reviewer_control_routes
from hitl.server.agent_sessions import session_routes
from hitl.server.app import error_response
from hitl.server.http.api_guard import ApiGuardMiddleware, ApiKeys
from hitl.server.http.faults import Faults, FaultyApi
from hitl.server.http.long_poll import LongPollSlots
from hitl.server.http.monthly_quota import MonthlyQuotaMiddleware
from hitl.server.http.public_url import PublicUrl
from hitl.server.http.rate_limit import RateLimit, RateLimiter
from hitl.server.inbox import InboxSessionMiddleware, SafeHeaders, inbox_routes, invitation, join_routes
from hitl.server.keys import Scopes, key_control_routes
from hitl.server.loops import KeyEvents, loop_routes
from hitl.server.notifications import notify_control_routes
from hitl.server.operations import Operations, handler, operator_routes
from hitl.server.primitives import about
from hitl.server.reviews.routes import review_routes
from hitl.server.sealing import rekey
from hitl.server.services import Services
from hitl.server.team_settings import TeamSettings
from hitl.server.teams import team_routes
from hitl.server.uploads import upload_pages, upload_routes
from hitl.server.webhooks.routes import webhook_routes
from hitl.server.workflows import workflow_routes


def api_middleware_stack(
    services: Services,
    api_keys: Sequence[str],
    rate_limit: RateLimit,
    faults: Faults,
    further: Sequence[Middleware],
) -> list[Middleware]:
    """Return what checks a request to the API; a team's own keys are accepted instead of `api_keys`."""
    is_team = services.team is not None
    with about("api_keys"):
        keys = services.keys if is_team else ApiKeys(api_keys)
    guard = Middleware(
        ApiGuardMiddleware,
        keys=keys,
        scoped=Scopes(services.reviews.asker_of) if is_team else None,
        exchanges=services.exchanges,
        rate_limiter=RateLimiter(rate_limit, KeyEvents(services.database, services.outbox, services.clock).record),
        clock=services.clock,
        error_response=error_response,
    )
    # Faults happen behind the guard, which puts them into the envelope.
    middleware = [guard, Middleware(FaultyApi, faults=faults), *further]
    if services.quota is not None:
        middleware.append(Middleware(MonthlyQuotaMiddleware, quota=services.quota))
    return middleware


def api_routes(services: Services, slots: LongPollSlots) -> list[BaseRoute]:
    """Return the routes of `openapi.yaml`."""
    return [
        *review_routes(services.reviews, services.outbox, slots, services.commits, services.asker_of),
        *loop_routes(services.loops, services.targets, invitation, services.quota),
        *session_routes(services.agent_sessions, slots),
        *webhook_routes(services.subscriptions, services.deliveries),
        *team_routes(services.teams),
        *upload_routes(services.uploads),
        *workflow_routes(services.workflows),
    ]


def page_routes(services: Services, undo_seconds: float) -> list[BaseRoute]:
    """Return the pages for people, behind the check of who may open them."""
    team = services.team
    inbox = inbox_routes(
        services.reviews,
        services.loops,
        services.deliveries,
        services.uploads,
        services.agent_sessions,
        services.saved_views,
        undo_seconds,
        None if team is None else services.admission,
        None if team is None else services.keys,
        None if services.notifications is None else services.notifications.channels,
    )
    before = [*join_routes(services.loops), *upload_pages(services.uploads)]
    if team is None:
        middleware = [Middleware(SafeHeaders), Middleware(InboxSessionMiddleware, sessions=services.sessions)]
        return [*before, Mount("/inbox", routes=inbox, middleware=middleware)]
    guarded = guarded_pages(
        services.admission,
        services.reviews,
        services.exchanges,
        [Mount("/inbox", routes=inbox)],
        public_url=None if team.public_url is None else PublicUrl.parse(team.public_url),
        header_login=_header_login(services, team),
    )
    return [*before, guarded]


def _header_login(services: Services, team: TeamSettings) -> ProxyLogin | None:
    if team.auth_header is None:
        return None
    return ProxyLogin(services.people, header=team.auth_header, secret=team.proxy_secret, allow=team.auth_header_allow)


def control_routes(services: Services, address: Callable[[], str | None]) -> list[Route]:
    """Return what the command on this machine can do; `address` is where browsers reach the pages, if they do."""

    def open_reviews(email: str) -> int:
        return services.reviews.to_answer([email])[email][1]

    def email_of(person_id: str) -> str:
        return services.people.get(person_id).email

    notifications = services.notifications
    return [
        *operator_routes(Operations(services.database, services.audit, services.deliveries, services.clock)),
        *reviewer_control_routes(services.admission, address, open_reviews, handler),
        *key_control_routes(services.keys, services.clock, email_of, handler),
        *([] if notifications is None else notify_control_routes(notifications, services.people, handler)),
        Route("/rekey", handler(lambda _: rekey(services.sealed)), methods=["POST"]),
    ]
