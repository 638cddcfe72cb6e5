"""Who hears of what, and when: rules, quiet hours, storms, and what becomes of messages when a review moves on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fake_clock import NOON, FakeClock
from notified_team import Team

from hitl.server.notifications import Limits, Message, Recorder
from hitl.server.primitives import ApiError

ASKED = {"kind": "asked"}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def team(clock: FakeClock, recorder: Recorder) -> Iterator[Team]:
    team = Team(clock, lambda host: recorder)
    yield team
    team.close()


def told(messages: list[Message]) -> list[tuple[str, str]]:
    return [(each.kind, each.to) for each in messages]


def test_an_assignee_hears_of_a_review_on_each_of_his_channels_and_nobody_else_does(
    team: Team, recorder: Recorder
) -> None:
    ann, bob = team.person("ann@example.com"), team.person("bob@example.com")
    team.channel(ann)
    team.channel(ann, "telephone")
    team.channel(bob)
    with team.run():
        team.ask(assignees=["Ann@Example.com"])
        team.notifications.worker.settle()
    assert told(recorder.messages) == [("asked", "ann@example.com")] * 2


def test_what_is_assigned_to_nobody_is_told_to_everybody_who_has_joined(team: Team, recorder: Recorder) -> None:
    for email in ("ann@example.com", "bob@example.com"):
        team.channel(team.person(email))
    team.channel(team.people.add("carl@example.com"))  # invited only
    with team.run():
        team.ask()
        team.notifications.worker.settle()
    assert len(recorder.messages) == 2


def test_people_without_a_channel_have_mail_if_there_is_a_mail_server_for_all(team: Team, recorder: Recorder) -> None:
    team.channels.add("mail", "smtp://127.0.0.1:25?from=reviews@example.com")
    team.person("ann@example.com")
    team.channel(team.person("bob@example.com"))
    with team.run():
        team.ask(assignees=["ann@example.com"])
        team.notifications.worker.settle()
        assert told(recorder.messages) == [("asked", "ann@example.com")]


def test_a_shared_channel_hears_what_its_rule_says(team: Team, recorder: Recorder) -> None:
    team.channel(name="refunds")
    team.only_rules(
        {"kind": "asked", "audience": "channel:refunds", "priority": "high"},
        {"kind": "ended", "audience": "channel:refunds"},
    )
    with team.run():
        team.ask(priority="low")
        review = team.ask(priority="high")
        team.notifications.worker.settle()
        assert [(each.kind, each.review_id) for each in recorder.messages] == [("asked", review["id"])]
        team.reviews.reject(review["id"], {"feedback": "No"}, "ann@example.com")
        team.notifications.worker.settle()
    assert recorder.messages[-1].subject == "[Reviews] Refund order 1042?: was rejected by ann@example.com"


def test_a_review_that_is_refused_plans_nothing(team: Team) -> None:
    team.channel(team.person("ann@example.com"))
    with pytest.raises(ApiError):
        team.ask(template_id="unknown")
    assert team.states() == []


def test_a_review_that_ends_drops_what_was_planned_in_its_transaction(team: Team) -> None:
    team.channel(team.person("ann@example.com"))
    review = team.ask(due_date="2026-11-23T18:00:00Z")
    team.reviews.cancel_review(review["id"])
    rows = team.database.rows("SELECT kind, state FROM messages ORDER BY number")
    assert rows == [("asked", "dropped"), ("reminder", "dropped")]


def test_a_reminder_goes_to_who_is_assigned_then_and_follows_a_moved_due_date(team: Team, recorder: Recorder) -> None:
    for email in ("ann@example.com", "bob@example.com"):
        team.channel(team.person(email))
    team.only_rules({"kind": "reminder", "before_due": "1h"})
    with team.run():
        review = team.ask(due_date="2026-11-23T18:00:00Z", assignees=["ann@example.com"])
        team.reviews.update_review(review["id"], {"assignees": ["bob@example.com"]})
        team.reviews.update_review(review["id"], {"due_date": "2026-11-23T16:00:00Z"})
        team.reviews.update_review(review["id"], {"due_date": "2026-11-23T18:00:00Z"})
        team.reviews.update_review(review["id"], {"due_date": "2026-11-23T20:00:00Z"})
        team.clock.advance("6h59m")
        assert recorder.messages == []
        team.clock.advance("1m")
        assert [(each.to, each.at) for each in recorder.messages] == [("bob@example.com", NOON + timedelta(hours=7))]
    assert "Due: 2026-11-23 20:00 UTC" in recorder.messages[0].text


def test_who_gets_a_review_hears_of_it_and_who_loses_it_does_not(team: Team, recorder: Recorder) -> None:
    for email in ("ann@example.com", "bob@example.com", "carl@example.com"):
        team.channel(team.person(email))
    review = team.ask(assignees=["ann@example.com", "bob@example.com"])
    team.reviews.update_review(review["id"], {"assignees": ["bob@example.com", "carl@example.com"]})
    with team.run():
        team.notifications.worker.settle()
    assert sorted(each.to for each in recorder.messages) == ["bob@example.com", "carl@example.com"]


def test_nothing_is_told_twice_by_two_rules(team: Team, recorder: Recorder) -> None:
    team.channel(team.person("ann@example.com"))
    team.only_rules(ASKED, {"kind": "asked", "priority": "high", "content": "shown"})
    with team.run():
        team.ask(priority="high")
        team.notifications.worker.settle()
    assert len(recorder.messages) == 1


def test_an_escalation_goes_to_the_lead_who_is_awake(team: Team, recorder: Recorder) -> None:
    for email in ("ann@example.com", "bob@example.com"):
        team.channel(team.person(email, role="lead"))
    team.notifications.set_hours("ann@example.com", "Europe/Berlin", "14:00-20:00")  # 13:00 to 19:00 in UTC
    team.only_rules({"kind": "escalation", "after": "2h"})
    with team.run():
        team.ask()
        team.clock.advance("3h")
    assert told(recorder.messages) == [("escalation", "bob@example.com")]


def test_if_no_lead_is_awake_the_escalation_wakes_nobody(team: Team, recorder: Recorder) -> None:
    for email, hours in (("ann@example.com", "13:00-19:00"), ("bob@example.com", "13:00-17:00")):
        team.channel(team.person(email, role="lead"))
        team.notifications.set_hours(email, "UTC", hours)
    team.only_rules({"kind": "escalation", "after": "2h"})
    with team.run():
        team.ask()
        team.clock.advance("8h")
    assert [(each.to, each.at.hour) for each in recorder.messages] == [("bob@example.com", 17)]


def test_messages_wait_for_the_end_of_quiet_hours_but_those_of_high_priority_do_not(
    team: Team, recorder: Recorder
) -> None:
    team.channel(team.person("ann@example.com"))
    team.notifications.set_hours("ann@example.com", "Asia/Tokyo", "20:00-07:00")  # 11:00 to 22:00 in UTC
    team.only_rules(ASKED)
    with team.run():
        team.ask("First")
        team.ask("Now", priority="high")
        team.clock.advance("1h")
        assert [each.subject for each in recorder.messages] == ["[Reviews] A program asks: Now"]
        team.clock.advance("10h")
    assert [each.at.hour for each in recorder.messages] == [12, 22]


def test_more_than_three_messages_after_a_night_are_one_and_it_tells_what_is_open_then(
    team: Team, recorder: Recorder
) -> None:
    team.channel(team.person("ann@example.com"))
    team.notifications.set_hours("ann@example.com", None, "11:00-22:00")
    team.only_rules(ASKED)
    with team.run():
        reviews = [team.ask(f"Question {number}") for number in range(6)]
        team.reviews.cancel_review(reviews[0]["id"])
        team.clock.advance("11h")
    (message,) = recorder.messages
    assert message.kind == "digest"
    assert message.subject == "[Reviews] 5 reviews wait for you"
    assert "- Question 5" in message.text
    assert "- Question 0" not in message.text


@pytest.mark.parametrize(
    ("seconds", "most"),
    [
        pytest.param(0, 5, id="at-once"),
        pytest.param(60, 7, id="in-a-minute"),
        pytest.param(500, 21, id="two-in-a-second"),
    ],
)
def test_a_thousand_reviews_are_a_few_messages_and_a_digest(
    team: Team, recorder: Recorder, seconds: float, most: int
) -> None:
    team.channel(team.person("ann@example.com"))
    team.only_rules(ASKED)
    with team.run():
        for number in range(1000):
            team.ask(f"Question {number}", assignees=["ann@example.com"])
            if seconds and number % 5 == 4:
                team.clock.advance(seconds / 200)
        team.clock.advance(700 - seconds)
    *others, digest = recorder.messages
    assert (digest.kind, digest.subject) == ("digest", "[Reviews] 1000 reviews wait for you")
    assert "- Question 0" in digest.text
    assert "990 more" in digest.text
    assert len(others) <= most


def test_a_lane_has_a_burst_and_then_one_message_a_second(team: Team, recorder: Recorder) -> None:
    team.channel(team.person("ann@example.com"))
    team.only_rules(ASKED)
    with team.run():
        for number in range(8):
            team.ask(f"Question {number}")
        team.notifications.worker.settle()
        assert len(recorder.messages) == 5
        team.clock.advance("3s")
    assert [(each.at - NOON).total_seconds() for each in recorder.messages] == [0, 0, 0, 0, 0, 1, 2, 3]


def test_a_lane_is_free_again_though_the_clock_was_set_back(clock: FakeClock, team: Team, recorder: Recorder) -> None:
    team.channel(team.person("ann@example.com"))
    team.only_rules(ASKED)
    with team.run():
        for number in range(5):
            team.ask(f"Question {number}")
        team.notifications.worker.settle()
        clock.advance(days=-1)
        team.ask("Another question")
        team.clock.advance("5s")
    assert len(recorder.messages) == 6


def test_a_digest_comes_once_a_period_and_not_if_nothing_waits(team: Team, recorder: Recorder) -> None:
    team.channel(team.person("ann@example.com"))
    team.only_rules({"kind": "digest", "every": "1d"})
    with team.run():
        review = team.ask("Still open?", assignees=["ann@example.com"])
        team.clock.advance("2d")
        team.reviews.cancel_review(review["id"])
        team.clock.advance("2d")
    assert [each.at - NOON for each in recorder.messages] == [timedelta(days=1), timedelta(days=2)]
    assert [state for _, state in team.states()] == ["sent", "sent", "dropped", "dropped"]


def test_the_shown_fields_are_told_only_by_a_rule_that_says_so(team: Team, recorder: Recorder) -> None:
    team.channel(name="all")
    team.channel(name="some")
    team.channel(name="little")
    team.only_rules(
        {"kind": "asked", "audience": "channel:all", "content": "shown"},
        {"kind": "asked", "audience": "channel:some"},
        {"kind": "asked", "audience": "channel:little", "content": "none"},
    )
    with team.run():
        team.ask("First line\n\nSECRET of the second line")
        team.notifications.worker.settle()
    by_name = {each.to: each.text for each in recorder.messages}
    assert "SECRET" in by_name["all"]
    assert "First line" in by_name["some"]
    assert "SECRET" not in by_name["some"]
    assert "First line" not in by_name["little"]
    assert "General review" in by_name["little"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"kind": "asked", "audience": "all"}, "audience"),
        ({"kind": "asked", "audience": "channel:nowhere"}, "nowhere"),
        ({"kind": "asked", "template": "nowhere"}, "nowhere"),
        ({"kind": "asked", "after": "1h"}, "escalation"),
        ({"kind": "reminder"}, "required"),
        ({"kind": "reminder", "before_due": "soon"}, "soon"),
        ({"kind": "escalation", "after": "1s"}, "60"),
        ({"kind": "digest", "every": "1s"}, "300"),
        ({"kind": "told"}, "one of"),
        ({"kind": "asked", "contents": "title"}, "unknown"),
        ({"kind": "asked", "content": "everything"}, "one of"),
        ({"kind": "asked", "priority": "higher"}, "one of"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(team: Team, given: dict[str, str], why: str) -> None:
    with pytest.raises(ApiError, match=why):
        team.notifications.add_rule(given)


def test_a_channel_that_a_rule_names_is_not_removed(team: Team) -> None:
    team.channel(name="refunds")
    rule = team.notifications.add_rule({"kind": "asked", "audience": "channel:refunds"})
    with pytest.raises(ApiError, match=rule.id):
        team.notifications.remove_channel("refunds")
    team.notifications.rules.remove(rule.id)
    team.notifications.remove_channel("refunds")
    assert team.channels.all() == []


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia"])
@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_quiet_hours_end_at_their_time_of_the_clock_on_the_wall_on_every_day(
    recorder: Recorder, zone: str, day: datetime
) -> None:
    clock = FakeClock()
    clock.now = day
    team = Team(clock, lambda host: recorder)
    team.channel(team.person("ann@example.com"))
    team.notifications.set_hours("ann@example.com", zone, "00:30-23:30")
    team.only_rules(ASKED)
    with team.run():
        team.clock.advance("12h")
        team.ask()
        team.clock.advance("24h")
    team.close()
    local = recorder.messages[0].at.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (23, 30)


def test_the_limits_can_be_others(recorder: Recorder) -> None:
    team = Team(FakeClock(), lambda host: recorder, limits=Limits(burst=1, most_planned=2))
    team.channel(team.person("ann@example.com"))
    team.only_rules(ASKED)
    with team.run():
        for number in range(3):
            team.ask(f"Question {number}")
            team.notifications.worker.settle()
        team.clock.advance("1m")
    team.close()
    assert [each.kind for each in recorder.messages] == ["asked", "digest"]
