"""`hitl reviews create --from` against a live sandbox."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_processes import PATIENCE, command, run_on_terminal, start
from click.testing import Result
from pytest_httpserver import HTTPServer

from hitl.testing import Sandbox

Run = Callable[..., Result]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture
def create(run: Run) -> Run:
    return partial(run, "reviews", "create")


@pytest.fixture
def drafts(tmp_path: Path) -> str:
    path = tmp_path / "drafts.csv"
    path.write_text(
        "draft,editor\nRefund order 1042?,ann@example.com\nRefund order 1043?,\nRefund order 1042?,ann@example.com\n"
    )
    return str(path)


MAPPED = ("--template", "content_review", "--map", "draft=content.text", "--map", "editor=assignees")


def lines(outcome: Result) -> list[dict[str, Any]]:
    return sorted((json.loads(line) for line in outcome.stdout.splitlines()), key=lambda line: line["line"])


def test_each_row_becomes_a_review(create: Run, sandbox: Sandbox, drafts: str) -> None:
    outcome = create("--from", drafts, *MAPPED, "--priority", "high")
    assert outcome.exit_code == 0, outcome.output
    assert [(line["line"], line["status"], line["error"]) for line in lines(outcome)] == [
        (2, "assigned", None),
        (3, "created", None),
        (4, "assigned", None),
    ]
    client = sandbox.client()
    made = [client.get_review(line["id"]) for line in lines(outcome)]
    assert [review.content["text"] for review in made] == [
        "Refund order 1042?",
        "Refund order 1043?",
        "Refund order 1042?",
    ]
    assert [review.assignees for review in made] == [["ann@example.com"], [], ["ann@example.com"]]
    assert {review.priority for review in made} == {"high"}


def test_a_second_run_of_the_same_file_makes_nothing_twice(create: Run, sandbox: Sandbox, drafts: str) -> None:
    first, second = create("--from", drafts, *MAPPED), create("--from", drafts, *MAPPED)
    assert {line["id"] for line in lines(first)} == {line["id"] for line in lines(second)}
    assert len(sandbox.client().list_reviews()) == 3


def test_a_file_that_grows_goes_on_under_the_same_name(create: Run, sandbox: Sandbox, drafts: str) -> None:
    create("--from", drafts, *MAPPED, "--batch-key", "drafts")
    with Path(drafts).open("a") as file:
        file.write("Refund order 1044?,\n")
    assert create("--from", drafts, *MAPPED, "--batch-key", "drafts").exit_code == 0
    assert len(sandbox.client().list_reviews()) == 4


def test_lines_of_json_may_come_from_standard_input(create: Run, sandbox: Sandbox) -> None:
    outcome = create(
        "--from",
        "-",
        "--template",
        "content_review",
        stdin='{"text": "Refund order 1042?"}\n{"content": {"text": "Deploy 2.4?"}}\n',
    )
    assert outcome.exit_code == 0, outcome.output
    assert {review.content["text"] for review in sandbox.client().list_reviews()} == {
        "Refund order 1042?",
        "Deploy 2.4?",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"content": {}}\n{"content": {}, "priority": "urgent"}\n', "line 2: priority must be one of"),
        ('{"text": "Refund order 1042?"}\n{"text": }\n', "line 2: not valid JSON"),
        ('{"text": "Refund order 1042?"}\n{"content": {}, "title": "x"}\n', "line 2: unknown: title"),
    ],
)
def test_nothing_is_sent_if_a_line_cannot_be(
    create: Run, sandbox: Sandbox, tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(text)
    outcome = create("--from", str(path), "--template", "content_review")
    assert outcome.exit_code == 2
    assert f"Error: {path}, {told}" in outcome.stderr
    assert outcome.stdout == ""
    assert len(sandbox.client().list_reviews()) == 0


def test_what_fails_is_told_on_its_line_and_the_others_are_made(create: Run, sandbox: Sandbox) -> None:
    items = '{"content": {}, "template_id": "unknown_template"}\n{"content": {}, "template_id": "content_review"}\n'
    outcome = create("--from", "-", stdin=items)
    assert outcome.exit_code == 1
    first, second = lines(outcome)
    assert first["id"] is None
    assert "template_not_found" in first["error"]
    assert second["error"] is None
    assert "Error: 1 of 2 failed; run the same command again" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "a.csv", "--content", "{}"), "--content cannot be used with --from"),
        (("--from", "a.csv", "--map", "a=b"), "'b' is not a target"),
        (("--template", "t", "--content", "{}", "--batch-key", "k"), "--batch-key cannot be used without --from"),
        (("--template", "t"), "Missing option '--content'"),
        (("--content", "{}"), "Missing option '--template'"),
    ],
)
def test_options_that_do_not_go_together_are_told(create: Run, arguments: tuple[str, ...], told: str) -> None:
    outcome = create(*arguments)
    assert outcome.exit_code == 2
    assert told in outcome.stderr


def test_closed_standard_input_is_an_empty_one(environment: dict[str, str]) -> None:
    line = shlex.join(command("reviews", "create", "--from", "-", *MAPPED))
    done = subprocess.run(
        ["/bin/sh", "-c", f"{line} <&-"],
        env={**os.environ, **environment},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_on_a_terminal_a_bar_shows_the_progress(environment: dict[str, str], drafts: str) -> None:
    lines, shown = run_on_terminal(environment, "reviews", "create", "--from", drafts, *MAPPED, stdout=subprocess.PIPE)
    assert "3/3" in shown
    assert len(lines.splitlines()) == 3


def test_where_lines_and_bar_share_a_terminal_each_line_stands_alone(environment: dict[str, str], drafts: str) -> None:
    _, shown = run_on_terminal(environment, "reviews", "create", "--from", drafts, *MAPPED)
    assert "3/3" in shown
    lines = [line.rpartition("\x1b[K")[2] for line in shown.splitlines() if '"id"' in line]
    assert len(lines) == 3
    assert all(json.loads(line)["id"] for line in lines)


def test_ctrl_c_says_how_to_go_on(httpserver: HTTPServer, drafts: str) -> None:
    process: list[subprocess.Popen[str]] = []

    def interrupt(request: Any) -> Any:
        process[0].send_signal(signal.SIGINT)
        process[0].wait(PATIENCE)

    httpserver.expect_request("/v1/reviews", method="POST").respond_with_handler(interrupt)
    environment = {"HITL_BASE_URL": httpserver.url_for(""), "HITL_API_KEY": "hitl_test_key"}
    process.append(start(environment, "reviews", "create", "--from", drafts, *MAPPED, "--concurrency", "1"))
    _, stderr = process[0].communicate(timeout=PATIENCE)
    assert process[0].returncode == 130
    assert stderr == (
        "Error: interrupted after 0 of 3; run the same command again to continue: a server with idempotency keys creates "
        "nothing twice\n"
    )
    httpserver.clear()
