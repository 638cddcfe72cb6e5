"""What `client.uploads` does, as flows."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import Any

from hitl_api.api.uploads import upload_document, upload_image
from hitl_api.models.file_upload import FileUpload
from hitl_api.types import File

from hitl._flows import Act, Flow
from hitl._methods import Methods
from hitl._namespaces.namespace import fetched
from hitl._namespaces.upload_files import DOCUMENTS, IMAGES, LocalFile, Source, local_file
from hitl._records import UploadedFile, record


def image(methods: Methods, file: Source, name: str | None) -> Flow[UploadedFile]:
    found: LocalFile = yield Act(partial(local_file, "uploads.image", IMAGES, file, name), blocks=True)
    return (yield from fetched(methods, partial(_uploaded, found), upload_image, body=_form(found)))


def document(methods: Methods, file: Source, name: str | None) -> Flow[UploadedFile]:
    found: LocalFile = yield Act(partial(local_file, "uploads.document", DOCUMENTS, file, name), blocks=True)
    return (yield from fetched(methods, partial(_uploaded, found), upload_document, body=_form(found)))


def _form(found: LocalFile) -> FileUpload:
    return FileUpload(File(BytesIO(found.content), found.name, found.type))


def _uploaded(found: LocalFile, data: Any) -> UploadedFile:
    """Read what the server says; of an image it says where it is, and nothing else."""
    said = {"name": data.pop("file_name", None), "type": data.pop("file_type", None)}
    known = {"name": found.name, "type": found.type, "size": len(found.content)}
    told = {name: value for name, value in {**said, "size": data.pop("size_bytes", None)}.items() if value is not None}
    return record(UploadedFile, {**known, **told, **data})
