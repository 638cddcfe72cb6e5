"""Uploaded images and documents, which requests show. The composition root makes the service and its routes.

`kinds` says which files are taken, `multipart` reads the form that holds one, `store` has the SQL.
"""

from __future__ import annotations

from hitl.server.uploads.routes import upload_pages, upload_routes
from hitl.server.uploads.service import Upload, UploadService

__all__ = ["Upload", "UploadService", "upload_pages", "upload_routes"]
