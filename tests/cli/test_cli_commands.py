from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from hitl.cli.commands import hitl
from hitl.cli.failures import EXIT_CODES

PAGE = Path("docs/reference/cli.md").read_text(encoding="utf-8")
NOWHERE = {"HITL_API_KEY": "", "HITL_BASE_URL": "http://127.0.0.1:9"}


def run(*arguments: str) -> Result:
    return CliRunner(env=NOWHERE).invoke(hitl, arguments)


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield (*path, name), command


COMMANDS = dict(commands(hitl))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_is_documented_with_its_options(path: tuple[str, ...]) -> None:
    start = PAGE.index(f"### `hitl {' '.join(path)}")
    section = re.split(r"\n##+ ", PAGE[start:])[0]
    options = [option for option in COMMANDS[path].params if isinstance(option, click.Option)]
    everywhere = {"--api-key", "--base-url", "--json"} if path != ("sandbox",) else set[str]()
    missing = {option.opts[0] for option in options} - everywhere
    assert {option for option in missing if f"`{option}" not in section} == set()


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    outcome = run(*path, "--help")
    assert outcome.exit_code == 0
    assert outcome.output.startswith(f"Usage: hitl {' '.join(path)}")
    assert all(option.help for option in COMMANDS[path].params if isinstance(option, click.Option))


def test_the_exit_codes_are_documented_as_they_are() -> None:
    assert dict(re.findall(r"^\| (\d+) \| (.+?) \|$", PAGE, re.MULTILINE)) == {
        str(code): meaning for code, meaning in EXIT_CODES.items()
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("reviews", "list"),
        ("reviews", "wait", "rev_1"),
        ("reviews", "complete", "rev_1"),
        ("templates", "delete", "t"),
        ("webhooks", "deliveries"),
        ("export",),
    ],
)
def test_without_a_key_every_command_says_what_to_do(arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.exit_code == 2
    assert re.fullmatch(r"Error: no API key: .*HITL_API_KEY.*\n", outcome.stderr)
    assert outcome.stdout == ""


def test_a_server_that_is_not_there_is_told_in_one_line_without_the_key() -> None:
    outcome = run("templates", "delete", "t", "--api-key", "secret-key", "--base-url", "http://127.0.0.1:1")
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("Error: delete_template: ")
    assert outcome.stderr.count("\n") == 1
    assert "secret-key" not in outcome.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("reviews", "wait"), "Missing argument 'ID...'"),
        (("reviews", "wait", "r", "--timeout", "soon"), "'soon' is no length of time"),
        (("reviews", "create", "--content", "{}"), "Missing option '--template'"),
        (("reviews", "create", "--template", "t", "--content", "[]"), "a JSON object is required"),
        (("reviews", "complete", "r", "--set", "approved"), "'approved' is not of the form NAME=VALUE"),
        (("templates", "create", '{"name": "A"}'), "a template needs fields"),
        (("templates", "create", '{"nam": "A"}'), "unknown: nam;"),
        (("webhooks", "trigger", "review.lost", "http://127.0.0.1:1"), "'review.lost' is not one of"),
        (("webhooks", "trigger", "review.created", "http://127.0.0.1:1"), "no signing secret"),
        (
            ("webhooks", "trigger", "review.created", "no-url", "--secret", "a secret"),
            "no-url is not an http or https URL",
        ),
        (("elsewhere",), "No such command 'elsewhere'"),
    ],
)
def test_a_wrong_call_is_told_and_exits_with_2(arguments: tuple[str, ...], complaint: str) -> None:
    outcome = run(*arguments)
    assert outcome.exit_code == 2
    assert complaint in outcome.stderr


def test_a_part_that_is_broken_is_not_taken_for_one_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "hitl.cli.export", raising=False)
    monkeypatch.setitem(sys.modules, "hitl.cli.documents", None)
    outcome = run("export")
    assert isinstance(outcome.exception, ModuleNotFoundError)
