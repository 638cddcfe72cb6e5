"""The services of one server over its data, made once and connected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from hitl.server.access import Admission, PersonSessions, Tickets
from hitl.server.agent_sessions import SessionService
from hitl.server.asking import SelfApproval
from hitl.server.http.monthly_quota import MonthlyQuota
from hitl.server.http.open_exchanges import OpenExchanges
from hitl.server.inbox import SavedViews, Sessions, title, visible
from hitl.server.keys import Keys
from hitl.server.loops import LoopService
from hitl.server.migrations import MIGRATIONS
from hitl.server.notifications import (
    ADDRESSES,
    AdmittingLinks,
    Channels,
    Links,
    Notifications,
    Recorder,
    Renderer,
    Worker,
    recorded,
)
from hitl.server.people import People
from hitl.server.primitives import Clock, Now, SetupError, about
from hitl.server.reviews import ReviewService
from hitl.server.sealing import SealedColumns, Sealer, find_keys
from hitl.server.storage import (
    IN_MEMORY,
    Audit,
    ChangeNotifier,
    CommitGroup,
    Database,
    Outbox,
    StorageError,
    UnitOfWork,
)
from hitl.server.team_settings import TeamSettings
from hitl.server.teams import TeamService
from hitl.server.uploads import UploadService
from hitl.server.webhooks.deliveries import Deliveries
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.subscription_store import SECRETS
from hitl.server.webhooks.subscriptions import Subscriptions
from hitl.server.workflows import Workflow, WorkflowService


class Services:
    """What a server consists of, but for its socket, its application and its background workers."""

    def __init__(
        self,
        opened: ExitStack,
        *,
        data: str | Path,
        clock: Now,
        url: str,
        targets: Targets,
        team: TeamSettings | None,
        workflows: Mapping[str, Workflow],
        monthly_quota: int | None,
        notify: Sequence[Mapping[str, Any] | str],
        templates: Iterable[Mapping[str, Any]],
    ) -> None:
        """Open the data, which `opened` closes; SetupError if that is impossible.

        `url` is what links in messages begin with; for the rest see `ReviewServer`.
        """
        self.team = team
        self.url = url
        self.targets = targets
        self.clock = Clock.over(clock)
        with about("data"):
            self.database = Database(data, MIGRATIONS, guarded=team is not None)
        opened.callback(self.database.close)
        self._make_storage()
        self._make_people()
        self._make_reviews(workflows)
        self.quota = None if monthly_quota is None else MonthlyQuota(monthly_quota, self.outbox, self.clock)
        self._make_notifications(notify)
        with about("templates"):
            self._install(templates)
        opened.callback(self.changes.close)
        for service in (self.reviews, self.loops, self.agent_sessions):
            opened.callback(self.clock.on_advance(service.tick, due=service.next_due))

    def tick(self) -> None:
        """Carry out what is due."""
        self.reviews.tick()
        self.loops.tick()
        self.agent_sessions.tick()

    def asker_of(self, subject_id: str) -> str | None:
        """Return who asked a review or a request."""
        return self.reviews.asker_of(subject_id) or self.loops.asker_of(subject_id)

    def _make_storage(self) -> None:
        """A team's secrets are sealed, under keys that are found here; a sandbox keeps them in clear."""
        data = None if self.database.path == IN_MEMORY else self.database.path
        with about("secrets_key_file"):
            self.sealer = Sealer(None if self.team is None else find_keys(data, self.team.secrets_key_file))
        self.sealed = SealedColumns(self.database, self.sealer, [SECRETS, ADDRESSES])
        self.changes = ChangeNotifier()
        self.outbox = Outbox(self.database)
        self.unit_of_work = UnitOfWork(self.database, self.clock, self.changes)
        self.commits = CommitGroup(self.unit_of_work)
        self.audit = Audit(self.database)

    def _make_people(self) -> None:
        self.sessions = Sessions(self.database)
        self.exchanges = OpenExchanges()
        self.people = People(self.database, self.audit, self.clock)
        self.keys = Keys(self.database, self.audit, self.clock, self.people, self.exchanges)
        self.admission = Admission(
            self.database,
            self.clock,
            self.people,
            Tickets(self.database, self.clock),
            PersonSessions(self.database, self.audit, self.clock, self.exchanges),
            drop_answers=self._drop_answers,
        )

    def _make_reviews(self, workflows: Mapping[str, Workflow]) -> None:
        rules = {} if self.team is None else self._team_rules(self.team)
        self.reviews = ReviewService(self.database, self.unit_of_work, self.outbox, **rules)
        self.loops = LoopService(self.database, self.unit_of_work, self.outbox, **rules)
        self.workflows = WorkflowService(self.database, self.loops, self.outbox, workflows)
        self.uploads = UploadService(self.database, self.clock)
        self.agent_sessions = SessionService(self.database, self.unit_of_work, self.outbox, self.loops)
        self.teams = TeamService(self.database, self.clock)
        self.subscriptions = Subscriptions(self.database, self.outbox, self.clock, self.targets, self.sealer)
        self.saved_views = SavedViews(self.database)
        self.deliveries = Deliveries(self.database, self.outbox, self.clock)

    def _make_notifications(self, rules: Sequence[Mapping[str, Any] | str]) -> None:
        """Follow the reviews to tell people of them: by a team's own rules and channels, or as a sandbox records it."""
        self.recorder: Recorder | None = None
        self.notifications: Notifications | None = None
        self.message_worker: Worker | None = None
        if self.team is not None:
            channels = Channels(self.database, self.audit, self.clock, self.sealer, self.team.notify_schemes)
            # Where a proxy says who somebody is, no link begins a session.
            are_personal = self.team.message_links == "code" and self.team.auth_header is None
            links = Links(lambda: self.url, AdmittingLinks(self.admission), are_personal)
            renderer = Renderer(title, visible)
            self.notifications = Notifications(
                self.database, self.audit, self.clock, self.people, self.reviews, channels, links, renderer
            )
            self.message_worker = self.notifications.worker
            self.admission.send_link = partial(self.notifications.send_link, "signin")
        elif rules:
            self.message_worker, self.recorder = recorded(
                rules, self.database, self.reviews, self.clock, lambda: self.url, title, visible
            )

    def _install(self, templates: Iterable[Mapping[str, Any]]) -> None:
        try:
            self.reviews.install_templates(templates)
        except StorageError as error:
            with about("data"):
                raise SetupError(f"{self.database.path} cannot be used: {error}") from error

    def _team_rules(self, team: TeamSettings) -> dict[str, Any]:
        def person_of(address: str) -> str | None:
            person = self.people.by_email(address)
            return None if person is None else person.id

        return {"self_approval": SelfApproval(team.self_approval, person_of), "audit": self.audit}

    def _drop_answers(self, email: str) -> None:
        """Keep what somebody has answered, and could still take back, from being given."""
        self.reviews.drop_held_of(email)
        self.loops.drop_held_of(email)
