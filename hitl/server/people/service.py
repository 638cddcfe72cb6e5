"""The rules about people: who is added, and what may become of them."""

from __future__ import annotations

import secrets

from hitl.server.people.store import Person, PersonStore
from hitl.server.primitives import MACHINE, Actor, Clock, Role, conflict, name_key, not_found, to_wire
from hitl.server.storage import Audit, Database


class People:
    """The people of one database; any thread may call any method."""

    def __init__(self, database: Database, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._store = PersonStore(database)

    def add(self, email: str, *, name: str = "", role: Role = "reviewer", by: Actor = MACHINE) -> Person:
        """Add somebody who is invited; 409 if the address is somebody's already."""
        now = to_wire(self._clock())
        person = Person(
            *(f"usr_{secrets.token_hex(12)}", email, name or email, role, "invited"), None, None, None, now, now
        )
        with self._database.transaction():
            if self._store.by_email(name_key(email)) is not None:
                raise conflict(f"{email} belongs to the team already; list the reviewers to see everybody")
            self._store.add(person, name_key(email), by.id)
            self._audit.record("person.invited", person.id, at=now, actor=by, detail={"role": role})
        return person

    def get(self, person_id: str) -> Person:
        """Return a person; 404 for an unknown id."""
        with self._database.lock:
            person = self._store.get(person_id)
        if person is None:
            raise not_found("reviewer", person_id)
        return person

    def by_email(self, email: str) -> Person | None:
        """Return the person of an address, in any spelling."""
        with self._database.lock:
            return self._store.by_email(name_key(email))

    def all(self) -> list[Person]:
        """Return everybody, the former ones, too."""
        with self._database.lock:
            return self._store.all()
