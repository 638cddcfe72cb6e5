"""A team's server without HTTP: its services, its notifications, and the worker in an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from hitl.server.inbox import title, visible
from hitl.server.migrations import MIGRATIONS
from hitl.server.notifications import Channels, Limits, Links, Notifications, Renderer, Sender, Tickets
from hitl.server.people import People, Person
from hitl.server.primitives import MACHINE, Clock, Document
from hitl.server.primitives.clock import Now
from hitl.server.reviews import ReviewService
from hitl.server.sealing import Sealer
from hitl.server.storage import Audit, ChangeNotifier, Database, Outbox, UnitOfWork

URL = "https://reviews.example.com"


class Team:
    """The services over one data file; `run` lets the worker work until the block ends."""

    def __init__(
        self,
        now: Now,
        sender: Callable[[str], Sender],
        *,
        data: str = ":memory:",
        tickets: Tickets | None = None,
        limits: Limits | None = None,
        links: str = "code",
        url: str = URL,
    ) -> None:
        self.database = Database(data, MIGRATIONS)
        self.clock = Clock.over(now)
        unit_of_work = UnitOfWork(self.database, self.clock, ChangeNotifier())
        self.reviews = ReviewService(self.database, unit_of_work, Outbox(self.database))
        self.reviews.install_templates([])
        self.audit = Audit(self.database)
        self.people = People(self.database, self.audit, self.clock)
        self.channels = Channels(self.database, self.audit, self.clock, Sealer())
        self.notifications = Notifications(
            self.database,
            self.audit,
            self.clock,
            self.people,
            self.reviews,
            self.channels,
            Links(lambda: url, tickets, links == "code"),
            Renderer(title, visible),
            limits=limits,
            children=sender,
        )

    def person(self, email: str, role: str = "reviewer") -> Person:
        """Add somebody who has joined."""
        person = self.people.add(email, role=role)  # type: ignore[arg-type]
        return self.people.activate(person.id, by=MACHINE)

    def channel(self, person: Person | None = None, name: str = "") -> str:
        """Add a channel to a person, or a shared one, and return its id."""
        name = name or (person.email if person else "shared")
        added = self.channels.add(name, f"json://127.0.0.1:9/{name}", person_id=person.id if person else None)
        return added.id

    def only_rules(self, *given: Mapping[str, Any]) -> None:
        """Let these be all the rules."""
        for rule in self.notifications.rules.all():
            self.notifications.rules.remove(rule.id)
        for each in given:
            self.notifications.add_rule(each)

    def ask(self, text: str = "Refund order 1042?", **fields: Any) -> Document:
        """Create a review."""
        body = {"template_id": "template_123", "content": {"text": text}, **fields}
        return self.reviews.create_review(body).document

    def states(self) -> list[tuple[str, str]]:
        """Return the kinds and states of all messages, in their order, without the times of rules."""
        rows = self.database.rows("SELECT kind, state FROM messages WHERE lane != '' ORDER BY number")
        return [(kind, state) for kind, state in rows]

    @contextmanager
    def run(self) -> Iterator[BlockingPortal]:
        """Let the worker work."""
        worker = self.notifications.worker

        async def start() -> asyncio.Task[None]:
            task = asyncio.create_task(worker.run())
            await asyncio.sleep(0)  # it has begun
            return task

        async def stop(task: asyncio.Task[None]) -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        with start_blocking_portal() as portal:
            self.task = task = portal.call(start)
            try:
                worker.settle()
                yield portal
            finally:
                portal.call(stop, task)

    def finish(self) -> None:
        """Return when everything due has been attempted; each attempt has an end."""
        self.notifications.worker.settle(120)
        assert not self.task.done(), self.task

    def close(self) -> None:
        self.database.close()
