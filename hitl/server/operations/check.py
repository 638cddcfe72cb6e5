"""What stands between a team and a server that it can rely on: the files, the disk, the clock, the last backup."""

from __future__ import annotations

import ctypes
import glob
import os
import shlex
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from hitl.server.operations.backup import last_backup
from hitl.server.operations.data_store import DataStore
from hitl.server.operations.health import LEAST_ROOM
from hitl.server.primitives import SetupError
from hitl.server.storage import Reader, file_system_of, is_network, readable_by_others

Level: TypeAlias = Literal["ok", "warning", "error"]

_GIGABYTE: Final = 1024**3
_LOGS: Final = 10  # times the write-ahead log that should be free
_WEEK: Final = 7 * 24 * 3600
_LOOK: Final = 0.2  # seconds between two readings of the clocks
_MOST_DRIFT: Final = 0.05  # seconds that they may differ by then
_TIME_ERROR: Final = 5  # adjtimex(2): nothing keeps the clock right


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found, and what to do about it."""

    name: str
    level: Level
    says: str
    advice: str = ""


def check_files(data: Path, form: int, *, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Look at a data file of which this version has a form, and at what is around it."""
    if not data.is_file():
        advice = "check --data or HITL_DATA, or start the server once"
        yield Finding("file", "error", f"there is no data file {data}", advice)
        return
    yield _modes(data)
    yield _folder(data.resolve().parent)
    yield from _key(Path(f"{data}.key"))
    yield _file_system(data)
    yield _disk(data)
    yield from _contents(data, form)
    yield from _copies(data)
    yield _backup(data, now())


def check_clock(
    wall: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Finding:
    """Look whether the clock of this machine runs evenly, and whether something keeps it right."""
    begun = wall(), monotonic()
    sleep(_LOOK)
    drift = (wall() - begun[0]) - (monotonic() - begun[1])
    if abs(drift) > _MOST_DRIFT:
        return Finding("clock", "warning", f"the clock was set by {drift:+.2f} s just now", "look at what sets it")
    if _clock_state() == _TIME_ERROR:
        return Finding("clock", "warning", "nothing keeps the clock right", "let NTP (chrony, systemd-timesyncd) do so")
    return Finding("clock", "ok", "it runs evenly")


def _modes(data: Path) -> Finding:
    if wide := readable_by_others(data):
        names = " ".join(str(each) for each in wide)
        return Finding("file", "error", f"other users of this machine can read {wide[0]}", f"chmod 600 {names}")
    owner = data.stat().st_uid
    if os.name == "posix" and os.geteuid() not in (owner, 0):
        return Finding("file", "warning", f"it belongs to the user {owner}", "run this as the user of the server")
    return Finding("file", "ok", "only its owner can read it")


def _folder(folder: Path) -> Finding:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if os.name == "posix" and mode & 0o022 and not mode & stat.S_ISVTX:
        return Finding("folder", "error", f"others may rename files in {folder}", f"chmod 700 {folder}")
    if os.name == "posix" and mode & 0o077:
        return Finding("folder", "warning", f"others may look into {folder}", f"chmod 700 {folder}")
    return Finding("folder", "ok", "only its owner may enter")


def _key(key: Path) -> Iterator[Finding]:
    if not key.is_file():
        return
    if os.name == "posix" and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield Finding("key", "error", f"other users of this machine can read {key}", f"chmod 600 {key}")
    else:
        yield Finding(
            "key",
            "warning",
            "it lies beside the data, so whoever copies the folder has both",
            "move it elsewhere, and name it with --secrets-key-file",
        )


def _copies(data: Path) -> Iterator[Finding]:
    if copies := sorted(map(str, data.resolve().parent.glob(f"{glob.escape(data.name)}.form-*"))):
        yield Finding(
            "copies",
            "warning",
            "copies from before a migration still hold what has been erased since",
            f"once this version has proved itself: {shlex.join(['rm', *copies])}",
        )


def _file_system(data: Path) -> Finding:
    kind = file_system_of(data)
    if is_network(kind):
        return Finding("disk", "error", f"a file system of type {kind} does not keep locks", "use a local disk")
    return Finding("disk", "ok", f"a local file system{f' ({kind})' if kind else ''}")


def _disk(data: Path) -> Finding:
    free = shutil.disk_usage(data.resolve().parent).free
    log = Path(f"{data}-wal")
    wanted = max(_GIGABYTE, _LOGS * (log.stat().st_size if log.exists() else 0))
    says = f"{free / _GIGABYTE:.1f} GB are free"
    if free < LEAST_ROOM:
        return Finding("space", "error", says, "make room: the server refuses to change anything")
    if free < wanted:
        return Finding("space", "warning", says, f"have {wanted / _GIGABYTE:.1f} GB free")
    return Finding("space", "ok", says)


def _contents(data: Path, form: int) -> Iterator[Finding]:
    try:
        with closing(Reader(data)) as reader:
            found = DataStore(reader).form()
            if found > form:
                yield Finding("schema", "error", f"form {found} is newer than this version's {form}", "upgrade hitl")
            elif found < form:
                yield Finding(
                    "schema", "warning", f"form {found} is migrated to {form} at the next start", "make a backup first"
                )
            else:
                yield Finding("schema", "ok", f"form {form}")
                yield from _work(DataStore(reader))
    except SetupError as error:
        yield Finding("schema", "error", str(error))


def _work(store: DataStore) -> Iterator[Finding]:
    if failing := store.failing_channels():
        yield Finding("channels", "warning", f"{failing} fail", "hitl notify channels list says why")
    if held := store.held_deliveries():
        yield Finding("deliveries", "warning", f"{held} wait since a restore", "hitl server resume-deliveries")


def _backup(data: Path, now: float) -> Finding:
    last = last_backup(data)
    if last is None:
        return Finding("backup", "warning", "none was made with hitl server backup", "make one every day")
    days = (now - last) / 86_400
    if now - last > _WEEK:
        return Finding("backup", "warning", f"the last one is {days:.0f} days old", "make one every day")
    return Finding("backup", "ok", f"the last one is {max(0.0, days):.1f} days old")


def _clock_state() -> int:
    """Return what adjtimex(2) says of the clock; -1 where there is none, or we may not ask."""
    if sys.platform != "linux":
        return -1
    try:
        libc = ctypes.CDLL(None)
        state: int = libc.adjtimex(ctypes.create_string_buffer(512))  # a struct timex of zeros only asks
    except (OSError, AttributeError):
        return -1
    return state
