"""What the command on the server's machine does with notifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hitl.server.notifications.model import Channel, Rule
from hitl.server.notifications.service import Notifications
from hitl.server.people import People, Person

Handler: TypeAlias = Callable[[Callable[[dict[str, Any]], Any]], Any]
"""Makes an endpoint of a function of the body's and the path's fields, as `operations.handler` does."""


def notify_control_routes(notifications: Notifications, people: People, handler: Handler) -> list[Route]:
    """Return the routes of the control application."""
    channels, rules = notifications.channels, notifications.rules

    def shown(channel: Channel) -> dict[str, Any]:
        person = None if channel.person_id is None else people.get(channel.person_id).email
        names = ("id", "name", "hint", "state", "last_ok_at", "last_error", "created_at")
        return {"person": person, **{name: getattr(channel, name) for name in names}}

    def add_channel(sent: Mapping[str, Any]) -> dict[str, Any]:
        owner = sent.get("person")
        person_id = None if owner is None else notifications.person(owner, "person").id
        return shown(channels.add(sent["name"], sent["url"], person_id=person_id))

    def rule_shown(rule: Rule) -> dict[str, Any]:
        audience = rule.audience
        if audience.startswith("channel:"):
            audience = f"channel:{channels.named(audience.removeprefix('channel:')).name}"
        names = ("template_id", "priority", "after_seconds", "before_due_seconds", "every_seconds", "content")
        return {"id": rule.id, "kind": rule.kind, "audience": audience, **{name: getattr(rule, name) for name in names}}

    def set_hours(sent: Mapping[str, Any]) -> dict[str, Any]:
        return _hours(notifications.set_hours(sent["email"], sent.get("zone"), sent.get("quiet")))

    def send_invitation(sent: Mapping[str, Any]) -> dict[str, Any]:
        person = notifications.person(sent["email"])
        can_reach = notifications.can_reach(person.id)
        if can_reach:
            notifications.send_link("invite", person.email)
        return {"sent": can_reach}

    async def test(request: Request) -> Response:
        sent: dict[str, Any] = await request.json()
        outcome = await notifications.test(sent["channel"], sent.get("to"))
        return JSONResponse({"channel": sent["channel"], "result": outcome.result, "error": outcome.error})

    return [
        Route("/notify/channels", handler(lambda _: {"channels": [shown(each) for each in channels.all()]})),
        Route("/notify/channels", handler(add_channel), methods=["POST"]),
        Route(
            "/notify/channels/remove",
            handler(lambda sent: shown(notifications.remove_channel(sent["name"]))),
            methods=["POST"],
        ),
        Route("/notify/rules", handler(lambda _: {"rules": [rule_shown(each) for each in rules.all()]})),
        Route("/notify/rules", handler(lambda sent: rule_shown(notifications.add_rule(sent))), methods=["POST"]),
        Route("/notify/rules/remove", handler(lambda sent: rule_shown(rules.remove(sent["id"]))), methods=["POST"]),
        Route("/notify/hours", handler(set_hours), methods=["POST"]),
        Route("/notify/invitation", handler(send_invitation), methods=["POST"]),
        Route("/notify/test", test, methods=["POST"]),
    ]


def _hours(person: Person) -> dict[str, Any]:
    quiet = None if person.quiet_from is None else f"{person.quiet_from}-{person.quiet_to}"
    return {"email": person.email, "zone": person.time_zone, "quiet": quiet}
