"""`hitl keys` and `hitl server rekey`, with a server that runs and without one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from click.testing import CliRunner, Result

from hitl.cli.commands import hitl
from hitl.server.http.server import BackgroundServer
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "team.db"


@pytest.fixture
def server(data: Path) -> Iterator[ReviewServer]:
    with ReviewServer(data=data, team=TeamSettings()) as server:
        background = BackgroundServer(server.server())
        background.start()
        yield server
        background.stop()


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(hitl, [*arguments, "--data", str(data)])


def test_a_key_is_made_listed_and_revoked_beside_a_running_server(data: Path, server: ReviewServer) -> None:
    server.people.add("ann@example.com")
    made = run(data, "keys", "create", "billing agent", "--owner", "ann@example.com", "--expires", "90d")
    assert made.exit_code == 0, made.output
    text = made.output.strip()
    assert re.fullmatch(r"hitl_live_[0-9a-f]{48}", text)
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {text}"}) as http:
        assert http.get("/v1/reviews").status_code == 200
        (listed,) = json.loads(run(data, "keys", "list", "--json").output)
        assert (listed["owner"], listed["scopes"], listed["state"]) == ("ann@example.com", ["ask"], "active")
        assert listed["last_used_at"] is not None
        assert run(data, "keys", "revoke", "billing agent").output == f"billing agent ({text[:14]}…) is revoked\n"
        assert http.get("/v1/reviews").status_code == 401
    table = run(data, "keys", "list").output
    assert "revoked" in table
    assert text not in table


def test_the_same_works_without_a_server_and_makes_no_key_file(data: Path) -> None:
    made = run(data, "keys", "create", "agent", "--no-owner", "--scope", "read", "--scope", "ask", "--json")
    assert json.loads(made.output)["scopes"] == ["ask", "read"]
    assert "agent" in run(data, "keys", "list").output
    assert run(data, "keys", "revoke", json.loads(made.output)["id"]).exit_code == 0
    assert not Path(f"{data}.key").exists()


@pytest.mark.parametrize(
    ("arguments", "message", "exit_code"),
    [
        (("create", "agent"), "--owner EMAIL or --no-owner", 2),
        (("create", "agent", "--no-owner", "--owner", "ann@example.com"), "--owner EMAIL or --no-owner", 2),
        (("create", "agent", "--owner", "bob@example.com"), "bob@example.com", 3),
        (("create", "agent", "--no-owner", "--expires", "soon"), "no length of time", 1),
        (("create", "agent", "--no-owner", "--scope", "answer"), "answer", 2),
        (("revoke", "agent"), "there is no key", 3),
    ],
)
def test_what_is_wrong_is_said(data: Path, arguments: tuple[str, ...], message: str, exit_code: int) -> None:
    failed = run(data, "keys", *arguments)
    assert message in failed.output
    assert failed.exit_code == exit_code


def test_rekey_asks_the_running_server(data: Path, server: ReviewServer) -> None:
    subscribe(server)
    before = Path(f"{data}.key").read_text()
    done = run(data, "server", "rekey")
    assert done.output == f"1 secrets are sealed under the first key of {data}.key; the earlier key is deleted\n"
    assert Path(f"{data}.key").read_text() != before


def test_rekey_works_without_a_server_and_says_what_is_lost(data: Path, tmp_path: Path) -> None:
    with ReviewServer(data=data, team=TeamSettings()) as server:
        subscribe(server)
    Path(f"{data}.key").unlink()
    done = run(data, "server", "rekey")
    assert done.exit_code == 0, done.output
    assert "1 secrets could not be opened, because their key is lost: enter them anew" in done.output


def test_rekey_refuses_a_key_file_that_others_may_read(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "secrets.key"
    file.write_text("A" * 43 + "=")
    file.chmod(0o644)
    failed = run(data, "server", "rekey", "--secrets-key-file", str(file))
    assert failed.exit_code == 1
    assert f"chmod 600 {file}" in failed.output


def subscribe(server: ReviewServer) -> None:
    async def wait() -> None:
        await server.subscriptions.create({"url": "http://127.0.0.1:9/hook", "events": ["review.created"]})

    anyio.run(wait)
