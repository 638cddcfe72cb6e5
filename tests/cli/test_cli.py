"""The `hitl` command against a live sandbox: as a process of its own, and in this one where that is enough."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from cli_processes import PATIENCE, run_on_terminal, run_to_the_end, start
from click.testing import Result
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from hitl import HITLClient
from hitl.testing import Sandbox
from hitl.webhooks import verify_signature

CONTENT = {"text": "Fit to print?"}
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture
def review_id(client: HITLClient) -> str:
    return client.create_review("content_review", CONTENT, assignees=["ann@example.com"]).id


def test_a_script_asks_and_waits_for_the_answer(sandbox: Sandbox, environment: dict[str, str]) -> None:
    created = run_to_the_end(
        environment, "reviews", "create", "--template", "content_review", "--content", '{"text": "A"}'
    )
    assert (created.returncode, created.stderr) == (0, "")
    review_id = created.stdout.strip()
    sandbox.reviewer.complete(review_id, {"approved": True}, "ann@example.com")
    waited = run_to_the_end(environment, "reviews", "wait", review_id)
    assert (waited.returncode, waited.stderr) == (0, "")
    assert waited.stdout == f'{review_id}  completed  ann@example.com  {{"approved": true}}\n'


def test_a_failure_is_one_line_and_never_a_traceback(environment: dict[str, str]) -> None:
    failed = run_to_the_end(environment, "reviews", "show", "rev_none")
    assert (failed.returncode, failed.stdout) == (3, "")
    assert failed.stderr.startswith("Error: get_review: ")
    assert failed.stderr.count("\n") == 1
    refused = run_to_the_end(environment, "reviews", "list", "--api-key", "not-the-key")
    assert refused.returncode == 1
    assert "401" in refused.stderr
    assert "not-the-key" not in refused.stderr


def test_an_interrupted_wait_exits_with_130(
    sandbox: Sandbox, environment: dict[str, str], review_id: str, client: HITLClient
) -> None:
    done = client.create_review("content_review", CONTENT).id
    sandbox.reviewer.complete(done, {"approved": True})
    with start(environment, "reviews", "wait", review_id, done) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline().startswith(done)
        waiting.send_signal(signal.SIGINT)
        _, complaints = waiting.communicate(timeout=PATIENCE)
    assert (waiting.returncode, complaints) == (130, "Error: interrupted\n")


def test_on_a_terminal_a_line_tells_how_many_are_still_waited_for(
    sandbox: Sandbox, environment: dict[str, str], review_id: str
) -> None:
    sandbox.reviewer.complete(review_id, {"approved": True})
    _, shown = run_on_terminal(environment, "reviews", "wait", review_id, stdout=subprocess.PIPE)
    assert shown.startswith("Waiting for 1; Ctrl-C stops waiting, not the reviews.")
    assert shown.endswith("\r\x1b[K")


def test_shells_can_complete_commands(environment: dict[str, str]) -> None:
    words = {"_HITL_COMPLETE": "bash_complete", "COMP_WORDS": "hitl reviews w", "COMP_CWORD": "2"}
    script = "import sys; sys.argv = ['hitl']; from hitl.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment, **words},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout == "plain,wait\n"


def test_reviews_are_listed_for_people_and_for_programs(run: Run, review_id: str) -> None:
    table = run("reviews", "list", "--assignee", "ann@example.com")
    assert table.stdout.splitlines()[0].split()[:3] == ["ID", "STATUS", "TEMPLATE"]
    assert f"{review_id}  " in table.stdout
    listed: list[dict[str, Any]] = json.loads(run("reviews", "list", "--json", "--limit", "1").stdout)
    assert [review["id"] for review in listed] == [review_id]
    assert listed[0]["content"] == CONTENT


def test_a_shortened_list_says_so(run: Run, client: HITLClient) -> None:
    client.create_reviews([{"template_id": "content_review", "content": CONTENT}] * 2)
    assert run("reviews", "list", "--limit", "1").stderr == "There are more than 1; raise --limit to see them.\n"
    assert run("templates", "list", "--limit", "1").stderr == "There are more than 1; raise --limit to see them.\n"
    assert run("templates", "list", "--limit", "100").stderr == ""


def test_one_review_is_shown_and_changed(run: Run, review_id: str) -> None:
    assert run("reviews", "update", review_id, "--priority", "high").output == f"{review_id} updated, assigned\n"
    shown = run("reviews", "show", review_id).stdout
    assert "priority   high\n" in shown
    assert '"text": "Fit to print?"' in shown
    changed = run("reviews", "update", review_id, "--content", '{"page": 2}', "--json")
    assert json.loads(changed.stdout)["content"] == {**CONTENT, "page": 2}
    assert json.loads(run("reviews", "show", review_id, "--json").stdout)["priority"] == "high"
    nothing = run("reviews", "update", review_id)
    assert nothing.exit_code == 2
    assert "nothing to change" in nothing.stderr


def test_reviews_are_created_from_standard_input_and_cancelled(run: Run) -> None:
    created = run(
        "reviews", "create", "--template", "content_review", "--content", "-", "--json", stdin='{"text": "B"}'
    )
    review_id = json.loads(created.stdout)["id"]
    assert run("reviews", "cancel", review_id).output == f"{review_id} cancelled\n"
    assert json.loads(run("reviews", "cancel", review_id, "--json").output)["status"] == "cancelled"


def test_each_ending_of_a_wait_has_its_line_and_its_exit_code(
    sandbox: Sandbox, run: Run, client: HITLClient, review_id: str
) -> None:
    rejected, cancelled = (client.create_review("content_review", CONTENT).id for _ in range(2))
    sandbox.reviewer.reject(rejected, {"feedback": "No"}, "bob@example.com")
    client.cancel_review(cancelled)
    assert run("reviews", "wait", rejected).exit_code == 5
    assert run("reviews", "wait", cancelled).exit_code == 4
    timed_out = run("reviews", "wait", review_id, "--timeout", "0.05")
    assert (timed_out.exit_code, timed_out.stdout.split()[:2]) == (4, [review_id, "timed_out"])
    several = run("reviews", "wait", rejected, cancelled, "rev_none", rejected, "--json")
    assert several.exit_code == 3
    lines = [json.loads(line) for line in several.stdout.splitlines()]
    assert {line["id"]: line["outcome"] for line in lines} == {
        rejected: "rejected",
        cancelled: "cancelled",
        "rev_none": "not_found",
    }
    assert len(lines) == 3


def test_a_reviewer_answers_after_one_link(sandbox: Sandbox, run: Run, review_id: str, tmp_path: Path) -> None:
    outside = run("reviews", "complete", review_id, "--set", "approved=true")
    assert outside.exit_code == 2
    assert "pass --inbox with the link that `hitl sandbox` prints" in outside.stderr
    inside = run("reviews", "complete", review_id, "--inbox", sandbox.inbox_url, "--set", "quality=4")
    assert (inside.exit_code, inside.stderr) == (1, "Error: not accepted: approved: is required\n")
    answers = ("--result", '{"quality": 4, "approved": false}', "--set", "approved=true", "--set", "text=It is.")
    assert run("reviews", "complete", review_id, *answers).output == f"{review_id} completed\n"
    review = sandbox.client().get_review(review_id)
    assert review.result == {"quality": 4, "approved": True, "text": "It is."}
    assert review.reviewer == "ann@example.com"
    (kept,) = tmp_path.rglob("inbox-sessions.json")
    assert kept.stat().st_mode & 0o077 == 0


def test_a_reviewer_rejects_and_cannot_answer_twice(sandbox: Sandbox, run: Run, client: HITLClient) -> None:
    review_id = client.create_review("content_review", CONTENT).id
    unnamed = run("reviews", "reject", review_id, "--inbox", sandbox.inbox_url)
    assert "name the reviewer with --reviewer" in unnamed.stderr
    rejected = run("reviews", "reject", review_id, "--reviewer", "bob@example.com", "--set", "feedback=No", "--json")
    assert json.loads(rejected.stdout)["result"] == {"feedback": "No"}
    again = run("reviews", "complete", review_id, "--set", "approved=true", "--reviewer", "bob@example.com")
    assert (again.exit_code, f"{review_id} is already rejected" in again.stderr) == (1, True)
    repeated = run("reviews", "reject", review_id, "--reviewer", "Bob@example.com", "--set", "feedback=No")
    assert (repeated.exit_code, repeated.stdout) == (0, f"{review_id} rejected\n")


def test_what_the_form_does_not_ask_for_is_told(sandbox: Sandbox, run: Run, review_id: str) -> None:
    link = sandbox.inbox_url
    misspelt = run("reviews", "complete", review_id, "--inbox", link, "--set", "aproved=true")
    assert misspelt.exit_code == 2
    assert "no field aproved; its fields: approved, feedback, quality, text" in misspelt.stderr
    nested = run("reviews", "complete", review_id, "--result", '{"approved": {"yes": true}}')
    assert "approved: must be a string, a number" in nested.stderr


def test_a_link_is_good_once_and_for_its_own_server(sandbox: Sandbox, run: Run, review_id: str, tmp_path: Path) -> None:
    link = sandbox.inbox_url
    assert run("reviews", "complete", review_id, "--inbox", link, "--set", "quality=9").exit_code == 1
    (kept,) = tmp_path.rglob("inbox-sessions.json")
    kept.write_text("no JSON")
    used = run("reviews", "complete", review_id, "--inbox", link, "--set", "approved=true")
    assert "this link is no longer valid" in used.stderr
    port = sandbox.base_url.rpartition(":")[2]
    kept.write_text(json.dumps({sandbox.base_url: {f"hitl_inbox_{port}": "of an earlier sandbox"}}))
    ended = run("reviews", "complete", review_id, "--set", "approved=true")
    assert "has ended; pass --inbox" in ended.stderr
    other = run("reviews", "complete", review_id, "--inbox", "http://127.0.0.1:1/inbox/enter/x")
    assert "for a server other than" in other.stderr


def test_a_template_that_was_shown_can_be_created_again(run: Run) -> None:
    shown = run("templates", "show", "content_review", "--json").stdout
    created = run("templates", "create", "-", stdin=shown)
    template_id = created.stdout.strip()
    updated = run("templates", "update", template_id, '{"name": "Mine"}', "--json")
    assert json.loads(updated.stdout)["fields"] == json.loads(shown)["fields"]
    assert "name         Mine\n" in run("templates", "show", template_id).stdout
    assert template_id in {each["id"] for each in json.loads(run("templates", "list", "--json").stdout)}
    assert run("templates", "delete", template_id).output == f"{template_id} deleted\n"
    assert run("templates", "show", template_id).exit_code == 3


def test_subscriptions_and_their_deliveries_are_shown_and_replayed(
    sandbox: Sandbox, run: Run, httpserver: HTTPServer, client: HITLClient
) -> None:
    arrived: SimpleQueue[Request] = SimpleQueue()

    def thank(request: Request) -> Response:
        arrived.put(request)
        return Response(status=204)

    httpserver.expect_request("/webhook").respond_with_handler(thank)
    made = json.loads(run("webhooks", "create", httpserver.url_for("/webhook"), "--json").stdout)
    assert made["id"] in run("webhooks", "list").stdout
    assert [each["secret"] for each in json.loads(run("webhooks", "list", "--json").stdout)] == [None]
    client.create_review("content_review", CONTENT)
    request = arrived.get(timeout=PATIENCE)
    assert verify_signature(request.headers, request.get_data(), made["secret"])
    assert "review.created" in run("webhooks", "deliveries", "--webhook", made["id"]).stdout
    listed = json.loads(run("webhooks", "deliveries", "--event", "review.created", "--json").stdout)
    replayed = run("webhooks", "replay", listed[0]["id"])
    assert replayed.stdout == f"{listed[0]['id']} pending, to {httpserver.url_for('/webhook')}\n"
    assert run("webhooks", "deliveries", "--status", "failed", "--json").stdout == "[]\n"
    assert run("webhooks", "delete", made["id"]).output == f"{made['id']} deleted\n"
    assert run("webhooks", "replay", "dlv_none").exit_code == 3


def test_a_made_up_event_is_signed_and_its_answer_told(run: Run, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/ok").respond_with_data("thanks")
    httpserver.expect_request("/broken").respond_with_data("no\nidea\x1b", status=500)
    sent = run("webhooks", "trigger", "review.completed", httpserver.url_for("/ok"), "--secret", "a secret")
    assert sent.exit_code == 0
    assert sent.stdout.endswith(" ms: thanks\n")
    request, _ = httpserver.log[0]
    assert verify_signature(request.headers, request.get_data(), "a secret")
    own = ("--payload", '{"review": {"id": "rev_7"}}')
    failed = run("webhooks", "trigger", "review.completed", httpserver.url_for("/broken"), "--secret", "a secret", *own)
    assert failed.exit_code == 1
    assert failed.stderr.endswith("/broken: HTTP 500: no idea\\x1b\n")
    request, _ = httpserver.log[1]
    assert request.get_json() == {"event": "review.completed", "review": {"id": "rev_7"}}
    assert run("webhooks", "trigger", "review.started", "http://127.0.0.1:1/", "--secret", "a secret").exit_code == 1


def test_listening_prints_forwards_and_unsubscribes(
    environment: dict[str, str], httpserver: HTTPServer, client: HITLClient, run: Run
) -> None:
    httpserver.expect_request("/webhook").respond_with_data(status=202)
    with start(environment, "webhooks", "listen", "--json", "--forward", httpserver.url_for("/webhook")) as listening:
        assert listening.stdout is not None
        assert listening.stderr is not None
        assert listening.stderr.readline().startswith("Listening at http://127.0.0.1:")
        secret = listening.stderr.readline().strip().partition("HITL_WEBHOOK_SECRET=")[2]
        review_id = client.create_review("content_review", CONTENT).id
        arrival = json.loads(listening.stdout.readline())
        listening.send_signal(signal.SIGTERM)
        _, complaints = listening.communicate(timeout=PATIENCE)
    assert (listening.returncode, complaints) == (0, "")
    assert (arrival["event"], arrival["forwarded"]) == ("review.created", 202)
    assert arrival["payload"]["review"]["id"] == review_id
    request, _ = httpserver.log[0]
    assert verify_signature(request.headers, request.get_data(), secret)
    assert json.loads(run("webhooks", "list", "--json").stdout) == []


def test_listening_for_one_event_leaves_the_others_out(run: Run, client: HITLClient, sandbox: Sandbox) -> None:
    from hitl_api.api.webhooks import list_webhook_deliveries, list_webhooks

    def answer_and_interrupt() -> None:
        while not client.call(list_webhooks).data:
            continue
        review_id = client.create_review("content_review", CONTENT).id
        sandbox.reviewer.complete(review_id, {"approved": True})
        while not any(
            each.subject_id == review_id and each.status == "delivered"
            for each in client.call(list_webhook_deliveries).data
        ):
            continue
        os.kill(os.getpid(), signal.SIGINT)

    helper = threading.Thread(target=answer_and_interrupt, daemon=True)
    helper.start()
    listened = run("webhooks", "listen", "--event", "review.completed")
    helper.join(PATIENCE)
    assert listened.exit_code == 0
    (line,) = listened.stdout.splitlines()
    assert line.split()[1] == "review.completed"


def test_an_export_tells_what_was_asked_answered_and_edited(sandbox: Sandbox, run: Run, client: HITLClient) -> None:
    answered, waiting = (client.create_review("initial_review", {"draft": "A", "content": "B"}).id for _ in range(2))
    sandbox.reviewer.complete(answered, {"approved": True, "content": "C"}, "ann@example.com")
    exported = run("export", "--jsonl", "--template", "initial_review")
    (record,) = map(json.loads, exported.stdout.splitlines())
    assert record["id"] == answered
    assert record["request"] == {"draft": "A", "content": "B"}
    assert record["answer"] == {"approved": True, "content": "C"}
    assert record["edits"] == {"content": {"before": "B", "after": "C"}}
    assert record["reviewer"] == "ann@example.com"
    assert record["seconds_to_answer"] >= 0
    everything = json.loads(run("export", "--json", "--all", "--template", "initial_review").stdout)
    assert {each["id"]: each["seconds_to_answer"] is None for each in everything} == {answered: False, waiting: True}
