from __future__ import annotations

import base64
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_clock import FakeClock
from receiver import Receiver
from team_server import MakeServer

from hitl.server.http.server import BackgroundServer
from hitl.server.primitives import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.sealing import ENTER_ANEW, SealedError, Sealer, find_keys, is_sealed, rekey
from hitl.webhooks import verify_signature

SECRET = "whsec_" + base64.b64encode(b"a secret of a receiver, 32 bytes").decode()
PLACE = "subscriptions.secret:wh_1"


def sealer_with(key_file: Path) -> Sealer:
    return Sealer(find_keys(None, key_file))


def key_file(folder: Path, *keys: bytes) -> Path:
    file = folder / "secrets.key"
    file.touch(mode=0o600)
    file.write_text("\n".join(base64.b64encode(key).decode() for key in keys))
    return file


def stored(data: Path) -> list[str]:
    with sqlite3.connect(data) as connection:
        return [row[0] for row in connection.execute("SELECT secret FROM subscriptions ORDER BY number")]


async def subscribe(server: ReviewServer, url: str = "http://127.0.0.1:9/hook", **body: Any) -> dict[str, Any]:
    wanted = {"url": url, "events": ["review.created"], "secret": SECRET, **body}
    return (await server.subscriptions.create(wanted)).document


class TestSealer:
    def test_it_opens_what_it_sealed_and_no_two_seals_are_alike(self, tmp_path: Path) -> None:
        sealer = sealer_with(key_file(tmp_path, b"k" * 32))
        one, other = sealer.seal(SECRET, PLACE), sealer.seal(SECRET, PLACE)
        assert one != other
        assert one.startswith("v1.")
        assert is_sealed(one)
        assert SECRET not in one
        assert sealer.open(one, PLACE) == sealer.open(other, PLACE) == SECRET

    @pytest.mark.parametrize("text", ["", "ä€😀", "\ud800", "x" * 10_000])
    def test_it_seals_any_text(self, tmp_path: Path, text: str) -> None:
        sealer = sealer_with(key_file(tmp_path, b"k" * 32))
        assert sealer.open(sealer.seal(text, PLACE), PLACE) == text

    def test_a_secret_opens_in_its_own_row_only(self, tmp_path: Path) -> None:
        sealer = sealer_with(key_file(tmp_path, b"k" * 32))
        with pytest.raises(SealedError, match=ENTER_ANEW):
            sealer.open(sealer.seal(SECRET, PLACE), "subscriptions.secret:wh_2")

    def test_any_changed_character_keeps_it_closed(self, tmp_path: Path) -> None:
        sealer = sealer_with(key_file(tmp_path, b"k" * 32))
        sealed = sealer.seal("secret", PLACE)
        _, number, nonce, text = sealed.split(".")
        begin = len(f"v1.{number}.")
        for place in range(begin, len(sealed) - 1):  # the last character has bits that base64 ignores
            if sealed[place] != ".":
                changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
                with pytest.raises(SealedError):
                    sealer.open(changed, PLACE)
        with pytest.raises(SealedError):
            sealer.open(f"v1.{int(number) + 1}.{nonce}.{text}", PLACE)

    def test_without_keys_texts_stay_in_clear_and_sealed_ones_closed(self, tmp_path: Path) -> None:
        sealed = sealer_with(key_file(tmp_path, b"k" * 32)).seal(SECRET, PLACE)
        assert Sealer().seal(SECRET, PLACE) == Sealer().open(SECRET, PLACE) == SECRET
        with pytest.raises(SealedError):
            Sealer().open(sealed, PLACE)

    def test_two_keys_open_and_the_first_seals(self, tmp_path: Path) -> None:
        earlier = sealer_with(key_file(tmp_path, b"1" * 32)).seal(SECRET, PLACE)
        both = sealer_with(key_file(tmp_path, b"2" * 32, b"1" * 32))
        assert both.open(earlier, PLACE) == SECRET
        later = sealer_with(key_file(tmp_path, b"2" * 32))
        assert later.open(both.seal(SECRET, PLACE), PLACE) == SECRET
        with pytest.raises(SealedError):
            later.open(earlier, PLACE)


def test_a_sandbox_needs_no_cryptography(tmp_path: Path) -> None:
    program = (
        "import sys, anyio; from hitl.server.review_server import ReviewServer\n"
        "with ReviewServer(data=sys.argv[1]) as site:\n"
        "    body = {'url': 'http://127.0.0.1:9/', 'events': ['review.created']}\n"
        "    anyio.run(site.subscriptions.create, body)\n"
        "    site.server()\n"
        "print('cryptography' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "sandbox.db")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
    assert not (tmp_path / "sandbox.db.key").exists()


def test_a_team_without_cryptography_is_told_what_to_install(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(SetupError, match="'server' extra"):
        make_server().server()


def test_the_first_start_makes_the_key(make_server: MakeServer, data: Path) -> None:
    server = make_server()
    assert not (data.parent / "team.db.key").exists()
    server.server()
    assert stat.S_IMODE((data.parent / "team.db.key").stat().st_mode) == 0o600


class TestKeys:
    def test_a_key_is_made_beside_the_data_when_it_is_needed_for_its_owner_only(self, tmp_path: Path) -> None:
        keys = find_keys(str(tmp_path / "team.db"), None, {})
        assert not (tmp_path / "team.db.key").exists()
        assert len(keys.first()) == 32
        assert stat.S_IMODE((tmp_path / "team.db.key").stat().st_mode) == 0o600
        assert find_keys(str(tmp_path / "team.db"), None, {}).first() == keys.first()

    def test_the_named_file_comes_before_the_credential_and_that_before_the_environment(self, tmp_path: Path) -> None:
        (tmp_path / "systemd").mkdir()
        credential = key_file(tmp_path / "systemd", b"c" * 32)
        credential.chmod(0o440)  # as systemd has it
        environment = {"HITL_SECRETS_KEY": base64.b64encode(b"e" * 32).decode()}
        assert find_keys("x.db", None, environment).first() == b"e" * 32
        environment["CREDENTIALS_DIRECTORY"] = str(tmp_path / "systemd")
        assert find_keys("x.db", None, environment).first() == b"c" * 32
        assert find_keys("x.db", key_file(tmp_path, b"n" * 32), environment).first() == b"n" * 32

    @pytest.mark.parametrize("text", ["", "short", "c2hvcnQ=", "*" * 44, "ä"])
    def test_what_is_no_key_is_refused_without_being_repeated(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "secrets.key"
        file.touch(mode=0o600)
        file.write_text(text)
        with pytest.raises(SetupError, match="32 bytes") as refused:
            find_keys(None, file)
        assert not text or text not in str(refused.value)

    def test_a_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SetupError, match="cannot be read"):
            find_keys(None, tmp_path / "none.key")

    def test_a_file_that_others_may_read_is_refused(self, tmp_path: Path) -> None:
        file = key_file(tmp_path, b"k" * 32)
        file.chmod(0o644)
        with pytest.raises(SetupError, match="chmod 600"):
            find_keys(None, file)

    def test_a_key_is_never_in_a_repr(self, tmp_path: Path) -> None:
        keys = find_keys(None, key_file(tmp_path, b"k" * 32))
        assert base64.b64encode(b"k" * 32).decode() not in repr(keys)
        assert "kkkk" not in repr(keys)


@pytest.mark.anyio
class TestWebhookSecrets:
    async def test_a_team_stores_them_sealed(self, team: ReviewServer, data: Path) -> None:
        made = await subscribe(team)
        assert made["secret"] == SECRET
        (sealed,) = stored(data)
        assert is_sealed(sealed)
        await team.subscriptions.update(made["id"], {"secret": "another secret"})
        assert is_sealed(stored(data)[0])
        assert stored(data)[0] != sealed

    async def test_a_repeated_creation_gives_the_secret_again(self, team: ReviewServer) -> None:
        body = {"url": "http://127.0.0.1:9/hook", "events": ["review.created"]}
        one = await team.subscriptions.create(body, idempotency_key="k", owner="o")
        other = await team.subscriptions.create(body, idempotency_key="k", owner="o")
        assert other.replayed
        assert other.document["secret"] == one.document["secret"]

    async def test_what_looks_sealed_is_no_secret(self, team: ReviewServer) -> None:
        with pytest.raises(Exception, match="sealed"):
            await subscribe(team, secret=team.sealer.seal(SECRET, PLACE))

    async def test_a_sandbox_keeps_them_in_clear_and_its_file_is_sealed_when_a_team_serves_it(
        self, data: Path, clock: FakeClock, make_server: MakeServer
    ) -> None:
        with ReviewServer(data=data, clock=clock) as sandbox:
            await subscribe(sandbox)
        assert stored(data) == [SECRET]
        server = make_server()
        server.server()
        assert is_sealed(stored(data)[0])
        server.close()
        for file in data.parent.glob("team.db*"):
            assert SECRET.encode() not in file.read_bytes(), file

    async def test_the_whole_file_tells_no_secret_and_neither_does_the_key_tell_any(
        self, team: ReviewServer, data: Path
    ) -> None:
        made = await team.subscriptions.create({"url": "http://127.0.0.1:9/hook", "events": ["review.created"]})
        secret = made.document["secret"].encode()
        team.close()
        assert all(secret not in file.read_bytes() for file in data.parent.iterdir())


def test_deliveries_are_signed_with_the_opened_secret(make_server: MakeServer, receiver: Receiver) -> None:
    server = make_server()
    background = BackgroundServer(server.server())
    background.start()
    try:
        run(subscribe(server, receiver.url))
        receiver.arrived.clear()
        server.reviews.create_review({"template_id": "tpl_ok", "content": {"text": "hi"}})
        assert receiver.arrived.wait(20)
    finally:
        background.stop()
    (delivered,) = receiver.received
    assert verify_signature(delivered.headers, delivered.body, SECRET)


def test_after_the_key_was_lost_the_server_works_and_deliveries_say_what_to_do(
    make_server: MakeServer, receiver: Receiver, data: Path, clock: FakeClock
) -> None:
    server = make_server()
    made = run(subscribe(server, receiver.url))
    (data.parent / "team.db.key").unlink()
    server = make_server()
    background = BackgroundServer(server.server())
    background.start()
    try:
        review = server.reviews.create_review({"template_id": "tpl_ok", "content": {"text": "hi"}}).document
        server.clock.advance("0s")
        (delivery,) = server.deliveries.page().items
        assert delivery["status"] == "pending"
        assert ENTER_ANEW in delivery["attempts"][0]["error"]
        assert receiver.received == []
        server.reviews.complete(review["id"], {"approved": True}, "ann@example.com")
        run(server.subscriptions.update(made["id"], {"secret": SECRET}))
        server.clock.advance("15s")
        assert server.deliveries.page().items[0]["status"] == "delivered"
    finally:
        background.stop()
    assert verify_signature(receiver.received[0].headers, receiver.received[0].body, SECRET)


def test_rekeying_seals_everything_anew_and_forgets_the_earlier_key(make_server: MakeServer, data: Path) -> None:
    server, key = make_server(), data.parent / "team.db.key"
    run(subscribe(server))
    before, sealed = key.read_text(), stored(data)
    assert rekey(server.sealed) == {"sealed": 1, "closed": 0, "origin": str(key), "is_new": True}
    assert key.read_text() != before
    assert len(key.read_text().split()) == 1
    assert stored(data) != sealed
    assert server.sealer.open(stored(data)[0], PLACE) == SECRET
    assert make_server().sealer.open(stored(data)[0], PLACE) == SECRET


def test_rekeying_with_keys_of_the_environment_uses_the_first(
    make_server: MakeServer, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (base64.b64encode(each * 32).decode() for each in (b"1", b"2"))
    monkeypatch.setenv("HITL_SECRETS_KEY", one)
    run(subscribe(make_server()))
    monkeypatch.setenv("HITL_SECRETS_KEY", f"{other} {one}")
    assert rekey(make_server().sealed) == {"sealed": 1, "closed": 0, "origin": "HITL_SECRETS_KEY", "is_new": False}
    monkeypatch.setenv("HITL_SECRETS_KEY", other)
    assert make_server().sealer.open(stored(data)[0], PLACE) == SECRET
    assert not (data.parent / "team.db.key").exists()


def test_a_key_that_cannot_be_written_leaves_the_secrets_as_they_are(make_server: MakeServer, data: Path) -> None:
    server = make_server()
    run(subscribe(server))
    sealed = stored(data)
    server.sealed.keys.file = data.parent / "no folder" / "x.key"
    with pytest.raises(SetupError, match="cannot be kept"):
        rekey(server.sealed)
    assert stored(data) == sealed
    assert server.sealer.open(sealed[0], PLACE) == SECRET


def run(coroutine: Any) -> Any:
    import anyio

    async def wait() -> Any:
        return await coroutine

    return anyio.run(wait)
