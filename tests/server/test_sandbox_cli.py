from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from hitl import __version__
from hitl.cli import main
from hitl.cli.commands import hitl
from hitl.cli.sandbox import print_links
from hitl.server.http.listeners import Listener
from hitl.server.http.server import HttpServer
from hitl.server.review_server import ReviewServer

FIELDS = [{"name": "approved", "type": "boolean"}]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(hitl, arguments)


def test_it_tells_its_version() -> None:
    assert run("--version").output == f"hitl, version {__version__}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_command_prints_what_a_client_needs_serves_and_ends_well(number: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-m", "hitl.cli", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        exports: dict[str, str] = {}
        for line in process.stdout:
            name, found, value = line.removeprefix("export ").strip().partition("=")
            if found:
                exports[name] = value
            if "HITL_API_KEY" in exports:
                break
        headers = {"Authorization": f"Bearer {exports['HITL_API_KEY']}"}
        answer = httpx.get(f"{exports['HITL_BASE_URL']}/v1/templates", headers=headers)
        assert answer.status_code == 200
        process.send_signal(number)
        _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, "")


def stop_when_it_serves(url: str) -> None:
    while True:
        try:
            httpx.get(f"{url}/healthz")
        except httpx.ConnectError:
            continue
        break
    os.kill(os.getpid(), signal.SIGINT)


def test_data_keys_and_templates_can_be_given(tmp_path: Path) -> None:
    templates = tmp_path / "templates.json"
    templates.write_text(json.dumps([{"id": "mine", "name": "Mine", "fields": FIELDS}]))
    listener = Listener()
    listener.close()
    threading.Thread(target=stop_when_it_serves, args=(listener.url,), daemon=True).start()
    data = str(tmp_path / "sandbox.db")
    given = ("--port", str(listener.port), "--data", data, "--api-key", "one", "--api-key", "two")
    outcome = run("sandbox", *given, "--templates", str(templates), "--monthly-quota", "500")
    assert outcome.exit_code == 0
    assert f"  API      {listener.url}\n  API key  one\n  Inbox    {listener.url}/inbox/enter/" in outcome.output
    assert f"  Data     {data}\n" in outcome.output
    assert outcome.output.endswith(f"export HITL_BASE_URL={listener.url}\nexport HITL_API_KEY=one\n")


def test_a_taken_port_is_told_in_one_line() -> None:
    listener = Listener()
    outcome = run("sandbox", "--port", str(listener.port))
    listener.close()
    assert outcome.exit_code == 1
    assert outcome.output.startswith("Error: --port: cannot listen on 127.0.0.1:")
    assert outcome.output.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "cannot be read as JSON"),
        ("{}", "must hold a JSON array of templates"),
        ('[{"id": "mine"}]', "a template cannot be used: name: is required"),
    ],
)
def test_a_faulty_file_of_templates_is_told_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    templates = tmp_path / "templates.json"
    templates.write_text(text)
    outcome = run("sandbox", "--port", "0", "--templates", str(templates))
    assert outcome.exit_code == 1
    assert message in outcome.output
    assert outcome.output.count("\n") == 1


def test_a_file_that_another_sandbox_uses_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    command = [sys.executable, "-W", "error", "-m", "hitl.cli", "sandbox", "--port", "0", "--data", str(file)]
    with ReviewServer(data=file):
        second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"Error: --data: {file} is in use by another server; stop that one, or give this one another file\n"
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--rate-limit", "often"), "such as 100/hour"),
        (("--host", "0.0.0.0"), "--allow-remote"),
        (("--allow-webhook-net", "home"), "192.168.1.0/24"),
        (("--api-key", "hitl secret"), "visible ASCII"),
        (("--api-key", "hitl-secret", "--data", "/"), "cannot be opened"),
    ],
)
def test_what_cannot_be_is_told_in_one_line_without_the_key(given: tuple[str, ...], told: str) -> None:
    outcome = run("sandbox", "--port", "0", *given)
    assert outcome.exit_code == 1
    assert told in outcome.output
    assert outcome.output.count("\n") == 1
    assert "secret" not in outcome.output


def read_until(terminal: int, text: str) -> str:
    seen = ""
    while text not in seen:
        seen += os.read(terminal, 65536).decode()
    return seen


def test_enter_prints_a_fresh_link_into_the_inbox() -> None:
    terminal, end = os.openpty()
    command = [sys.executable, "-W", "error", "-m", "hitl.cli", "sandbox", "--port", "0", "--rate-limit", "7/hour"]
    with subprocess.Popen(command, stdin=end, stdout=end, stderr=subprocess.PIPE) as process:
        greeting = read_until(terminal, "export HITL_API_KEY=")
        os.write(terminal, b"\n")
        links = re.findall(r"http://\S+/inbox/enter/\S+", greeting + read_until(terminal, "/inbox/enter/"))
        assert len(set(links)) == 2
        assert [httpx.get(link).status_code for link in links] == [303, 303]
        assert httpx.get(f"{links[0].partition('/inbox')[0]}/v1/reviews").headers["X-RateLimit-Limit"] == "7"
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=60)
    os.close(terminal)
    os.close(end)
    assert (process.returncode, complaints) == (0, b"")


def test_enter_is_answered_until_the_terminal_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    terminal, keyboard = os.pipe()
    os.write(keyboard, b"\n")
    os.close(keyboard)
    with ReviewServer() as site:
        print_links(site, terminal)
        os.close(terminal)
        print_links(site, -1)  # as in the background of a shell: it cannot be read
        assert capsys.readouterr().out.count(f"{site.url}/inbox/enter/") == 1


def test_without_the_extra_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "hitl.cli.commands")
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert "with its 'sandbox' extra" in capsys.readouterr().err


KEY = "a-key-of-our-own"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command ends as soon as it would serve."""
    monkeypatch.setattr(HttpServer, "serve_forever", lambda _: None)


@pytest.mark.usefixtures("started")
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_key_may_stand_in_a_file_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + ending, newline="")
    assert f"API key  {KEY}\n" in run("sandbox", "--port", "0", "--api-key", f"@{file}").stdout
    monkeypatch.setenv("HITL_SANDBOX_API_KEY", KEY)
    assert f"API key  {KEY}\n" in run("sandbox", "--port", "0").stdout
    assert "API key  another-key\n" in run("sandbox", "--port", "0", "--api-key", "another-key").stdout


def test_a_file_without_a_key_is_told(tmp_path: Path) -> None:
    missing = run("sandbox", "--port", "0", "--api-key", f"@{tmp_path / 'nowhere'}")
    assert (missing.exit_code, "cannot be read from" in missing.stderr) == (1, True)
    (tmp_path / "empty").touch()
    assert run("sandbox", "--port", "0", "--api-key", f"@{tmp_path / 'empty'}").exit_code == 1
    assert run("sandbox", "--port", "0", "--api-key", "").exit_code == 1


@pytest.mark.usefixtures("started")
def test_a_sandbox_that_others_reach_says_where() -> None:
    remote = run("sandbox", "--host", "0.0.0.0", "--port", "0", "--allow-remote")
    port = re.search(r"http://[^:]+:(\d+)", remote.stdout)
    assert port is not None
    assert f"Warning: other machines can reach this sandbox, at any address of this machine, port {port[1]}" in (
        remote.stderr
    )
    assert run("sandbox", "--port", "0", "--allow-remote").stderr == ""
