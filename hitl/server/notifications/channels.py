"""The channels of a team: added and removed, kept sealed, and open in memory for who plans and sends."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Final

from hitl.server.notifications import addresses
from hitl.server.notifications.channel_store import ADDRESSES, ChannelStore
from hitl.server.notifications.message_store import MessageStore
from hitl.server.notifications.model import Channel
from hitl.server.notifications.readers import is_mail_server
from hitl.server.primitives import MACHINE, Actor, ApiError, Clock, clean_name, conflict, invalid, not_found, to_wire
from hitl.server.sealing import SealedError, Sealer, place_of
from hitl.server.storage import Audit, Database

_LONGEST_NAME: Final = 60


class Channels:
    """The channels of one database; any thread may call any method."""

    def __init__(
        self,
        database: Database,
        audit: Audit,
        clock: Clock,
        sealer: Sealer,
        more_schemes: Iterable[str] = (),
    ) -> None:
        """Keep channels; `more_schemes` are accepted beside the usual ones."""
        self._database = database
        self._audit = audit
        self._clock = clock
        self._sealer = sealer
        self._more_schemes = tuple(more_schemes)
        self._store = ChannelStore(database)
        self._messages = MessageStore(database)
        self._open: dict[str, Channel] | None = None
        self._by_person: dict[str, list[Channel]] = {}

    def add(self, name: str, url: str, *, person_id: str | None = None, by: Actor = MACHINE) -> Channel:
        """Add a channel to a person, or a shared one.

        Raises:
            ApiError: 400 for a name or an address that cannot be used, 409 if the name is taken, or if the library
                that sends to such an address is not installed.
        """
        name, url = clean_name(name), url.strip()
        if not name or len(name) > _LONGEST_NAME or name.startswith("chn_"):
            raise invalid(f"must have 1 to {_LONGEST_NAME} characters, and not begin as an id does", "name")
        addresses.check(url, more_schemes=self._more_schemes)
        if not addresses.is_mail(url) and find_spec("apprise") is None:
            raise ApiError(
                409,
                "not_installed",
                "messages to this service are sent by apprise: install hitl with its 'notify' extra",
            )
        now, channel_id = to_wire(self._clock()), f"chn_{secrets.token_hex(12)}"
        sealed = self._sealer.seal(url, _place(channel_id))
        hint = addresses.hint(url)
        channel = Channel(channel_id, name, person_id, sealed, hint, "ok", 0, None, None, None, now, by.id)
        with self._database.transaction():
            if any(each.name == name for each in self._store.all()):
                raise conflict(f"there is a channel {name!r} already; remove it first, or give another name")
            self._store.add(channel)
            # Not the hint: an audit is exported, and a room's name may say more than it should.
            self._audit.record("channel.added", channel_id, at=now, actor=by, detail={"person_id": person_id})
            self._open = None
        return channel

    def remove(self, name: str, *, by: Actor = MACHINE) -> Channel:
        """Remove a channel by its name or id, and drop what was planned for it; 404 for an unknown one."""
        now = to_wire(self._clock())
        with self._database.transaction():
            channel = self.named(name)
            self._store.delete(channel.id)
            self._messages.drop_channel(channel.id, now)
            self._audit.record("channel.removed", channel.id, at=now, actor=by)
            self._open = None
        return channel

    def named(self, name: str, field: str | None = None) -> Channel:
        """Return a channel by its name or id; 404 for an unknown one, which a field of the body names."""
        found = next((each for each in self.all() if name in (each.name, each.id)), None)
        if found is None:
            raise not_found("channel", name, field)
        return found

    def all(self) -> list[Channel]:
        """Return all channels, with their addresses sealed."""
        with self._database.lock:
            return self._store.all()

    def failing(self) -> list[Channel]:
        """Return the channels that nothing reaches at present."""
        with self._database.lock:
            return self._store.failing()

    # Open addresses

    def usable(self, channel_id: str) -> Channel | None:
        """Return a channel with its address open; None if there is none, or if its key is lost."""
        with self._database.lock:
            return self._opened().get(channel_id)

    def of_person(self, person_id: str) -> Sequence[Channel]:
        """Return a person's channels, or the mail server for all, if there is one and he has none."""
        with self._database.lock:
            self._opened()
            return self._by_person.get(person_id) or self._by_person.get("", [])[:1]

    def _opened(self) -> dict[str, Channel]:
        if self._open is None:
            opened = [replace(each, url=url) for each in self._store.all() if (url := self._url_of(each))]
            by_person: defaultdict[str, list[Channel]] = defaultdict(list)
            for each in opened:
                if each.person_id is not None or is_mail_server(each):
                    by_person[each.person_id or ""].append(each)
            self._by_person = dict(by_person)
            self._open = {each.id: each for each in opened}
        return self._open

    def _url_of(self, channel: Channel) -> str | None:
        try:
            return self._sealer.open(channel.url, _place(channel.id))
        except SealedError as error:  # its key is lost: everything else goes on
            now = self._clock()
            self._store.failed(channel.id, str(error), most=1, probe_at=to_wire(now))
            return None


def _place(channel_id: str) -> str:
    return place_of(ADDRESSES.table, ADDRESSES.column, channel_id)
