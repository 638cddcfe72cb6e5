"""What `client.uploads` does, as flows."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import Any

from hitl_api.api.uploads import upload_document, upload_image
from hitl_api.models.file_upload import FileUpload
from hitl_api.types import File

from hitl._flows import Act, Flow
from hitl._json import Object
from hitl._methods import Methods
from hitl._namespaces.namespace import fetched
from hitl._namespaces.upload_files import DOCUMENTS, IMAGES, LocalFile, Source, local_file
from hitl._records import UploadedFile, record


def image(methods: Methods, file: Source, name: str | None) -> Flow[UploadedFile]:
    found: LocalFile = yield Act(partial(local_file, "uploads.image", IMAGES, file, name), blocks=True)
    sending = fetched(methods, partial(_uploaded, _known(found)), upload_image, body=_form(found))
    del found  # the request has a copy of its content
    return (yield from sending)


def document(methods: Methods, file: Source, name: str | None) -> Flow[UploadedFile]:
    found: LocalFile = yield Act(partial(local_file, "uploads.document", DOCUMENTS, file, name), blocks=True)
    sending = fetched(methods, partial(_uploaded, _known(found)), upload_document, body=_form(found))
    del found
    return (yield from sending)


def _form(found: LocalFile) -> FileUpload:
    return FileUpload(File(BytesIO(found.content), found.name, found.type))


def _known(found: LocalFile) -> Object:
    return {"name": found.name, "type": found.type, "size": len(found.content)}


def _uploaded(known: Object, data: Any) -> UploadedFile:
    """Read what the server says; of an image it says where it is, and nothing else."""
    names = {"file_name": "name", "file_type": "type", "size_bytes": "size"}
    said = {names.get(name, name): value for name, value in data.items() if value is not None}
    return record(UploadedFile, {**known, **said})
