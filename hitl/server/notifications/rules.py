"""The rules: who hears of what, and when. Their list is short and read at every step of a review, so it is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from hitl.server.notifications.channel_store import RuleStore
from hitl.server.notifications.message_store import MessageStore
from hitl.server.notifications.model import CONTENTS, PRIORITIES, RULE_KINDS, Rule
from hitl.server.primitives import MACHINE, Actor, Clock, conflict, duration, invalid, not_found, to_wire
from hitl.server.storage import Audit, Database

_AUDIENCES: Final = ("assignees", "leads")
_TIMES: Final = {
    "reminder": ("before_due", "before_due_seconds"),
    "escalation": ("after", "after_seconds"),
    "digest": ("every", "every_seconds"),
}
_SHORTEST: Final = {"reminder": 60, "escalation": 60, "digest": 300}  # seconds
_KNOWN: Final = frozenset(
    {"kind", "audience", "template", "priority", "content", *(name for name, _ in _TIMES.values())}
)


def rule_of(
    given: Mapping[str, Any] | str,
    *,
    channel_id: Callable[[str], str] = str,
    has_template: Callable[[str], bool] | None = None,
) -> Rule:
    """Return a rule from its fields, or from its kind alone; 400 for one that cannot be.

    Args:
        given: `kind`; `audience`, "assignees", "leads" or "channel:NAME"; `template`, an id; `priority`; `content`,
            "none", "title" or "shown"; and a length of time: `before_due` of a reminder, `after` of an escalation,
            `every` of a digest.
        channel_id: Returns the id of a channel by its name.
        has_template: Whether there is a template with an id; None if any will do.
    """
    fields: Mapping[str, Any] = {"kind": given} if isinstance(given, str) else given
    if unknown := {name for name, value in fields.items() if value is not None} - _KNOWN:
        raise invalid(f"is unknown here; known are {', '.join(sorted(_KNOWN))}", min(unknown)[:64])
    kind = fields.get("kind")
    if kind not in RULE_KINDS:
        raise invalid(f"must be one of {', '.join(RULE_KINDS)}", "kind")
    template = fields.get("template")
    if template is not None and has_template is not None and not has_template(template):
        raise not_found("template", str(template), "template")
    return Rule(
        id=f"rul_{secrets.token_hex(12)}",
        kind=kind,
        audience=_audience(fields.get("audience") or ("leads" if kind == "escalation" else "assignees"), channel_id),
        template_id=template,
        priority=_one_of("priority", fields.get("priority"), PRIORITIES),
        content=_one_of("content", fields.get("content") or "title", CONTENTS),
        **_time(kind, fields),
    )


class Rules:
    """The rules of one database."""

    def __init__(self, database: Database, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._store = RuleStore(database)
        self._messages = MessageStore(database)
        self._kept: Sequence[Rule] | None = None

    def all(self) -> Sequence[Rule]:
        """Return the rules in their order."""
        with self._database.lock:
            if self._kept is None:
                self._kept = self._store.all()
            return self._kept

    def add(self, rule: Rule, *, by: Actor = MACHINE) -> Rule:
        """Add a rule after the others; reviews that were asked before keep what is planned for them."""
        now = to_wire(self._clock())
        with self._changing():
            self._store.add(rule)
            detail = {"kind": rule.kind, "audience": rule.audience}
            self._audit.record("notification_rule.added", rule.id, at=now, actor=by, detail=detail)
        return rule

    def remove(self, rule_id: str, *, by: Actor = MACHINE) -> Rule:
        """Remove a rule, and the times that it had planned; 404 for an unknown one."""
        now = to_wire(self._clock())
        with self._changing():
            rule = next((each for each in self.all() if each.id == rule_id), None)
            if rule is None:
                raise not_found("rule", rule_id)
            self._store.delete(rule_id)
            self._messages.drop_rule(rule_id, now)
            self._audit.record("notification_rule.removed", rule_id, at=now, actor=by)
        return rule

    def require_unused(self, channel_id: str) -> None:
        """Refuse with 409 to remove a channel that a rule names."""
        for rule in self.all():
            if rule.audience == f"channel:{channel_id}":
                raise conflict(f"the rule {rule.id} names this channel; remove that first")

    @contextmanager
    def _changing(self) -> Generator[None, None, None]:
        with self._database.transaction():
            try:
                yield
            finally:
                self._kept = None


def _audience(given: Any, channel_id: Callable[[str], str]) -> str:
    name = str(given)
    if name.startswith("channel:"):
        return f"channel:{channel_id(name.removeprefix('channel:'))}"
    if name not in _AUDIENCES:
        raise invalid(f"must be {', '.join(_AUDIENCES)} or channel:NAME", "audience")
    return name


def _one_of(name: str, value: Any, words: Sequence[str]) -> Any:
    if value is not None and value not in words:
        raise invalid(f"must be one of {', '.join(words)}", name)
    return value


def _time(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    for other, (name, _) in _TIMES.items():
        if other != kind and fields.get(name) is not None:
            raise invalid(f"belongs to a rule of the kind {other}", name)
    if kind not in _TIMES:
        return {}
    name, column = _TIMES[kind]
    if fields.get(name) is None:
        raise invalid(f'is required for a rule of the kind {kind}, such as "1h"', name)
    try:
        seconds = duration(fields[name]).total_seconds()
    except ValueError as error:
        raise invalid(str(error), name) from error
    if seconds < _SHORTEST[kind]:
        raise invalid(f"must be at least {_SHORTEST[kind]} seconds", name)
    return {column: int(seconds)}
