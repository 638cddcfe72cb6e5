"""Storing files, and finding them by their addresses.

An address holds 192 random bits: who has it may read the file, as with the vendor's, because the inbox shows it to
people who have no API key.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from hitl.server.primitives import ApiError, Now, to_wire
from hitl.server.storage import Database
from hitl.server.uploads.kinds import UploadKind
from hitl.server.uploads.multipart import SentFile
from hitl.server.uploads.store import UploadStore

LARGEST_SUM: Final = 1024 * 1024 * 1024
"""Bytes that all files together may have, so that a loop in a program does not fill the disk."""

_PATH: Final = re.compile(r"(?:/.*)?(?P<path>/uploads/(?P<folder>img|docs)/(?P<id>[A-Za-z0-9_-]{32})\.[a-z]{3,4})")


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored file without its content; `path` is where the server hands it out."""

    id: str
    path: str
    name: str
    media_type: str
    size: int

    @property
    def is_image(self) -> bool:
        """True if a page may show it."""
        return self.media_type.startswith("image/")


class UploadService:
    """The files of one sandbox."""

    def __init__(self, database: Database, clock: Now) -> None:
        self._database = database
        self._store = UploadStore(database)
        self._clock = clock

    def add(self, kind: UploadKind, sent: SentFile) -> Upload:
        """Store a file, or refuse it."""
        media_type = kind.type_of(sent.name, sent.content).media_type
        upload_id = secrets.token_urlsafe(24)
        with self._database.transaction():
            if self._store.size_of_all() + len(sent.content) > LARGEST_SUM:
                raise ApiError(413, "payload_too_large", f"all files together may have {LARGEST_SUM} bytes")
            at = to_wire(self._clock())
            self._store.add(upload_id, kind.folder, sent.name, media_type, sent.content, at)
        return self._upload(upload_id, kind.folder, sent.name, media_type, len(sent.content))

    def at(self, address: str) -> Upload | None:
        """Return the file at an address or its path; None if it is not one of this server's."""
        try:
            found = _PATH.fullmatch(urlsplit(address).path)
        except ValueError:  # no address at all
            return None
        row = self._store.head(found["id"]) if found else None
        if found is None or row is None:
            return None
        upload = self._upload(found["id"], *row)
        return upload if upload.path == found["path"] else None

    def content(self, upload: Upload) -> bytes:
        """Return what a file holds."""
        return self._store.content(upload.id)

    def _upload(self, upload_id: str, folder: str, name: str, media_type: str, size: int) -> Upload:
        path = f"/uploads/{folder}/{upload_id}{PurePosixPath(name.lower()).suffix}"
        return Upload(upload_id, path, name, media_type, size)
