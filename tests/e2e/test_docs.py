"""What the documentation claims, held against the code. That its Python blocks run is seen to by conftest.py."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import attrs
import click
import pytest
from script import BROKEN, SILENT, UNREACHABLE, Script, answer, refused, reviewed

import hitl
from hitl import AsyncHITLClient, HITLClient, Review, Template, WaitStats, exceptions, models, retry, testing, webhooks
from hitl import _methods as _core
from hitl import _own_transport as _own
from hitl._api import operations
from hitl._batches import concurrency as _gate
from hitl._calls import LONGEST_PAUSE, LONGEST_RETRY_AFTER, Backoff, Exchange, Server
from hitl._calls.exchange import SHARE
from hitl._calls.retry_budget import MOST_RETRIES, SUCCESSES_FOR_ONE
from hitl._calls.retry_policy import TRANSIENT_STATUSES
from hitl._config import SETTINGS
from hitl._engine import Response, TransportFailure, TransportResult
from hitl._engine import http1 as _wire
from hitl._flows import ApiCall
from hitl._flows import threads as _workers
from hitl._waiting import schedule as _schedule
from hitl.cli import sandbox as command
from hitl.server.http import requests
from hitl.server.results import DISPLAYS
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import lifecycle as reviews
from hitl.server.reviews.sample_templates import SAMPLE_TEMPLATES
from hitl.testing import Sandbox, hostile
from hitl.webhooks import ReplayGuard, WebhookEvent
from hitl.webhooks._refusals import MEANINGS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

Row = list[str]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def rows(name: str, header: str) -> list[Row]:
    """Return the body of the table whose header begins with these words."""
    lines = iter(page(name).splitlines())
    next(line for line in lines if line.startswith(f"| {header} |"))
    next(lines)  # the rule below the header
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def words(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


# --- the clients ----------------------------------------------------------------------------------------------------


def test_the_settings_are_those_in_the_reference() -> None:
    def shown(value: object) -> str:
        return "" if value is None else f"`{value}`"

    expected = [[shown(s.name), shown(s.environment), shown(s.default), s.meaning] for s in SETTINGS]
    assert rows("reference/client.md", "Argument") == expected


def test_the_bounds_are_those_in_the_reference() -> None:
    assert f"at most {_wire.LARGEST_BODY // 1024**2} MiB" in page("reference/client.md")
    assert f"at most {_own.MOST_AT_ONCE} exchanges under way" in page("reference/client.md")
    assert f"at most {webhooks.LARGEST_BODY // 1024**2} MiB" in page("reference/webhooks.md")


def test_every_public_name_has_a_place_in_the_documentation() -> None:
    everything = "\n".join(file.read_text() for file in (ROOT / "docs").rglob("*.md"))
    for module in (hitl, exceptions, hostile, retry, testing, webhooks):
        missing = [name for name in module.__all__ if not re.search(rf"\b{name}\b", everything)]
        assert missing == [], f"no page names these of {module.__name__}"


def test_the_methods_are_those_in_the_reference() -> None:
    named = [words(row[0])[0] for row in rows("reference/client.md", "Method")]
    assert sorted(named) == sorted(name for name in vars(HITLClient) if not name.startswith("_"))
    assert set(named) - {"close"} | {"aclose"} == {name for name in vars(AsyncHITLClient) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("model", "section"),
    [(Review, "Review"), (models.Outcome, "Outcome"), (Template, "Template"), (WaitStats, "WaitStats")],
)
def test_the_fields_of_a_review_are_those_in_the_reference(model: type, section: str) -> None:
    text = page("reference/client.md").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    named = [name for line in re.findall(r"^\| (`.+)", text, re.M) for name in words(line.split(" | ")[0])]
    assert sorted(named) == sorted(field.name for field in attrs.fields(model))


def test_the_numbers_of_a_wait_are_those_in_the_how_to() -> None:
    told = re.findall(r"\| ([\d.]+)(?: times)? \|\n", page("how-to/wait.md"))
    numbers = [_schedule.HOLD, _schedule.LONGEST_HOLD, _schedule.BETWEEN_HOLDS, _schedule.GROWTH, _schedule.SLOWEST]
    assert [float(each) for each in told] == numbers
    shortest, longest = (seconds / 60 for seconds in _schedule.NOTIFIED)
    assert f"once in {shortest:.0f} to {longest:.0f} minutes" in page("how-to/wait.md")
    holds = f"held open for up to {_schedule.HOLD} s, or {_schedule.LONGEST_HOLD} s where"
    assert holds in page("explanation/waiting.md")


def test_a_batch_is_as_wide_as_the_how_to_says() -> None:
    told = dict(re.findall(r"^\| (.+) \| (\d+) \|$", page("how-to/batches.md"), re.M))
    assert {name: int(number) for name, number in told.items()} == {
        "requests under way at first": _gate.BEGIN,
        "requests under way at most, unless you say otherwise": _core.CONCURRENCY,
        "threads of the blocking client at most": _workers.THREADS,
        "requests of the asynchronous client under way at most, whatever you say": _own.MOST_AT_ONCE,
        "seconds of a pause at most": int(_gate.LONGEST_PAUSE),
        "pauses in a row without one success between them, before it gives up": _gate.PATIENCE,
    }
    assert _gate.LONGEST_PAUSE == LONGEST_RETRY_AFTER


# --- errors ---------------------------------------------------------------------------------------------------------


def test_every_error_is_explained_once() -> None:
    assert sorted(words(row[0])[0] for row in rows("reference/errors.md", "Error")) == sorted(exceptions.__all__)


def test_the_attributes_of_each_error_exist() -> None:
    for row in rows("reference/errors.md", "Error"):
        error = getattr(exceptions, words(row[0])[0])("message")
        for attribute in words(" ".join(row[1:])):
            if attribute.startswith("."):
                assert hasattr(error, attribute[1:]), (row[0], attribute)


def test_the_attributes_of_all_errors_are_explained() -> None:
    named = {words(row[0])[0] for row in rows("reference/errors.md", "Attribute")}
    assert named == set(vars(exceptions.HITLError()))


def test_the_tree_of_errors_is_the_real_one() -> None:
    parents: list[str] = []
    for line in re.findall(
        r"^([│├└─ ]*)(\w+)$", page("reference/errors.md").partition("```text")[2].partition("```")[0], re.M
    ):
        depth = len(line[0]) // 4
        parents[depth:] = [line[1]]
        if depth:
            assert getattr(exceptions, line[1]).__bases__[0].__name__ == parents[depth - 1]
    assert parents[0] == "HITLError"


TIME_LEFT = 20.0  # seconds, in the cases below
NEITHER_PASSING_NOR_GOOD = sorted(set(range(300, 600)) - TRANSIENT_STATUSES)
CASES: dict[str, list[TransportResult]] = {
    "no connection could be made": [UNREACHABLE],
    "nothing of the request had left yet": [
        TransportFailure("…", "no", "timeout"),
        TransportFailure("…", "no", "broken"),
    ],
    "a connection that had been used before was closed before the answer began": [
        TransportFailure("…", "maybe", "stale")
    ],
    "the connection broke": [BROKEN],
    "no answer in time": [SILENT],
    "nobody knows the server's name": [TransportFailure("…", "no", "unknown_host")],
    "the server could not prove who it is": [TransportFailure("…", "no", "tls")],
    "409 with the code `idempotency_in_progress`": [refused(409, "idempotency_in_progress")],
    "every other status": [answer(status) for status in NEITHER_PASSING_NOR_GOOD],
    "a success that is empty, garbled, cut off, or no JSON by its own account": [
        answer(200, b""),
        Response(200, {}, b"", fault="its encoding ends too early"),
        Response(200, {}, b'{"succ', is_framed=False),
        answer(200, b"<html>", content_type="text/html"),
    ],
    "a success whose JSON does not fit `openapi.yaml`": [answer(200, {"success": True, "data": {}})],
    f"`Retry-After` of more than {LONGEST_RETRY_AFTER:g} seconds": [answer(429, retry_after="61")],
    "`Retry-After` of more than the time that is left": [answer(429, retry_after=f"{TIME_LEFT + 1:g}")],
    "a pause that would end after the call's `timeout`": [answer(429, retry_after=f"{TIME_LEFT:g}")],
}
ANOTHERS = "a success about another review or template"


def what_follows(call: ApiCall[Any], outcome: TransportResult, server: Server) -> str:
    script = Script([outcome, reviewed()])
    flow = Exchange(Backoff(1, 1.0), server, script.clock, TIME_LEFT)(call)
    with suppress(exceptions.HITLError):
        script.play(flow)
    return "no" if len(script.calls) == 1 else "yes" if script.sleeps else "at once"


def test_what_is_retried_is_what_the_table_says() -> None:
    read = operations.get_review("rev_1")
    create = operations.create_review({"template_id": "template_123", "content": {}}, None)
    table = rows("reference/errors.md", "What happened")
    for what, *verdicts in table:
        if what == ANOTHERS:  # it takes a question about one review; see the next test
            continue
        for outcome in CASES.get(what) or [answer(int(status)) for status in what.split(", ")]:
            happens = [
                what_follows(read, outcome, Server()),
                what_follows(create, outcome, Server()),
                what_follows(create, outcome, Server(honours_keys=True)),
            ]
            assert happens == verdicts, (what, outcome)
    assert set(CASES) <= {what for what, *_ in table}
    listed = {int(status) for what, *_ in table for status in re.findall(r"\b\d{3}\b", what)}
    assert listed == TRANSIENT_STATUSES | {409}


def test_an_answer_about_another_review_is_asked_for_again() -> None:
    assert [ANOTHERS, "yes", "no", "yes"] in rows("reference/errors.md", "What happened")
    assert what_follows(operations.get_review("rev_1"), reviewed(review_id="rev_2"), Server()) == "yes"


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
    told = f"up to {requests.MAX_LIMIT} entries, {requests.DEFAULT_LIMIT} if not said otherwise"
    assert told in page("reference/sandbox.md")


def test_the_reasons_to_refuse_a_webhook_are_those_in_the_reference() -> None:
    assert [words(row[0]) for row in rows("reference/webhooks.md", "reason")] == [[reason] for reason in MEANINGS]


def test_the_properties_of_an_event_are_those_in_the_reference() -> None:
    listed = {name for row in rows("reference/webhooks.md", "property") for name in words(row[0])}
    assert listed == {name for name, value in vars(WebhookEvent).items() if isinstance(value, property)}


def test_the_methods_of_a_replay_guard_are_those_in_the_reference() -> None:
    listed = {word.partition("(")[0] for row in rows("reference/webhooks.md", "method") for word in words(row[0])}
    assert listed == {name for name in vars(ReplayGuard) if not name.startswith("_")}


def test_the_tutorial_shows_what_the_command_prints() -> None:
    site = SimpleNamespace(
        url="http://127.0.0.1:4010",
        inbox_url="http://127.0.0.1:4010/inbox/enter/c2Vj…",
        api_key="hitl_test_0123456789",
    )
    printed = command._greeting(cast(ReviewServer, site), ":memory:").replace("'", "").replace("0123456789", "0123…")
    assert f"```text\n{printed}```" in page("tutorial/first-review.md")


# --- the rest -------------------------------------------------------------------------------------------------------


def test_the_layers_are_those_that_the_linter_enforces() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert "```text\n" + "\n".join(layers) + "\n```" in page("explanation/architecture.md")


def anchors(file: Path) -> set[str]:
    """Return the names by which the headings of a page can be linked to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", file.read_text(), flags=re.S), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text()):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        there = (file.parent / path).resolve() if path else file
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_that_is_named_exists(file: Path) -> None:
    named = re.findall(r"`((?:hitl|generated|codegen|tests|docs|examples|changelog\.d)/[\w./-]*)`", file.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_page_can_be_reached_from_the_index() -> None:
    reached = {(ROOT / "docs" / target).resolve() for target in re.findall(r"\]\(([^)#\s]+)", page("index.md"))}
    assert set(PAGES) - reached == {ROOT / "README.md", ROOT / "docs" / "index.md"}


def test_the_how_to_about_tests_is_a_test_file_that_passes(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", page("how-to/test-your-code.md"), re.S)
    (tmp_path / "test_how_to.py").write_text("\n".join(blocks))
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_how_to.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert f"{sum(block.count('def test_') for block in blocks)} passed" in done.stdout


@pytest.fixture
def served(sandbox: Sandbox, person: Callable[[Sandbox], AbstractContextManager[None]]) -> Iterator[Sandbox]:
    """Give a sandbox where somebody answers."""
    with person(sandbox):
        yield sandbox


@pytest.mark.parametrize(
    ("example", "prints"),
    [
        ("publish_or_not.py", "Published: All about bicycle bells."),
        ("check_rows.py", "Kept: A-1, A-2, A-3, A-4"),
        ("two_steps.py", "Ready: Tyres last ten years."),
    ],
)
def test_an_example_runs(served: Sandbox, monkeypatch: pytest.MonkeyPatch, example: str, prints: str) -> None:
    monkeypatch.setenv("HITL_BASE_URL", served.base_url)
    monkeypatch.setenv("HITL_API_KEY", served.api_key)
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / example)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert prints in done.stdout.splitlines()


def test_every_example_is_tried() -> None:
    tried = {"publish_or_not.py", "check_rows.py", "two_steps.py"}
    assert {file.name for file in (ROOT / "examples").glob("*.py")} == {"demo.py", *tried}
