"""Where a data file lies: who may read it, and whether its file system keeps the promises of locks."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

from hitl._private_file import make_private
from hitl.server.primitives import SetupError

SIDECARS: Final = ("", "-wal", "-shm", "-journal", ".lock")
"""What follows the name of a data file in the names of the files that belong to it."""

MOUNTS: Final = Path("/proc/self/mounts")

# Locks and shared memory are those of one machine there (https://www.sqlite.org/faq.html#q5), or of one program.
_NETWORK: Final = re.compile(r"(nfs|nfs4|cifs|smb\w*|fuse\w*(\..*)?|afs|ncpfs|ceph|lustre|glusterfs|davfs\w*)")


def make_data_file(path: str | Path) -> None:
    """Create an empty file that only its owner may read where there is none, and take the rights of others.

    If root does so, for a service that has a user of its own, it belongs to the owner of its folder.
    """
    file = os.path.realpath(path)
    is_new = not os.path.lexists(file)
    make_private(path)
    if is_new:
        give_to_owner_of_folder(Path(file))


def give_to_owner_of_folder(file: Path) -> None:
    """Let a file of root belong to the owner of its folder; nothing for other users."""
    if os.name == "posix" and os.geteuid() == 0:
        folder = file.parent.stat()
        os.chown(file, folder.st_uid, folder.st_gid)


def readable_by_others(data: str | Path) -> list[Path]:
    """Return the files of a data file that somebody other than their owner may read or write."""
    if os.name != "posix":
        return []
    files = [Path(f"{os.path.realpath(data)}{end}") for end in SIDECARS]
    return [each for each in files if each.exists() and stat.S_IMODE(each.stat().st_mode) & 0o077]


def file_system_of(path: str | Path, mounts: Path = MOUNTS) -> str:
    """Return the type of the file system that a path is on, such as "ext4"; empty where the system does not say."""
    real = os.path.realpath(path)
    best, kind = "", ""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    for line in lines:
        _, mounted, found, *_ = line.split(" ")
        folder = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), mounted)  # fstab(5): spaces and the like
        is_in = real == folder or real.startswith(folder.rstrip("/") + "/")
        if is_in and len(folder) >= len(best):  # of two at one place the later one is on top
            best, kind = folder, found
    return kind


def is_network(file_system: str) -> bool:
    """Return whether a file system is another machine's, or a program's (FUSE)."""
    return _NETWORK.fullmatch(file_system) is not None


def require_guarded(data: str | Path, mounts: Path = MOUNTS) -> None:
    """Raise SetupError for a data file that others may read, or that is not on a disk of this machine."""
    kind = file_system_of(Path(data).parent, mounts)
    if is_network(kind):
        raise SetupError(
            f"{data} is on a file system of type {kind}, where the locks of SQLite do not hold; use a local disk"
        )
    if wide := readable_by_others(data):
        names = " ".join(str(each) for each in wide)
        raise SetupError(
            f"other users of this machine can read {wide[0]}; take that right from them: chmod 600 {names}"
        )
