"""What the commands of a server say about a value that they cannot use: the option, the value, what to write."""

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

# The command and its arguments, with a data file that is there unless --data is among them; the option, its value, and
# what the error advises.
OPERATED = [
    ("server backup b.db", "--data", "nowhere/team.db", "check the name"),
    ("server backup b.db", "--data", "text", "give another name"),
    ("server restore nowhere.db", "--data", "text", "or restore to another name"),
    ("server restore kept.db", "--data", "nowhere/team.db", "its lock"),
    ("server migrate", "--data", "nowhere/team.db", "check the name"),
    ("server migrate --dry-run", "--data", "text", "give another name"),
    ("server audit", "--data", "nowhere/team.db", "check that its folder exists"),
    ("server audit", "--data", "text/team.db", "cannot be opened"),
    ("server audit", "--data", "loop.db", "run this as the server's user"),
    ("server resume-deliveries", "--data", "folder", "give another name"),
    ("server rekey", "--data", "text", "give another name"),
    ("server rekey", "--secrets-key-file", "nowhere", "name its file"),
    ("server rekey", "--secrets-key-file", "text", "no usable key of the secrets"),
    ("reviewers list", "--data", "nowhere/team.db", "check that its folder exists"),
    ("reviewers invite b@example.com", "--data", "text", "give another name"),
    ("keys list", "--data", "folder", "give another name"),
    ("keys create x", "--owner", "nobody@example.com", "list the reviewers"),
    ("keys create x --no-owner", "--expires", "later", LENGTH),
    ("notify channels list", "--data", "nowhere/team.db", "check that its folder exists"),
    ("notify channels add x --url-file text", "--person", "nobody@example.com", "nobody of the team"),
    ("notify rules add asked", "--audience", "channel:nowhere", "list the channels"),
    ("notify rules add asked", "--template", "nowhere", "list the templates"),
    ("notify rules add reminder", "--before-due", "later", LENGTH),
    ("notify rules add escalation", "--after", "later", LENGTH),
    ("notify rules add digest", "--every", "later", LENGTH),
    ("notify hours a@example.com", "--zone", "Nowhere", "such as Europe/Berlin"),
    ("notify test", "--channel", "nowhere", "list the channels"),
]
# The same of a positional argument, by the name that the help has for it.
ARGUMENTS = [
    ("server backup nowhere/b.db", "FILE: nowhere/b.db cannot be written"),
    ("server backup text", "FILE: text is there"),
    ("server backup kept.db", "FILE: kept.db is the data file itself"),
    ("server restore nowhere.db --data new.db", "FILE: there is no data file nowhere.db"),
    ("reviewers invite nobody", "EMAIL: must be an address"),
    ("keys create --no-owner", "NAME: a key needs a name of 1 to 100 characters"),
    ("notify hours nobody@example.com --quiet off", "EMAIL: nobody of the team"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("text").write_text("no key, no certificate")
    Path("text").chmod(0o600)
    Path("latin").write_bytes(b"\xff\xfe")
    Path("latin").chmod(0o600)
    Path("loop.db.lock").symlink_to("loop.db.lock")


def operate(command: str, *further: str) -> str:
    """Run a command, beside a data file with one person, and return the line of its error."""
    run = CliRunner(env={"HITL_DATA": "kept.db"}).invoke
    assert run(hitl, ["reviewers", "invite", "a@example.com"]).exit_code == 0
    outcome = run(hitl, [*command.split(), *further])
    assert isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.stderr.splitlines()[-1]


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


@pytest.mark.parametrize(("command", "option", "value", "advice"), OPERATED)
def test_the_commands_of_operators_name_them_too(command: str, option: str, value: str, advice: str) -> None:
    error = operate(command, option, value)
    assert error.startswith(f"Error: {option}: ")
    assert value.removeprefix("channel:") in error
    assert advice in error


@pytest.mark.parametrize(("command", "error"), ARGUMENTS)
def test_an_error_names_the_argument(command: str, error: str) -> None:
    further = [""] if command.startswith("keys create") else []
    assert operate(command, *further).startswith(f"Error: {error}")


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
