"""What `hitl server` and `hitl sandbox` say about a value that they cannot use: the option, the value, what to write."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hitl.cli.commands import hitl

PROXY = ("--public-url", "https://reviews.example.com", "--trusted-proxy", "127.0.0.1")
LENGTH = "write for example '90s', '72h' or '1h30m'"
NUMBER = "write a whole number from 0"
NETWORK = "192.168.1.0/24"
TEMPLATES = "give a file that holds a JSON array of templates"
ADDRESS = "give an address of this machine"
SECRET = "name a file that holds it"

# The option, its value, what else is given, and what the error advises.
SERVER = [
    ("--data", "nowhere/team.db", (), "check that its folder exists"),
    ("--data", "folder", (), "give another name"),
    ("--public-url", "reviews.example.com", (), "such as --public-url https://"),
    ("--public-url", "http://a.example", (), "accept it with --allow-insecure-public-url"),
    ("--host", "no.such.host.invalid", (), ADDRESS),
    ("--host", "203.0.113.7", (), ADDRESS),
    ("--port", "many", (), NUMBER),
    ("--port", "70000", (), f"{NUMBER} to 65535"),
    ("--socket", "nowhere/team.sock", PROXY, "its folder must exist"),
    ("--trusted-proxy", "proxy", (), "give one such as 127.0.0.1 or 10.0.0.0/8"),
    ("--proxy-secret-file", "nowhere", (), SECRET),
    ("--proxy-secret-file", "latin", (), SECRET),
    ("--proxy-secret-file", "text", (), "must hold 32 or more visible ASCII characters"),
    ("--auth-header", "X Y", (), "give one such as X-Forwarded-Email"),
    ("--auth-header-allow", "example.com", ("--auth-header", "X-Forwarded-Email"), "give one such as @example.com"),
    ("--certfile", "nowhere", PROXY[:2], "give files in PEM"),
    ("--certfile", "text", PROXY[:2], "give files in PEM"),
    ("--keyfile", "text", (), "give --certfile, too"),
    ("--secrets-key-file", "nowhere", (), "name its file"),
    ("--secrets-key-file", "text", (), "no usable key of the secrets"),
    ("--undo", "later", (), LENGTH),
    ("--undo", "-1s", (), LENGTH),
    ("--undo", "7200", (), "from 0 to 3600"),
    ("--rate-limit", "fast", (), "such as 100/hour"),
    ("--templates", "nowhere", (), TEMPLATES),
    ("--templates", "folder", (), TEMPLATES),
    ("--templates", "latin", (), TEMPLATES),
    ("--templates", "text", (), TEMPLATES),
    ("--allow-webhook-net", "net", (), NETWORK),
    ("--keep", "long", (), LENGTH),
    ("--keep", "nan", (), LENGTH),
    ("--keep", "0", (), "write days, such as 90d"),
    ("--keep", "90", (), "write days, such as 90d"),
    ("--keep", "86399", (), "write days, such as 90d"),
    ("--notify-scheme", "x y", (), "such as pushbullet"),
    ("--notify-scheme", "pushbullet://", (), "such as pushbullet"),
    ("--notify-scheme", "1st", (), "such as pushbullet"),
    ("--notify-scheme", "a_b", (), "such as pushbullet"),
    ("--notify-scheme", "é", (), "such as pushbullet"),
    ("--config", "nowhere", (), "cannot be read: No such file"),
    ("--config", "latin", (), "is not TOML"),
]
SANDBOX = [
    ("--data", "nowhere/sandbox.db", (), "check that its folder exists"),
    ("--data", "text", (), "give another name"),
    ("--host", "203.0.113.7", (), "use 127.0.0.1, or allow it with --allow-remote"),
    ("--host", "203.0.113.7", ("--allow-remote",), ADDRESS),
    ("--port", "many", (), NUMBER),
    ("--port", "-1", (), f"{NUMBER} to 65535"),
    ("--api-key", "@nowhere", (), SECRET),
    ("--api-key", "@latin", (), SECRET),
    ("--templates", "nowhere", (), TEMPLATES),
    ("--templates", "text", (), TEMPLATES),
    ("--workflow", "a b", (), "letters, digits or any of"),
    ("--rate-limit", "fast", (), "such as 100/hour"),
    ("--monthly-quota", "many", (), NUMBER),
    ("--monthly-quota", "-1", (), NUMBER),
    ("--undo-seconds", "later", (), LENGTH),
    ("--undo-seconds", "nan", (), LENGTH),
    ("--undo-seconds", "4000", (), "from 0 to 3600"),
    ("--host-name", "http://sandbox.local", (), "write one such as sandbox.local"),
    ("--host-name", "sandbox.local:4010", (), "without a port"),
    ("--allow-webhook-net", "net", (), NETWORK),
]
CASES = [("server", *case) for case in SERVER] + [("sandbox", *case) for case in SANDBOX]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("text").write_text("no key, no certificate")
    Path("text").chmod(0o600)
    Path("latin").write_bytes(b"\xff\xfe")
    Path("latin").chmod(0o600)


@pytest.mark.parametrize(("command", "option", "value", "further", "advice"), CASES)
def test_an_error_names_the_option_the_value_and_what_to_write(
    command: str, option: str, value: str, further: tuple[str, ...], advice: str
) -> None:
    port = () if option in {"--port", "--socket"} else ("--port", "0")
    data = () if option == "--data" else ("--data", "kept.db")
    outcome = CliRunner(env={"HITL_SANDBOX_API_KEY": ""}).invoke(hitl, [command, *data, *port, *further, option, value])
    assert isinstance(outcome.exception, SystemExit), outcome.exception
    error = outcome.stderr.splitlines()[-1]
    assert error.startswith("Error: ")
    assert option in error
    assert value.removeprefix("@") in error
    assert advice in error


@pytest.mark.parametrize("key", ["two words", "café"])
def test_a_key_that_cannot_be_used_is_not_repeated(key: str) -> None:
    outcome = CliRunner().invoke(hitl, ["sandbox", "--port", "0", "--api-key", key])
    assert "Error: --api-key: an API key is one or more visible ASCII characters" in outcome.stderr
    assert key not in outcome.output


@pytest.mark.parametrize("name", ["server", "sandbox"])
def test_every_option_with_a_value_of_its_own_is_in_the_table(name: str) -> None:
    command = hitl.get_command(click.Context(hitl), name)
    assert command is not None
    options = {
        each.opts[0]
        for each in command.params
        if isinstance(each, click.Option) and not each.is_flag and not isinstance(each.type, click.Choice)
    }
    listed = {option for of, option, *_ in CASES if of == name}
    assert options == listed
