"""Whom a rule reaches: the people of an audience, each by his own channels, or a shared channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hitl.server.notifications.addresses import is_mail, mail_to
from hitl.server.notifications.model import RECORDED, Channel, Planned, Reader
from hitl.server.people import People, Person
from hitl.server.primitives import Document


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes, as it stands at the moment of sending."""

    url: str
    to: str
    person: Person | None = None

    def __repr__(self) -> str:
        return f"<Address of {self.person.id if self.person else 'a channel'}>"


class Readers(Protocol):
    """Finds readers."""

    def of(self, audience: str, review: Document | None) -> list[Reader]:
        """Return the readers of an audience; of `assignees`, of a review, or of any with None."""
        ...

    def person(self, person_id: str) -> list[Reader]:
        """Return the ways to one person."""
        ...

    def address(self, row: Planned) -> Address | None:
        """Return where a planned message goes; None if its channel or its reader is gone."""
        ...


class Channels(Protocol):
    """Finds channels, with their addresses open."""

    def usable(self, channel_id: str) -> Channel | None:
        """Return a channel; None if there is none, or if its address cannot be read."""
        ...

    def of_person(self, person_id: str) -> Sequence[Channel]:
        """Return the ways to a person."""
        ...


class TeamReaders:
    """The people of a team; those without a channel of their own have mail, if there is a mail server for all."""

    def __init__(self, people: People, channels: Channels) -> None:
        self._people = people
        self._channels = channels

    def of(self, audience: str, review: Document | None) -> list[Reader]:
        """Return the readers of an audience; a review that is assigned to nobody is everybody's."""
        if audience.startswith("channel:"):
            channel_id = audience.removeprefix("channel:")
            channel = self._channels.usable(channel_id)
            return [] if channel is None else [Reader(channel.id, channel.id, name=channel.name)]
        if audience == "leads":
            return self._of_people(each for each in self._people.all() if each.role in ("lead", "admin"))
        if review is None or not review["assignees"]:
            return self._of_people(self._people.all())
        named = (self._people.by_email(name) for name in review["assignees"])
        return self._of_people(each for each in named if each is not None)

    def person(self, person_id: str) -> list[Reader]:
        """Return the ways to one person, who may have been invited only."""
        return self._ways(self._people.get(person_id))

    def address(self, row: Planned) -> Address | None:
        """Return where a planned message goes; None if its channel or its reader is gone."""
        channel = self._channels.usable(row.channel_id)
        if channel is None:
            return None
        if row.person_id is None:
            return Address(channel.url, (is_mail(channel.url) and mail_to(channel.url)) or channel.name)
        person = self._people.get(row.person_id)
        may_read = ("active", "invited") if row.kind in ("signin", "invite") else ("active",)
        if person.state not in may_read:
            return None
        own = (is_mail(channel.url) and mail_to(channel.url)) or person.email
        return Address(channel.url, own, person)

    def _of_people(self, people: Iterable[Person]) -> list[Reader]:
        return [reader for person in people if person.state == "active" for reader in self._ways(person)]

    def _ways(self, person: Person) -> list[Reader]:
        return [
            Reader(
                f"{each.id}:{person.id}",
                each.id,
                person.id,
                zone=person.time_zone,
                quiet_from=person.quiet_from,
                quiet_to=person.quiet_to,
            )
            for each in self._channels.of_person(person.id)
        ]


class NamedReaders:
    """The people of a sandbox, who are the names that its reviews mention."""

    def of(self, audience: str, review: Document | None) -> list[Reader]:
        """Return a reader for each name; "leads", or the name of a channel, where there are no names."""
        if audience != "assignees":
            return [_recorded(audience.removeprefix("channel:"))]
        names: list[str] = review["assignees"] if review is not None else []
        return [_recorded(name) for name in names or ["everybody"]]

    def person(self, person_id: str) -> list[Reader]:  # noqa: ARG002 - as the protocol has it
        """Return nobody: a sandbox knows no people."""
        return []

    def address(self, row: Planned) -> Address | None:
        """Return the name."""
        return Address("", row.recipient)


def is_mail_server(channel: Channel) -> bool:
    """Return whether a channel is a mail server by which everybody without a channel is reached."""
    return channel.person_id is None and is_mail(channel.url) and mail_to(channel.url) is None


def _recorded(name: str) -> Reader:
    return Reader(f"{RECORDED}:{name}", RECORDED, name=name)
