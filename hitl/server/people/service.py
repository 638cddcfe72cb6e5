"""The rules about people: who is invited, in which role, and what may become of them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeAlias, get_args

from hitl.server.people.store import Person, PersonStore
from hitl.server.primitives import (
    MACHINE,
    Actor,
    ApiError,
    Clock,
    Role,
    clean_name,
    conflict,
    invalid,
    name_key,
    not_found,
    raise_faults,
    to_wire,
)
from hitl.server.primitives.names import person as person_faults
from hitl.server.storage import Audit, Database

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""From the one that may do the least to the one that may do everything."""

_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_ADDRESS: Final = 254  # RFC 5321, section 4.5.3.1.3, without its brackets
_LONGEST_NAME: Final = 100

Watcher: TypeAlias = Callable[[Person, Person], None]
"""Is told, in the transaction of a change, of a person before and after it."""


class People:
    """The people of one database; any thread may call any method."""

    def __init__(self, database: Database, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._store = PersonStore(database)
        self._watchers: list[Watcher] = []

    def on_change(self, watcher: Watcher) -> None:
        """Tell `watcher` of every change of a person's role or state, in its transaction."""
        self._watchers.append(watcher)

    def add(self, email: str, *, name: str = "", role: Role = "reviewer", by: Actor = MACHINE) -> Person:
        """Add somebody who is invited.

        Raises:
            ApiError: 409 if the address is somebody's already, 400 if it or the name cannot be used, 403 if another
                than the command on the server's machine would make an admin.
        """
        email, name, role = _checked_address(email), _checked_name(name), _checked_role(role)
        _require_machine_for(role, by)
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

    def invite(self, email: str, *, name: str = "", role: Role | None = None, by: Actor = MACHINE) -> Person:
        """Add somebody, or invite again who has not come yet, with the new name and role if they are given.

        Raises:
            ApiError: as `add`; 409 if the person has come already, or was disabled.
        """
        with self._database.transaction():
            known = self.by_email(email)
            if known is None:
                return self.add(email, name=name, role=role or "reviewer", by=by)
            if known.state == "disabled":
                raise conflict(f"{known.email} is disabled; enable the person instead of inviting again")
            if known.state != "invited":
                raise conflict(f"{known.email} has joined already; send a sign-in link instead of an invitation")
            role = known.role if role is None else _checked_role(role)
            if role != known.role:
                _require_machine_for(role, by)
            changes = {"name": _checked_name(name) or known.name, "role": role}
            return self._change(known, "person.invited", by, {"role": role, "again": True}, **changes)

    def activate(self, person_id: str, *, by: Actor) -> Person:
        """Let somebody who was invited be a member from now on; who is one already stays as he is."""
        with self._database.transaction():
            person = self.get(person_id)
            if person.state == "active":
                return person
            if person.state != "invited":
                raise conflict(f"{person.email} is {person.state}")
            return self._change(person, "person.joined", by, {}, state="active")

    def set_role(self, person_id: str, role: Role, *, by: Actor = MACHINE) -> Person:
        """Give a person another role.

        Raises:
            ApiError: 404 for an unknown person, 400 for an unknown role, 403 if another than the command on the
                server's machine would make an admin, 409 `last_admin`.
        """
        role = _checked_role(role)
        return self._guarded(person_id, lambda person: self._with_role(person, role, by))

    def disable(self, person_id: str, *, by: Actor = MACHINE) -> Person:
        """Keep a person out, and end what he has open; 409 `last_admin` for the last admin."""

        def change(person: Person) -> Person:
            if person.state == "disabled":
                return person
            _require_present(person)
            self._require_other_admin(person)
            return self._change(person, "person.disabled", by, {}, state="disabled")

        return self._guarded(person_id, change)

    def enable(self, person_id: str, *, by: Actor = MACHINE) -> Person:
        """Let somebody who was disabled be a member again, who then needs a sign-in link; 403 as `set_role`."""

        def change(person: Person) -> Person:
            _require_present(person)
            if person.state != "disabled":
                return person
            _require_machine_for(person.role, by)
            return self._change(person, "person.enabled", by, {}, state="active")

        return self._guarded(person_id, change)

    def erase(self, person_id: str, *, by: Actor = MACHINE) -> Person:
        """Forget the address and the name of a person for good; the id stays where it is in histories and the audit.

        Raises:
            ApiError: 404 for an unknown person, 403 for another than the command on the server's machine, 409
                `last_admin`.
        """
        if by.kind != "machine":
            raise _only_at_the_machine("somebody is erased")

        def change(person: Person) -> Person:
            if person.state == "erased":
                return person
            self._require_other_admin(person)
            former = f"former reviewer {person.id[-4:]}"
            gone = {"time_zone": None, "quiet_from": None, "quiet_to": None}
            return self._change(person, "person.erased", by, {}, email=former, name=former, state="erased", **gone)

        return self._guarded(person_id, change)

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

    def named(self, email: str) -> Person:
        """Return the person of an address; 404 for an unknown one."""
        person = self.by_email(email)
        if person is None:
            raise not_found("reviewer", email)
        return person

    def all(self) -> list[Person]:
        """Return everybody, the former ones, too."""
        with self._database.lock:
            return self._store.all()

    def has_admin(self) -> bool:
        """Return whether there is an admin, or one is invited."""
        return any(each.role == "admin" and each.state in ("invited", "active") for each in self.all())

    def _with_role(self, person: Person, role: Role, by: Actor) -> Person:
        _require_present(person)
        if person.role == role:
            return person
        _require_machine_for(role, by)
        self._require_other_admin(person)
        detail = {"from": person.role, "to": role}
        return self._change(person, "person.role_changed", by, detail, role=role)

    def _guarded(self, person_id: str, change: Callable[[Person], Person]) -> Person:
        with self._database.transaction():
            return change(self.get(person_id))

    def _change(self, before: Person, event: str, by: Actor, detail: dict[str, Any], **changes: Any) -> Person:
        now = to_wire(self._clock())
        after = replace(before, **changes, changed_at=now)
        with self._database.transaction():
            # An erased person's key is the id, so that somebody else may have the address.
            self._store.put(after, after.id if after.state == "erased" else name_key(after.email))
            self._audit.record(event, after.id, at=now, actor=by, detail=detail)
            for watcher in self._watchers:
                watcher(before, after)
        return after

    def _require_other_admin(self, person: Person) -> None:
        if person.role == "admin" and person.state == "active" and not self._store.other_admins(person.id):
            raise ApiError(
                409, "last_admin", f"{person.email} is the only admin; make somebody else one first, then repeat this"
            )


def _require_present(person: Person) -> None:
    if person.state == "erased":
        raise conflict(f"{person.name} was erased, which is for good; invite the person under an address again")


def _require_machine_for(role: Role, by: Actor) -> None:
    if role == "admin" and by.kind != "machine":
        raise _only_at_the_machine("admins are made")


def _only_at_the_machine(what: str) -> ApiError:
    return ApiError(403, "machine_only", f"{what} on the server's machine only, with `hitl reviewers`")


def _checked_address(email: str) -> str:
    raise_faults(person_faults("email", email))
    address = clean_name(email)
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise invalid(f"must be an address of at most {_LONGEST_ADDRESS} characters, such as ann@example.com", "email")
    return address


def _checked_name(name: str) -> str:
    if not name:
        return ""
    raise_faults(person_faults("name", name))
    if len(name) > _LONGEST_NAME:
        raise invalid(f"may have at most {_LONGEST_NAME} characters", "name")
    return clean_name(name)


def _checked_role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise invalid(f"must be one of {', '.join(ROLES)}", "role")
