"""People, in SQL; callers open the transactions."""

from __future__ import annotations

from dataclasses import dataclass

from hitl.server.primitives import Actor, Role
from hitl.server.storage import Store

_COLUMNS = "id, email, name, role, state, time_zone, quiet_from, quiet_to, created_at, changed_at"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the team; `email` is also the name that stands on his answers, and in lists of assignees."""

    id: str  # usr_ and 24 hexadecimal digits, never reused
    email: str
    name: str
    role: Role
    state: str  # invited, active, disabled or erased
    time_zone: str | None  # an IANA name
    quiet_from: str | None  # HH:MM in the time zone
    quiet_to: str | None
    created_at: str
    changed_at: str

    def actor(self, via: str = "", review_id: str | None = None) -> Actor:
        """Return who makes a request of this person's; `via` and `review_id` as in `Actor`."""
        return Actor("person", self.id, self.email, self.id, self.role, review_id, via)


class PersonStore(Store):
    """The statements, over one database."""

    def add(self, person: Person, email_key: str, created_by: str) -> None:
        """Store a new person."""
        self._database.execute(
            f"INSERT INTO people ({_COLUMNS}, email_key, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                *(person.id, person.email, person.name, person.role, person.state, person.time_zone),
                *(person.quiet_from, person.quiet_to, person.created_at, person.changed_at, email_key, created_by),
            ),
        )

    def put(self, person: Person, email_key: str) -> None:
        """Store what became of a person."""
        self._database.execute(
            "UPDATE people SET email = ?, email_key = ?, name = ?, role = ?, state = ?, time_zone = ?, quiet_from = ?, "
            "quiet_to = ?, changed_at = ? WHERE id = ?",
            (
                *(person.email, email_key, person.name, person.role, person.state, person.time_zone),
                *(person.quiet_from, person.quiet_to, person.changed_at, person.id),
            ),
        )

    def other_admins(self, person_id: str) -> int:
        """Return how many admins there are beside a person; those who were invited only do not count."""
        count: int = self._database.value(
            "SELECT count(*) FROM people WHERE role = 'admin' AND state = 'active' AND id != ?", (person_id,)
        )
        return count

    def get(self, person_id: str) -> Person | None:
        """Return a person by the id."""
        return self._one("id = ?", person_id)

    def by_email(self, email_key: str) -> Person | None:
        """Return a person by the `name_key` of the address."""
        return self._one("email_key = ?", email_key)

    def all(self) -> list[Person]:
        """Return everybody, in the order of their invitations."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM people ORDER BY created_at, id")  # noqa: S608
        return [Person(*row) for row in rows]

    def _one(self, condition: str, value: str) -> Person | None:
        row = self._database.row(f"SELECT {_COLUMNS} FROM people WHERE {condition}", (value,))  # noqa: S608
        return None if row is None else Person(*row)
