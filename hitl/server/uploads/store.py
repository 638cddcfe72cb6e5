"""Uploaded files, in SQL; callers open the transactions."""

from __future__ import annotations

from hitl.server.storage import Row, Store


class UploadStore(Store):
    """The statements, over one database."""

    def add(self, upload_id: str, folder: str, name: str, media_type: str, content: bytes, at: str) -> None:
        """Store a new file."""
        self._database.execute(
            "INSERT INTO uploads (id, folder, name, media_type, content, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            (upload_id, folder, name, media_type, content, at),
        )

    def head(self, upload_id: str) -> Row | None:
        """Return folder, name, media type and size of a file."""
        sql = "SELECT folder, name, media_type, length(content) FROM uploads WHERE id = ?"
        return self._database.row(sql, (upload_id,))

    def content(self, upload_id: str) -> bytes:
        """Return what a file holds."""
        content: bytes = self._database.value("SELECT content FROM uploads WHERE id = ?", (upload_id,))
        return content

    def size_of_all(self) -> int:
        """Return the bytes of all files together."""
        size: int = self._database.value("SELECT coalesce(sum(length(content)), 0) FROM uploads")
        return size
