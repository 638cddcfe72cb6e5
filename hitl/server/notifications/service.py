"""Notifications of one server: what is put together for planning, sending and asking for single messages."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from hitl.server.notifications import addresses
from hitl.server.notifications.channel_store import ChannelStore
from hitl.server.notifications.channels import Channels
from hitl.server.notifications.children import Children
from hitl.server.notifications.letters import Letters, Links
from hitl.server.notifications.message_store import MessageStore
from hitl.server.notifications.model import Channel, Letter, Limits, Outcome, Reader, Rule, Sender
from hitl.server.notifications.planner import Planner
from hitl.server.notifications.quiet_hours import checked_hours, checked_zone
from hitl.server.notifications.readers import NamedReaders, Readers, TeamReaders, is_mail_server
from hitl.server.notifications.recorder import Recorder
from hitl.server.notifications.renderer import Renderer, TitleOf, Visible
from hitl.server.notifications.rules import Rules, rule_of
from hitl.server.notifications.worker import Worker
from hitl.server.people import People, Person
from hitl.server.primitives import MACHINE, Actor, ApiError, Clock, SetupError, invalid, to_wire
from hitl.server.reviews import ReviewService
from hitl.server.reviews.steps import Step
from hitl.server.storage import Audit, Database

_ADMISSION_LIFE: Final = timedelta(hours=1)
_NOBODY: Final = Reader("nobody", "")


def recorded(
    given: Sequence[Mapping[str, Any] | str],
    database: Database,
    reviews: ReviewService,
    clock: Clock,
    base_url: Callable[[], str],
    title_of: TitleOf,
    visible: Visible,
) -> tuple[Worker, Recorder]:
    """Plan messages by the given rules, and return what sends them and what keeps them; SetupError for a bad rule."""
    try:
        rules = [rule_of(each) for each in given]
    except ApiError as error:
        raise SetupError(f"notify cannot be used: {error.message}") from error
    recorder = Recorder()
    readers = NamedReaders()
    links = Links(base_url)
    worker = _worker(
        database, reviews, clock, lambda: rules, readers, links, Renderer(title_of, visible), lambda: recorder, None
    )
    return worker, recorder


class Notifications:
    """The channels, rules and messages of a team."""

    def __init__(
        self,
        database: Database,
        audit: Audit,
        clock: Clock,
        people: People,
        reviews: ReviewService,
        channels: Channels,
        links: Links,
        renderer: Renderer,
        *,
        limits: Limits | None = None,
        children: Callable[[str], Sender] = Children,
    ) -> None:
        """Follow the reviews from now on; `children` makes a sender, given the name of this server in mail."""
        self.channels = channels
        self.rules = Rules(database, audit, clock)
        self._database = database
        self._audit = audit
        self._clock = clock
        self._people = people
        self._reviews = reviews
        self._links = links
        self._renderer = renderer
        self._children = children
        self._store = ChannelStore(database)
        self._messages = MessageStore(database)
        self._readers = TeamReaders(people, channels)
        self.worker = _worker(
            database,
            reviews,
            clock,
            self.rules.all,
            self._readers,
            links,
            renderer,
            self._make_sender,
            limits or Limits(),
        )

    # Rules and hours

    def add_rule(self, given: Mapping[str, Any], *, by: Actor = MACHINE) -> Rule:
        """Add a rule as `rule_of` describes it."""
        rule = rule_of(
            given, channel_id=lambda name: self.channels.named(name, "audience").id, has_template=self._has_template
        )
        self.rules.add(rule, by=by)
        if rule.kind == "digest":
            self.worker.plan_digests()
        return rule

    def remove_channel(self, name: str, *, by: Actor = MACHINE) -> Channel:
        """Remove a channel; 409 as long as a rule names it."""
        self.rules.require_unused(self.channels.named(name).id)
        return self.channels.remove(name, by=by)

    def set_hours(self, email: str, zone: str | None, quiet: str | None, *, by: Actor = MACHINE) -> Person:
        """Set a person's time zone and quiet hours, "22:00-07:00" or "off"; None leaves one as it is."""
        person = self.person(email)
        hours = (person.quiet_from, person.quiet_to)
        if quiet is not None:
            hours = (None, None) if quiet == "off" else checked_hours(quiet)
        zone = person.time_zone if zone is None else checked_zone(zone)
        now = to_wire(self._clock())
        with self._database.transaction():
            self._store.set_hours(person.id, zone, hours, now)
            self._audit.record("person.hours_set", person.id, at=now, actor=by)
        return self._people.get(person.id)

    def person(self, email: str, field: str = "email") -> Person:
        """Return the person of an address, which a field of the body gives; 404 for an unknown one."""
        person = self._people.by_email(email)
        if person is None:
            message = f"nobody of the team has the address {email[:128]!r}"
            raise ApiError(404, "reviewer_not_found", message, {"field": field})
        return person

    # Single messages

    def can_reach(self, person_id: str) -> bool:
        """Return whether there is a channel to a person."""
        return bool(self._readers.person(person_id))

    def send_link(self, kind: Literal["invite", "signin"], email: str, review_id: str | None = None) -> None:
        """Send a link with which a person signs in, and comes to a review, by mail if that is one of his ways.

        An unknown address costs the same work, and its message is dropped by the worker: whoever asks learns nothing.
        """
        person = self._people.by_email(email)
        ways = [] if person is None else self._readers.person(person.id)
        ways.sort(key=lambda way: not self._is_mail(way))
        self._plan(kind, ways[0] if ways else _NOBODY, review_id, _ADMISSION_LIFE)

    async def test(self, name: str, to: str | None = None) -> Outcome:
        """Send a test to a channel now, and return what became of it; `to` for a mail server without a receiver."""
        channel = self.channels.usable(self.channels.named(name, "channel").id)
        if channel is None:
            return Outcome("failed", "sealed: enter anew")
        words = self._renderer.test(self._links.list())
        at = self._clock()
        letter = Letter(
            f"ntf_{secrets.token_hex(12)}", "test", channel.url, self._test_receiver(channel, to), words, None, at
        )
        sender = self._make_sender()
        try:
            outcome = await sender.send(letter)
        finally:
            await sender.close()
        with self._database.transaction():
            if outcome.result == "sent":
                self._store.succeeded(channel.id, to_wire(at))
        return outcome

    def counts(self) -> list[tuple[str, str, int]]:
        """Return how many messages there are by kind and state."""
        with self._database.lock:
            return self._messages.counts()

    def _test_receiver(self, channel: Channel, to: str | None) -> str:
        if not addresses.is_mail(channel.url):
            return channel.name
        if is_mail_server(channel) and to is None:
            raise invalid("name an address for the test of a mail server that serves everybody", "to")
        own = None if channel.person_id is None else self._people.get(channel.person_id).email
        return to or addresses.mail_to(channel.url) or own or ""

    def _plan(self, kind: str, reader: Reader, review_id: str | None, life: timedelta) -> None:
        now = self._clock()
        with self._database.transaction():
            self._messages.add(
                kind,
                f"{kind}:{secrets.token_hex(12)}",
                reader,
                review_id=review_id,
                content="title",
                due_at=to_wire(now),
                ends_at=to_wire(now + life),
                now=to_wire(now),
            )
        self.worker.wake()

    def _is_mail(self, way: Reader) -> bool:
        channel = self.channels.usable(way.channel_id)
        return channel is not None and addresses.is_mail(channel.url)

    def _has_template(self, template_id: str) -> bool:
        try:
            self._reviews.get_template(template_id)
        except ApiError:
            return False
        return True

    def _make_sender(self) -> Sender:
        return self._children(urlsplit(self._links.base_url()).hostname or "localhost")


def _worker(
    database: Database,
    reviews: ReviewService,
    clock: Clock,
    rules: Callable[[], Sequence[Rule]],
    readers: Readers,
    links: Links,
    renderer: Renderer,
    make_sender: Callable[[], Sender],
    limits: Limits | None,
) -> Worker:
    store = MessageStore(database)
    planner = Planner(store, rules, readers, links.tickets, limits)
    letters = Letters(store, readers, reviews, renderer, links, clock)
    worker = Worker(database, clock, planner, letters, make_sender, limits)

    def follow(step: Step) -> None:
        planner.on_step(step)
        worker.wake()

    reviews.on_step(follow)
    return worker
