"""`hitl requests` against a live sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result

from hitl import HITLClient
from hitl.testing import Sandbox

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture(scope="module")
def loop_id(client: HITLClient) -> str:
    return client.loops.create(name="Moderators").id


def test_a_script_asks_waits_and_thanks(sandbox: Sandbox, loop_id: str, run: Run) -> None:
    asks = ("--single-select", "yes, no", "--timeout", "3600", "--default", "no")
    created = run("requests", "create", loop_id, "May this picture be shown?", *asks)
    assert (created.exit_code, created.stderr) == (0, "")
    request_id = created.stdout.strip()
    assert "pending" in run("requests", "show", request_id).stdout
    sandbox.reviewer.respond(request_id, "yes", "ann@example.com")
    waited = run("requests", "wait", request_id.upper())
    assert (waited.exit_code, waited.stdout) == (0, f'{request_id.upper()}  answered  ann@example.com  "yes"\n')
    rated = run("requests", "feedback", request_id, "--rating", "5", "--comment", "Quick, thanks.")
    assert (rated.exit_code, rated.stdout) == (0, f"{request_id} rated\n")
    again = run("requests", "feedback", request_id, "--rating", "5")
    assert (again.exit_code, "already" in again.stderr) == (1, True)
    shown = dict(line.split(None, 1) for line in run("requests", "show", request_id).stdout.splitlines())
    assert (shown["answer"], shown["by"], shown["verdict"]) == ('"yes"', "ann@example.com", "answered")


@pytest.mark.parametrize(
    ("options", "config", "default"),
    [
        ((), {"response_type": "boolean"}, False),
        (("--default", "Yes"), {"response_type": "boolean"}, True),
        (("--single-select", "a,b", "--default", "b"), {"response_type": "single_select"}, "b"),
        (("--multi-select", "a,b", "--default", "a,b"), {"response_type": "multi_select"}, ["a", "b"]),
        (("--multi-select", "a,b", "--default", ""), {"response_type": "multi_select"}, []),
        (("--rating", "1-10", "--default", "3"), {"response_type": "rating"}, 3),
        (("--number", "--default", "2.5"), {"response_type": "number"}, 2.5),
        (("--free-text", "--default", "Nothing"), {"response_type": "text"}, "Nothing"),
        (("--priority", "critical", "--context", '{"a": 1}'), {"priority": "critical", "context": {"a": 1}}, False),
    ],
)
def test_each_kind_of_answer_has_an_option(
    client: HITLClient, loop_id: str, run: Run, options: tuple[str, ...], config: dict[str, Any], default: Any
) -> None:
    created = run("requests", "create", loop_id, "What?", *options, "--json")
    assert created.exit_code == 0, created.output
    request = client.requests.get(json.loads(created.stdout)["id"])
    assert (request.to_json().items() >= config.items(), request.default_response) == (True, default)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--number", "--free-text"), "--number and --free-text exclude each other"),
        (("--single-select", "a,,b", "--default", "a"), "not of the form A,B,C"),
        (("--rating", "5"), "not of the form LOWEST-HIGHEST"),
        (("--default", "perhaps"), "'perhaps' is not yes or no"),
        (("--number", "--default", "few"), "'few' is not a number"),
        (("--single-select", "a,b"), "default must be given"),
        (("--single-select", "a,b", "--default", "c"), "default must be one of the options a, b"),
        (("--timeout", "10s"), "timeout must be 60 to 86400 seconds"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(loop_id: str, run: Run, options: tuple[str, ...], words: str) -> None:
    refused = run("requests", "create", loop_id, "What?", *options)
    assert (refused.exit_code, words in refused.stderr) == (2, True), refused.output


def asked(client: HITLClient, loop_id: str, **more: Any) -> str:
    return client.requests.create(loop_id, "May it?", **more).id


def test_the_exit_code_of_a_wait_follows_the_verdict(
    sandbox: Sandbox, client: HITLClient, loop_id: str, run: Run
) -> None:
    yes, no, late, taken_back = (asked(client, loop_id, timeout=60, default=True) for _ in range(4))
    sandbox.reviewer.respond(yes, True)
    sandbox.reviewer.respond(no, False)
    assert run("requests", "cancel", taken_back).stdout == f"{taken_back} cancelled\n"
    sandbox.clock.advance("2m")
    expected = {yes: ("approved", 0), no: ("rejected", 5), late: ("expired", 4), taken_back: ("cancelled", 4)}
    for request_id, (outcome, exit_code) in expected.items():
        waited = run("requests", "wait", request_id, "--json")
        assert (json.loads(waited.stdout)["outcome"], waited.exit_code) == (outcome, exit_code)
    waited = run("requests", "wait", *expected, "--json")
    lines = {line["id"]: line for line in map(json.loads, waited.stdout.splitlines())}
    assert {each: line["outcome"] for each, line in lines.items()} == {each: o for each, (o, _) in expected.items()}
    assert (lines[late]["request"]["answer"], lines[late]["request"]["timed_out"], waited.exit_code) == (True, True, 4)


def test_a_wait_for_what_is_open_or_unknown_says_so(client: HITLClient, loop_id: str, run: Run) -> None:
    waited = run("requests", "wait", asked(client, loop_id), "--timeout", "0.1s")
    assert (waited.exit_code, "timed_out" in waited.stdout) == (4, True)
    waited = run("requests", "wait", "0" * 24, "--json")
    line = json.loads(waited.stdout)
    assert (waited.exit_code, line["outcome"], line["request"]) == (3, "not_found", None)


def test_the_list_is_filtered_and_limited(sandbox: Sandbox, client: HITLClient, run: Run) -> None:
    loop_id = client.loops.create(name="Lists").id
    ids = [asked(client, loop_id) for _ in range(3)]
    sandbox.reviewer.respond(ids[0], True)
    shown = run("requests", "list", "--loop", loop_id, "--limit", "2")
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["ID", ids[2], ids[1]]
    assert "more than 2" in shown.stderr
    done = json.loads(run("requests", "list", "--loop", loop_id, "--status", "completed", "--json").stdout)
    assert [(each["id"], each["answer"]) for each in done] == [(ids[0], True)]
