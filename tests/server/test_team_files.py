"""A team's data file: one server at a time, on a disk of this machine, readable for its owner only."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.storage import Database, FileLock, InUseError, announced, file_system_of, is_locked, is_network
from hitl.server.storage.file_system import require_guarded
from hitl.server.team_settings import TeamSettings

HOLDER = """
import sys
from hitl.server.storage import FileLock
lock = FileLock(sys.argv[1])
lock.announce("here")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "team.db"


@pytest.fixture
def generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_two_servers_cannot_have_one_file(data: Path):
    with ReviewServer(data=data, team=TeamSettings()):
        assert is_locked(data)
        with pytest.raises(InUseError, match="in use by another server"):
            ReviewServer(data=data, team=TeamSettings())
    assert not is_locked(data)
    ReviewServer(data=data, team=TeamSettings()).close()


def test_a_link_to_a_file_has_the_lock_of_the_file(data: Path, tmp_path: Path):
    Database(data, MIGRATIONS).close()
    (tmp_path / "link.db").symlink_to(data)
    lock = FileLock(data)
    with pytest.raises(InUseError):
        Database(tmp_path / "link.db", MIGRATIONS)
    assert is_locked(tmp_path / "link.db")
    lock.release()


def test_the_lock_of_a_killed_process_is_free_and_what_it_announced_is_forgotten(data: Path):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    assert (is_locked(data), announced(data)) == (True, "here")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (is_locked(data), announced(data)) == (False, "here")
    lock = FileLock(data)
    assert announced(data) == ""
    lock.release()


def test_looking_for_a_lock_keeps_no_server_from_starting(data: Path):
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            is_locked(data)

    FileLock(data).release()
    lookers = [threading.Thread(target=look) for _ in range(3)]
    for each in lookers:
        each.start()
    try:
        for _ in range(200):
            FileLock(data).release()
    finally:
        stop.set()
        for each in lookers:
            each.join()


def test_looking_for_the_lock_of_a_file_makes_none(data: Path):
    assert (is_locked(data), announced(data)) == (False, "")
    assert list(data.parent.iterdir()) == []


@pytest.mark.usefixtures("generous_umask")
def test_every_file_is_for_its_owner_only(data: Path):
    with ReviewServer(data=data, team=TeamSettings()) as site:
        site.server()
        found = {each.name: stat.S_IMODE(each.stat().st_mode) for each in data.parent.iterdir()}
    names = {"team.db", "team.db-wal", "team.db-shm", "team.db.lock", "team.db.sock"}
    assert found == dict.fromkeys(names, 0o600)


@pytest.mark.parametrize("end", ["", "-wal", ".lock"])
def test_a_team_refuses_what_others_can_read(data: Path, end: str):
    Database(data, MIGRATIONS).close()
    wide = Path(f"{data}{end}")
    wide.touch()
    wide.chmod(0o640)
    with pytest.raises(SetupError, match=r"other users of this machine can read .*chmod 600"):
        ReviewServer(data=data, team=TeamSettings())
    wide.chmod(0o600)
    ReviewServer(data=data, team=TeamSettings()).close()


def test_a_sandbox_takes_the_right_from_others_and_says_so(data: Path, caplog: pytest.LogCaptureFixture):
    Database(data, MIGRATIONS).close()
    data.chmod(0o644)
    ReviewServer(data=data).close()
    assert stat.S_IMODE(data.stat().st_mode) == 0o600
    assert f"other users of this machine could read {data}" in caplog.text


def test_what_root_makes_belongs_to_the_owner_of_the_folder(data: Path, monkeypatch: pytest.MonkeyPatch):
    given: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda file, user, group: given.update({Path(file).name: (user, group)}))
    for _ in range(2):
        Database(data, MIGRATIONS).close()
    owner = data.parent.stat().st_uid, data.parent.stat().st_gid
    assert given == {"team.db": owner, "team.db.lock": owner}
    given.clear()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    Database(data.with_name("other.db"), MIGRATIONS).close()
    assert given == {}


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
/dev/sdb1 /mnt ext4 rw 0 0
server:/x /mnt/the\\040share nfs4 rw 0 0
gvfs /mnt/gvfs fuse.gvfsd rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/the share/team", "nfs4"),
        ("/mnt/the share", "nfs4"),
        ("/mnt/the shared", "ext4"),
        ("/mnt/gvfs/x", "fuse.gvfsd"),
        ("/srv", "ext4"),
    ],
)
def test_the_file_system_is_that_of_the_innermost_mount(tmp_path: Path, path: str, kind: str):
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert file_system_of(path, mounts) == kind


def test_a_file_system_that_hides_another_at_the_same_place_is_the_later_one(tmp_path: Path):
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/a /mnt ext4 rw 0 0\nserver:/x /mnt cifs rw 0 0\n")
    assert file_system_of("/mnt/x", mounts) == "cifs"
    with pytest.raises(SetupError, match="of type cifs, where the locks of SQLite do not hold"):
        require_guarded("/mnt/x/team.db", mounts)


def test_where_the_system_lists_no_mounts_any_file_system_will_do(tmp_path: Path):
    assert file_system_of(tmp_path, tmp_path / "missing") == ""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("nfs", True), ("nfs4", True), ("cifs", True), ("smb3", True), ("fuse.sshfs", True), ("fuseblk", True)]
    + [(local, False) for local in ("ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "")],
)
def test_network_file_systems(kind: str, expected: bool):
    assert is_network(kind) is expected
