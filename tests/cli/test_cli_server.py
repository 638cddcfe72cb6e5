"""`hitl server` on the command line: its options, the file that holds them, and the units of systemd."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hitl.cli.commands import hitl

HTTPS = "https://reviews.example.com"


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(hitl, ["server", *arguments])


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "team.db")


def test_a_data_file_must_be_named() -> None:
    refused = run()
    assert (refused.exit_code, "give --data FILE" in refused.stderr) == (1, True)


def test_the_environment_can_name_the_data_file(tmp_path: Path) -> None:
    refused = run("--port", "0", "--public-url", HTTPS, HITL_DATA=str(tmp_path / "team.db"))
    assert "--trusted-proxy 127.0.0.1" in refused.stderr


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--public-url", HTTPS], "name it with --trusted-proxy 127.0.0.1"),
        (["--keyfile", "key.pem"], "give --certfile, too"),
        (["--proxy-secret-file", "missing"], "cannot be read from missing"),
        (["--rate-limit", "many"], "a rate limit is none, or a number per"),
        (["--undo", "2h"], "undo_seconds must be from 0 to 3600"),
        (["--templates", "missing.json"], "cannot be read as JSON"),
        (["--allow-webhook-net", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_used_is_one_line(options: list[str], advice: str, data: str) -> None:
    refused = run("--data", data, "--port", "0", *options)
    assert refused.exit_code == 1
    assert advice in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_file_holds_the_options_by_their_names(tmp_path: Path, data: str) -> None:
    config = tmp_path / "server.toml"
    config.write_text(f'data = "{data}"\nport = 0\npublic-url = "{HTTPS}"\n')
    assert "name it with --trusted-proxy" in run("--config", str(config)).stderr
    config.write_text(f'data = "{data}"\nport = 0\ntrusted-proxy = ["127.0.0.1"]\n')
    assert "give --public-url" in run("--config", str(config)).stderr
    config.write_text(
        f'data = "{data}"\nport = 0\nallow-insecure-public-url = false\npublic-url = "http://a.example"\n'
    )
    assert "--allow-insecure-public-url" in run("--config", str(config)).stderr


def test_the_command_line_overrides_the_file(tmp_path: Path, data: str) -> None:
    config = tmp_path / "server.toml"
    config.write_text(f'data = "{data}"\nport = 0\npublic-url = "http://a.example"\n')
    assert "name it with --trusted-proxy" in run("--config", str(config), "--public-url", HTTPS).stderr
    assert "name it with --trusted-proxy" in run("--public-url", HTTPS, "--config", str(config)).stderr


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("public_url = 'https://a.example'", "public_url is no option; there are data, public-url"),
        ("config = 'other.toml'", "config is no option"),
        ("port = 'many'", "'many' is not a valid integer"),
        ("port = [1]", "port must be a text or a number"),
        ("port = true", "port must be a text or a number"),
        ("trusted-proxy = [1]", "trusted-proxy must be a text or a list of texts"),
        ("allow-remote-webhooks = 'yes'", "allow-remote-webhooks must be true or false"),
        ("hsts = 'maybe'", "'maybe' is not one of"),
        ("port 4010", "is not TOML"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_usage_error(content: str | None, fault: str, tmp_path: Path) -> None:
    config = tmp_path / "server.toml"
    if content is not None:
        config.write_text(content)
    refused = run("--config", str(config))
    assert (refused.exit_code, fault in " ".join(refused.stderr.split())) == (2, True)


def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    service, listener = tmp_path / "hitl-server.service", tmp_path / "hitl-server.socket"
    service.write_text(run("unit").stdout)
    listener.write_text(run("unit", "--socket").stdout)
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(service), str(listener)], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_the_service_exposes_little(tmp_path: Path) -> None:
    service = tmp_path / "hitl-server.service"
    service.write_text(run("unit").stdout)
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", str(service)], capture_output=True, text=True, check=True
    )
    level = re.search(r"Overall exposure level for hitl-server.service: ([\d.]+)", judged.stdout)
    assert level is not None
    assert float(level[1]) <= 1.2


def test_the_service_runs_this_command() -> None:
    line = next(line for line in run("unit").stdout.splitlines() if line.startswith("ExecStart="))
    command = line.removeprefix("ExecStart=").split()[0]
    assert Path(command).is_file()
