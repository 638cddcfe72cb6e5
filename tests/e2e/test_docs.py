"""The figures of the documentation, held against the code: the one test of documents that knows the inside of rooms."""

from __future__ import annotations

import re
from dataclasses import fields
from types import SimpleNamespace
from typing import cast

import click
from documents import page, rows, words

from hitl import _methods as _core
from hitl import webhooks
from hitl._batches import concurrency as _gate
from hitl._calls import LONGEST_PAUSE, LONGEST_RETRY_AFTER
from hitl._calls.exchange import SHARE
from hitl._calls.retry_policy import MOST_RETRIES, SUCCESSES_FOR_ONE
from hitl._config import MOST_AT_ONCE, SETTINGS
from hitl._engine import http1 as _wire
from hitl._flows import threads as _workers
from hitl._namespaces import turn_wait
from hitl._waiting import timing as _timing
from hitl.cli import sandbox as command
from hitl.cli import server as team
from hitl.server.agent_sessions import lifecycle as agent_sessions
from hitl.server.http import exposure, public_url_guard, requests, tls
from hitl.server.http.service import Service
from hitl.server.results import DISPLAYS
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import lifecycle as reviews
from hitl.server.reviews.sample_templates import SAMPLE_TEMPLATES
from hitl.webhooks._refusals import MEANINGS

# --- the clients ----------------------------------------------------------------------------------------------------


def test_the_settings_are_those_in_the_reference() -> None:
    def shown(value: object) -> str:
        return "" if value is None else f"`{value}`"

    expected = [[shown(s.name), shown(s.environment), shown(s.default), s.meaning] for s in SETTINGS]
    assert rows("reference/client.md", "Argument") == expected


def test_the_bounds_are_those_in_the_reference() -> None:
    assert f"at most {_wire.LARGEST_BODY // 1024**2} MiB" in page("reference/client.md")
    assert f"at most {MOST_AT_ONCE} exchanges under way" in page("reference/client.md")
    assert f"at most {webhooks.LARGEST_BODY // 1024**2} MiB" in page("reference/webhooks.md")


def test_the_numbers_of_a_wait_are_those_in_the_how_to() -> None:
    told = re.findall(r"\| ([\d.]+)(?: times)? \|\n", page("how-to/wait.md"))
    numbers = [_timing.HOLD, _timing.LONGEST_HOLD, _timing.BETWEEN_HOLDS, _timing.GROWTH, _timing.SLOWEST]
    assert [float(each) for each in told] == numbers
    shortest, longest = (seconds / 60 for seconds in _timing.NOTIFIED)
    assert f"once in {shortest:.0f} to {longest:.0f} minutes" in page("how-to/wait.md")
    holds = f"held open for up to {_timing.HOLD} s, or {_timing.LONGEST_HOLD} s where"
    assert holds in page("explanation/waiting.md")


def test_the_numbers_of_a_wait_for_a_turn_are_those_in_the_reference() -> None:
    told = f"A read is held for {_timing.LONGEST_HOLD} seconds, or for {turn_wait.MOST}, the most"
    assert told in page("reference/hitl-sh.md")
    assert f"{agent_sessions.IDLE.days * 24} hours after its last change" in page("reference/sandbox.md")
    assert f"deleted {agent_sessions.KEPT.days} days later" in page("reference/sandbox.md")
    for action in agent_sessions.DESTRUCTIVE:
        assert f"`{action}`" in page("reference/sandbox.md")


def test_a_batch_is_as_wide_as_the_how_to_says() -> None:
    told = dict(re.findall(r"^\| (.+) \| (\d+) \|$", page("how-to/batches.md"), re.M))
    assert {name: int(number) for name, number in told.items()} == {
        "concurrent requests at the start": _gate.BEGIN,
        "maximum concurrent requests, by default": _core.CONCURRENCY,
        "maximum threads of the blocking client": _workers.THREADS,
        "maximum concurrent requests of the asynchronous client, whatever `concurrency` says": MOST_AT_ONCE,
        "maximum pause in seconds": int(_gate.LONGEST_PAUSE),
        "consecutive pauses without a success before it gives up": _gate.PATIENCE,
    }
    assert _gate.LONGEST_PAUSE == LONGEST_RETRY_AFTER


def test_the_numbers_of_retries_are_those_in_the_reference() -> None:
    told = page("reference/errors.md").replace("\n", " ")
    assert f"at most {LONGEST_PAUSE:g} seconds" in told
    assert f"may make {MOST_RETRIES} retries beyond its calls" in told
    assert f"one more with every {SUCCESSES_FOR_ONE} calls" in told
    assert "two thirds of what is left" in told
    assert SHARE == 2 / 3


# --- the sandbox ----------------------------------------------------------------------------------------------------


def test_the_options_of_the_command_are_those_in_the_reference() -> None:
    named = {words(row[0])[0]: row[1] for row in rows("reference/sandbox.md", "Option")}
    options = {option.opts[0]: option for option in command.sandbox.params if isinstance(option, click.Option)}
    assert named.keys() == options.keys()
    for name in ("--host", "--port", "--data"):
        assert named[name] == f"`{options[name].default}`"


def test_the_states_are_those_in_the_reference() -> None:
    told = {words(row[0])[0]: row[1] for row in rows("reference/sandbox.md", "State")}
    assert told == dict.fromkeys(reviews.OPEN, "yes") | dict.fromkeys(reviews.FINAL, "no")


def test_the_starter_templates_are_those_in_the_reference() -> None:
    told = {words(row[0])[0]: (set(words(row[1])), set(words(row[2]))) for row in rows("reference/sandbox.md", "Id")}
    for template_id, template in SAMPLE_TEMPLATES.items():
        shown = {field["name"] for field in template["fields"] if field["type"] in DISPLAYS}
        asked = {field["name"] for field in template["fields"]} - shown - {"approved", "feedback"}
        assert told[template_id] == (shown, asked)
    assert told.keys() == SAMPLE_TEMPLATES.keys()


def test_the_length_of_a_page_is_that_in_the_reference() -> None:
    told = f"up to {requests.MAX_LIMIT} entries, {requests.DEFAULT_LIMIT} by default"
    assert told in page("reference/sandbox.md")


def test_the_reasons_to_refuse_a_webhook_are_those_in_the_reference() -> None:
    assert [words(row[0]) for row in rows("reference/webhooks.md", "reason")] == [[reason] for reason in MEANINGS]


def test_the_tutorial_shows_what_the_command_prints() -> None:
    site = SimpleNamespace(
        url="http://127.0.0.1:4010",
        inbox_url="http://127.0.0.1:4010/inbox/enter/c2Vj…",
        api_key="hitl_test_0123456789",
    )
    printed = command._greeting(cast(ReviewServer, site), ":memory:").replace("'", "").replace("0123456789", "0123…")
    assert f"```text\n{printed}```" in page("tutorial/first-review.md")


def test_the_options_of_the_server_are_those_in_the_reference() -> None:
    named = {words(row[0])[0]: row[1] for row in rows("reference/server.md", "Option")}
    options = {option.opts[0]: option for option in team.server.params if isinstance(option, click.Option)}
    assert named.keys() == options.keys() - {"--config"}
    for name in ("--host", "--port", "--undo", "--rate-limit", "--self-approval"):
        assert named[name] == f"`{options[name].default}`"


def test_the_limits_of_the_server_are_those_in_the_reference() -> None:
    told = page("reference/server.md").replace("\n", " ")
    assert f"answered after {public_url_guard.PROXIED_WAIT} seconds at the latest" in told
    assert f"shaken no hands within {tls.HANDSHAKE_SECONDS:g} seconds" in told
    defaults = {each.name: each.default for each in fields(Service)}
    assert f"longer than {defaults['grace']:g} seconds is cut" in told
    assert f"{exposure.SHORTEST_SECRET} characters or more" in told
