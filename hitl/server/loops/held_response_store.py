"""Answers to requests that are held for some seconds, so that people can take them back; callers open the transactions.

It is to requests what `held_answers` is to reviews. One answer ends a request, so while one is held nobody else can
give another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, TypeAlias

from hitl.server.primitives import Actor, ApiError, Document, conflict, to_wire
from hitl.server.storage import Row, Store, Work

State: TypeAlias = Literal["held", "undone", "dropped"]


@dataclass(frozen=True, slots=True)
class HeldResponse:
    """An answer to a request that is not given yet, or not any more.

    Attributes:
        batch: By which it is taken back.
        person: Who gave it, as `{id, name, email}`.
        response: The answer as it was given, bare or wrapped.
        shown: The digest of what the person saw.
        form: What its page sent, to be shown again; nothing here reads it.
        settles_at: When it is given, in wire form.
        state: "held", "undone" by the person, or "dropped" because the request changed or ended.
        actor: The person as the server knows him; None where people type their names.
        is_confirmed: Whether he insists on answering what he asked himself.
    """

    batch: str
    request_id: str
    person: Mapping[str, str]
    response: Any
    shown: str
    form: Document
    given_at: str
    settles_at: str
    state: State = "held"
    actor: Actor | None = None
    is_confirmed: bool = False


_FIELDS: Final = tuple(each.name for each in fields(HeldResponse))
_COLUMNS: Final = ", ".join(_FIELDS)


class HeldResponseStore(Store):
    """The statements, over one database, and the rules for them."""

    def hold(self, work: Work, answer: HeldResponse) -> None:
        """Hold a checked answer; the same one of the same person stays as it is."""
        held = self.of_person(answer.request_id, answer.person["id"])
        if held is not None and held.state == "held":
            if held.response != answer.response:
                who = answer.person["name"]
                raise conflict(f"{who} has answered request {answer.request_id}; undo that answer first")
            return
        marks = ", ".join("?" * len(_FIELDS))
        self._database.execute(
            f"INSERT OR REPLACE INTO pending_responses ({_COLUMNS}, person_id) VALUES ({marks}, ?)",  # noqa: S608 - fixed words
            (*_row(answer), answer.person["id"]),
        )
        work.changed.append(answer.request_id)  # the worker looks for the next due time

    def undo(self, work: Work, batch: str) -> HeldResponse:
        """Take an answer back, and return it; 409 if it is given already."""
        found = self._found("batch = ? AND state = 'held'", batch)
        if not found:
            raise conflict("it is too late to undo this answer: it was sent")
        self._database.execute("UPDATE pending_responses SET state = 'undone' WHERE batch = ?", (batch,))
        work.changed.append(found[0].request_id)
        return found[0]

    def settle(self, work: Work, give: Callable[[HeldResponse], None]) -> None:
        """Give the answers whose time has come, in order; what is refused now is dropped."""
        now = to_wire(work.now)
        # A clock that was set back makes none wait longer than it was held for.
        for held in self._found("state = 'held' AND (settles_at <= ? OR given_at > ?)", now, now):
            try:
                give(held)
                sql = "DELETE FROM pending_responses WHERE batch = ?"
                self._database.execute(sql, (held.batch,))
            except ApiError:
                self.drop(held.request_id)

    def next_settling(self) -> str | None:
        """Return when the next answer is given."""
        sql = "SELECT min(settles_at) FROM pending_responses WHERE state = 'held'"
        moment: str | None = self._database.value(sql)
        return moment

    def of_person(self, request_id: str, person_id: str) -> HeldResponse | None:
        """Return what became of a person's answer that was held, unless it was given."""
        found = self._found("request_id = ? AND person_id = ?", request_id, person_id)
        return found[0] if found else None

    def of_another(self, request_id: str, person_id: str) -> HeldResponse | None:
        """Return the held answer of somebody else."""
        found = self._found("request_id = ? AND person_id <> ? AND state = 'held'", request_id, person_id)
        return found[0] if found else None

    def counts(self) -> dict[str, int]:
        """Return by the ids of persons to how many requests each has an answer that is held."""
        sql = "SELECT person_id, count(*) FROM pending_responses WHERE state = 'held' GROUP BY person_id"
        return dict(self._database.rows(sql))

    def require_free(self, request_id: str, person: Mapping[str, str]) -> None:
        """Refuse with 409 what somebody else's answer is about to end."""
        if other := self.of_another(request_id, person["id"]):
            raise conflict(f"{other.person['name']} has answered request {request_id}; the answer is about to be sent")

    def drop(self, request_id: str) -> None:
        """Keep the answers to a request that changed or ended from being given."""
        sql = "UPDATE pending_responses SET state = 'dropped' WHERE request_id = ? AND state = 'held'"
        self._database.execute(sql, (request_id,))

    def drop_of_person(self, person_id: str) -> None:
        """Keep all answers of somebody from being given."""
        sql = "UPDATE pending_responses SET state = 'dropped' WHERE person_id = ? AND state = 'held'"
        self._database.execute(sql, (person_id,))

    def _found(self, condition: str, *values: Any) -> list[HeldResponse]:
        sql = f"SELECT {_COLUMNS} FROM pending_responses WHERE {condition} ORDER BY settles_at, number"  # noqa: S608 - fixed words
        return [_held(row) for row in self._database.rows(sql, values)]


def _row(held: HeldResponse) -> Row:
    return (
        *(held.batch, held.request_id, json.dumps(held.person), json.dumps(held.response), held.shown),
        *(json.dumps(held.form), held.given_at, held.settles_at, held.state),
        *(None if held.actor is None else json.dumps(asdict(held.actor)), held.is_confirmed),
    )


def _held(row: Row) -> HeldResponse:
    batch, request_id, person, response, shown, form, given_at, settles_at, state, actor, is_confirmed = row
    return HeldResponse(
        batch=batch,
        request_id=request_id,
        person=json.loads(person),
        response=json.loads(response),
        shown=shown,
        form=json.loads(form),
        given_at=given_at,
        settles_at=settles_at,
        state=state,
        actor=None if actor is None else Actor(**json.loads(actor)),
        is_confirmed=bool(is_confirmed),
    )
