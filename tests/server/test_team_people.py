"""The people of a team: invitations, roles, and what may become of somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from team import Team, running_team

from hitl.server.people import People, Person
from hitl.server.primitives import Actor, ApiError
from hitl.server.storage import first_broken

ADMIN = Actor("person", "usr_0", "boss@example.com", "usr_0", "admin")


@pytest.fixture
def team() -> Iterator[Team]:
    with running_team() as team:
        yield team


@pytest.fixture
def people(team: Team) -> People:
    return team.server.people


def test_somebody_is_invited_joins_is_disabled_and_comes_back(people: People) -> None:
    person = people.invite("Ann@Example.com", name="Ann")
    assert (person.email, person.name, person.role, person.state) == ("Ann@Example.com", "Ann", "reviewer", "invited")
    assert people.activate(person.id, by=ADMIN).state == "active"
    assert people.disable(person.id).state == "disabled"
    assert people.enable(person.id).state == "active"
    assert people.by_email("ann@EXAMPLE.com") == people.get(person.id)


def test_an_invitation_is_repeated_with_another_name_and_role(people: People) -> None:
    first = people.invite("ann@example.com")
    again = people.invite("ann@example.com", name="Ann", role="lead")
    assert (again.id, again.name, again.role) == (first.id, "Ann", "lead")
    assert people.invite("ann@example.com").role == "lead"


@pytest.mark.parametrize("state", ["active", "disabled"])
def test_who_has_come_already_is_not_invited_again(team: Team, people: People, state: str) -> None:
    person = team.person("ann@example.com")
    if state == "disabled":
        people.disable(person.id)
    with pytest.raises(ApiError, match="sign-in link|enable") as refused:
        people.invite("ann@example.com")
    assert refused.value.status == 409


@pytest.mark.parametrize(
    ("email", "name"),
    [("", ""), ("ann", ""), ("a b@example.com", ""), ("ann@example.com\u202e", ""), ("ann@example.com", "A\u202enn")],
)
def test_an_address_or_name_that_misleads_is_refused(people: People, email: str, name: str) -> None:
    with pytest.raises(ApiError) as refused:
        people.invite(email, name=name)
    assert refused.value.status == 400
    assert people.all() == []


def test_an_unknown_role_is_refused(people: People) -> None:
    with pytest.raises(ApiError, match="reviewer, lead, admin"):
        people.invite("ann@example.com", role="owner")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        lambda people, ann: people.disable(ann.id),
        lambda people, ann: people.set_role(ann.id, "lead"),
        lambda people, ann: people.erase(ann.id),
    ],
    ids=["disable", "demote", "erase"],
)
def test_the_last_admin_stays(team: Team, people: People, change: Callable[[People, Person], object]) -> None:
    ann = team.person("ann@example.com", "admin")
    people.invite("bo@example.com", role="admin")  # who has not come yet is no help
    before = team.events()
    with pytest.raises(ApiError) as refused:
        change(people, ann)
    assert (refused.value.status, refused.value.code) == (409, "last_admin")
    assert (people.get(ann.id), team.events()) == (ann, before)
    team.person("cy@example.com", "admin")
    change(people, ann)
    assert people.get(ann.id) != ann


@pytest.mark.parametrize(
    "change",
    [
        lambda people, _: people.invite("bo@example.com", role="admin", by=ADMIN),
        lambda people, ann: people.set_role(ann.id, "admin", by=ADMIN),
        lambda people, ann: people.erase(ann.id, by=ADMIN),
    ],
    ids=["invite", "role", "erase"],
)
def test_admins_are_made_and_people_erased_at_the_machine_only(
    team: Team, people: People, change: Callable[[People, Person], object]
) -> None:
    ann = team.person("ann@example.com")
    with pytest.raises(ApiError) as refused:
        change(people, ann)
    assert (refused.value.status, refused.value.code) == (403, "machine_only")
    assert people.all() == [ann]


def test_who_is_erased_leaves_an_id_and_an_address_for_others(team: Team, people: People) -> None:
    ann = team.person("ann@example.com")
    gone = people.erase(ann.id)
    former = f"former reviewer {ann.id[-4:]}"
    assert (gone.id, gone.email, gone.name, gone.state) == (ann.id, former, former, "erased")
    assert people.by_email("ann@example.com") is None
    assert people.invite("ann@example.com").id != ann.id
    with pytest.raises(ApiError, match="for good"):
        people.enable(ann.id)


def test_every_change_is_in_the_audit_and_no_address_is(team: Team, people: People) -> None:
    ann = people.invite("ann@example.com")
    people.activate(ann.id, by=ADMIN)
    people.set_role(ann.id, "lead", by=ADMIN)
    people.disable(ann.id)
    people.enable(ann.id)
    people.erase(ann.id)
    entries = team.server.audit.entries()
    names = ("invited", "joined", "role_changed", "disabled", "enabled", "erased")
    assert [each.event for each in entries] == [f"person.{name}" for name in names]
    assert entries[2].detail == {"from": "reviewer", "to": "lead"}
    assert "ann@" not in repr(entries)
    assert first_broken(entries) is None


def test_a_change_and_what_ends_with_it_are_one(team: Team, people: People) -> None:
    """A watcher that fails undoes the change."""
    ann = team.person("ann@example.com")
    team.signed_in("ann@example.com")

    def fail(_before: Person, _after: Person) -> None:
        raise RuntimeError("no")

    people.on_change(fail)
    with pytest.raises(RuntimeError):
        people.disable(ann.id)
    assert people.get(ann.id).state == "active"
    assert len(team.server.admission.sessions.of(ann.id)) == 1
