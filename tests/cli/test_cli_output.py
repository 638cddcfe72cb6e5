"""Output that cannot be written as it is: by processes, whose streams are closed, full, or of another encoding."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from cli_processes import PATIENCE, command
from click.testing import Result
from pytest_httpserver import HTTPServer

from hitl import HITLClient
from hitl.cli.output import command_output
from hitl.testing import Sandbox

ROOT = Path(__file__).parents[2]
CONTENT = {"text": "größer 日本 🙂"}
CREATE = ("reviews", "create", "--template", "content_review", "--content", json.dumps(CONTENT))
BYTES = os.fsdecode(b"\xff\xfe")  # an argument that is not UTF-8


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture
def shell(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command with redirections of the shell, such as `>&-`; the exit code is the command's."""

    def shell(redirections: str, *arguments: str, **extra: str) -> subprocess.CompletedProcess[bytes]:
        line = ["bash", "-c", f'"$@" {redirections}; exit ${{PIPESTATUS[0]}}', "bash", *command(*arguments)]
        return subprocess.run(line, env={**os.environ, **environment, **extra}, capture_output=True, timeout=PATIENCE)

    return shell


Shell = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.mark.parametrize(
    ("redirection", "why"),
    [
        (">&-", "it is closed"),
        (">/dev/full", "No space left on device"),
        ("| exec true", "Broken pipe"),
    ],
)
def test_a_review_that_was_created_is_named_where_its_id_cannot_be_printed(
    shell: Shell, client: HITLClient, redirection: str, why: str
) -> None:
    # The reader of the pipe has certainly gone by the time that the server has answered.
    done = shell(redirection, *CREATE, "--json")
    newest = next(iter(client.list_reviews())).id
    assert done.returncode == 1
    assert done.stderr.decode() == f"Error: {newest} created; but standard output cannot be written: {why}\n"


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
@pytest.mark.parametrize("arguments", [("reviews", "list"), ("--help",)])
def test_output_that_is_lost_is_one_line_and_a_failure(
    shell: Shell, redirection: str, arguments: tuple[str, ...]
) -> None:
    done = shell(redirection, *arguments)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"Error: standard output cannot be written: ")
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_has_seen_enough_is_no_fault(shell: Shell, client: HITLClient) -> None:
    client.create_reviews([{"template_id": "content_review", "content": {"text": "x" * 5000}}] * 40)
    done = shell("| head -c 1", "export", "--all")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"{", b"")


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_without_standard_error_the_exit_code_still_tells(
    shell: Shell, sandbox: Sandbox, client: HITLClient, redirection: str
) -> None:
    assert shell(redirection, "reviews", "show", "rev_none").returncode == 3
    assert shell(redirection, "no-such-command").returncode == 2
    review = client.create_review("content_review", CONTENT)
    assert shell(redirection, "reviews", "wait", review.id, "--timeout", "0.01").returncode == 4
    sandbox.reviewer.complete(review, {"approved": True})
    waited = shell(redirection, "reviews", "wait", review.id, "--json")
    assert (waited.returncode, json.loads(waited.stdout)["outcome"]) == (0, "completed")
    assert shell(f"{redirection} >&-", *CREATE).returncode == 1


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
def test_a_wait_whose_result_cannot_be_printed_ends(
    shell: Shell, sandbox: Sandbox, client: HITLClient, redirection: str
) -> None:
    review = client.create_review("content_review", CONTENT)
    never = client.create_review("content_review", CONTENT)
    sandbox.reviewer.complete(review, {"approved": True})
    done = shell(redirection, "reviews", "wait", review.id, never.id)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)


def test_a_batch_whose_output_is_lost_stops_and_says_how_to_go_on(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text('{"text": "A"}\n{"text": "B"}\n')
    batch = ("reviews", "create", "--template", "content_review", "--from", str(file), "--concurrency", "1")
    failed = shell(">/dev/full", *batch)
    assert failed.returncode == 1
    message = failed.stderr.decode()
    assert "after 1 of 2; the last was" in message
    assert "run the same command again" in message
    lost = json.loads(message[message.index("{") : message.index("}") + 1])["id"]
    again = shell("", *batch)
    assert (again.returncode, json.loads(again.stdout.splitlines()[0])["id"]) == (0, lost)


@pytest.mark.parametrize("encoding", ["cp1252", "gbk", "ascii", "utf-16"])
def test_what_an_encoding_lacks_is_escaped_and_json_stays_the_same_value(
    shell: Shell, client: HITLClient, encoding: str
) -> None:
    review_id = client.create_review("content_review", CONTENT).id
    shown = shell("", "reviews", "show", review_id, "--json", PYTHONIOENCODING=encoding)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert json.loads(shown.stdout.decode(encoding))["content"] == CONTENT
    listed = shell("", "reviews", "list", "--limit", "1", PYTHONIOENCODING=encoding)
    assert listed.returncode == 0
    assert "日本" in listed.stdout.decode(encoding) or r"\u65e5\u672c" in listed.stdout.decode(encoding)


@pytest.mark.parametrize(
    "arguments",
    [
        ("reviews", "show", BYTES),
        ("reviews", "list", "--assignee", BYTES),
        ("reviews", "update", "rev_1", "--priority", BYTES),
        ("reviews", "create", "--template", "content_review", "--content", f'{{"text": "{BYTES}"}}'),
        ("reviews", "create", "--from", f"{BYTES}.jsonl"),
        ("reviews", "list", "--api-key", BYTES),
        ("reviews", "list", "--base-url", f"http://{BYTES}"),
        ("webhooks", "create", f"http://127.0.0.1:9/{BYTES}", "--secret", f"whsec_not-to-be-shown-{BYTES}"),
        ("webhooks", "create", "http://127.0.0.1:9/", "--secret", f"whsec_not-to-be-shown-{BYTES}"),
        ("webhooks", "listen", "--event", BYTES),
        ("webhooks", "listen", "--forward", f"http://127.0.0.1:9/{BYTES}"),
        ("webhooks", "listen", "--public-url", f"http://127.0.0.1:9/{BYTES}"),
        ("webhooks", "deliveries", "--webhook", BYTES),
        (BYTES,),
    ],
)
def test_an_argument_that_is_not_utf_8_is_a_usage_error(run: Callable[..., Result], arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert "whsec" not in done.stderr


def test_the_place_of_an_argument_that_is_not_utf_8_is_named(shell: Shell) -> None:
    done = shell("", "webhooks", "listen", "--forward", f"http://127.0.0.1:9/{BYTES}")
    assert (done.returncode, done.stderr) == (2, b"Error: argument 4 is not UTF-8 text\n")


def test_a_file_whose_name_is_not_utf_8_can_be_read(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / f"{BYTES}.jsonl"
    file.write_text('{"text": "A"}\n')
    assert shell("", "reviews", "create", "--template", "content_review", "--from", str(file)).returncode == 0


class Failing(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("stdout", "stderr", "complaint"),
    [
        (None, io.StringIO(), "Error: standard output cannot be written: it is closed\n"),
        (Failing(), io.StringIO(), "Error: standard output cannot be written: No space left on device\n"),
        (Failing(), None, None),
        (Failing(), Failing(), ""),
    ],
)
def test_lost_output_ends_the_process_in_order(
    monkeypatch: pytest.MonkeyPatch, stdout: io.StringIO | None, stderr: io.StringIO | None, complaint: str | None
) -> None:
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(sys, "stderr", stderr)

    def command() -> None:
        assert not sys.stderr.isatty()
        assert sys.stderr.writable()
        click.echo("a message", err=True)
        click.echo("a result")

    with pytest.raises(SystemExit) as ended, command_output():
        command()
    assert ended.value.code == 1
    assert (sys.stdout, sys.stderr) == (stdout, stderr)
    assert (None if stderr is None else stderr.getvalue().removeprefix("a message\n")) == complaint


def test_an_interruption_ends_the_process_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stderr := io.StringIO())
    with pytest.raises(SystemExit) as ended, command_output():
        raise KeyboardInterrupt
    assert (ended.value.code, stderr.getvalue()) == (130, "Error: interrupted\n")


def test_a_stream_of_a_small_encoding_escapes_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "latin-1"))
    with command_output():
        click.echo("ö 日 \ud800 🙂")
    assert raw.getvalue() == "ö \\u65e5 \\ud800 \\ud83d\\ude42\n".encode("latin-1")


ESCAPES = "\x1b]0;owned\x07\u202eabc\x9b31m\r\n\x00"
REVIEW: dict[str, Any] = {
    "id": "rev_1",
    "template_id": "t",
    "status": "created",
    "content": {"text": "x"},
    "created_at": "2026-01-01T00:00:00Z",
    "assignees": [],
}


@pytest.mark.parametrize(
    "odd",
    [
        {"status": f"weird{ESCAPES}"},
        {"status": "completed", "result": {ESCAPES: [ESCAPES, None, {"a": ESCAPES}]}, "reviewer": ESCAPES},
        {"status": "completed", "result": None},
        {"content": {f"name{ESCAPES}": ESCAPES, "null": None, "list": [1, 2.5, True, {"x": ESCAPES}]}},
        {"content": None},
        {"content": [1]},
        {"content": {"n": 10**4000, "tiny": 5e-324, "zero": -0.0}},
        {"content": {"text": "日本\x1b" * 20_000}},
        {"assignees": [ESCAPES], "priority": ESCAPES, "template_id": ESCAPES},
        {"assignees": None, "priority": None},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"created_at": "9999-12-31T23:59:59-14:00", "due_date": "0001-01-01T00:00:00+01:00"},
        {"created_at": "soon"},
        {"extra": {"id": 3}, "is_final": 7, ESCAPES: ESCAPES},
    ],
)
def test_an_odd_review_is_shown_or_refused_and_never_reaches_a_terminal_raw(
    run: Callable[..., Result], httpserver: HTTPServer, environment: dict[str, str], odd: dict[str, Any]
) -> None:
    environment["HITL_BASE_URL"] = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/v1/reviews").respond_with_json({"data": [{**REVIEW, **odd}]})
    httpserver.expect_request("/v1/reviews/rev_1").respond_with_json({"data": {**REVIEW, **odd}})
    for arguments in (
        ("reviews", "list"),
        ("reviews", "list", "--json"),
        ("reviews", "show", "rev_1"),
        ("reviews", "show", "rev_1", "--json"),
        ("reviews", "wait", "rev_1", "--timeout", "0.01"),
        ("export", "--all"),
    ):
        done = run(*arguments)
        assert isinstance(done.exception, SystemExit | None), arguments
        raw = [each for each in done.output if each != "\n" and not each.isprintable()]
        assert raw == [], arguments
        assert done.stderr.count("\n") == (done.exit_code == 1)


def test_a_template_list_for_the_sandbox_is_strict_json(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "templates.json"
    for text in ('[{"id": "a", "id": "b"}]', '[{"name": 1e400}]', "[NaN]", '["\\ud800"]', "{}", "[1]", '["x"]'):
        file.write_text(text)
        done = run("sandbox", "--port", "0", "--templates", str(file))
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1), text


def test_ctrl_c_ends_the_demo_without_a_traceback() -> None:
    master, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "examples/demo.py"],
        cwd=ROOT,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "BROWSER": "true"},
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, b"Waiting for the reviewer; Ctrl-C ends the demo.\n")
        [link] = [line for line in lines if line.startswith(b"http")]
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=PATIENCE)
    os.close(terminal)
    os.close(master)
    assert (process.returncode, complaints) == (130, b"")
    assert len(link) <= 80


def test_a_listener_whose_output_is_lost_ends(environment: dict[str, str], client: HITLClient) -> None:
    listen = ["bash", "-c", 'exec "$@" >/dev/full', "bash", *command("webhooks", "listen")]
    with subprocess.Popen(
        listen, env={**os.environ, **environment}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Listening at ")
        client.create_review("content_review", CONTENT)
        _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert complaints == "Error: standard output cannot be written: No space left on device\n"


def test_a_sandbox_that_cannot_say_where_it_is_ends(shell: Shell) -> None:
    done = shell(">/dev/full", "sandbox", "--port", "0")
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
