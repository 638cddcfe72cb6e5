"""The addresses that take files, in generation B's envelope, and those that hand them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hitl.server.http import ApiEndpoint, in_worker, resource
from hitl.server.http.requests import address_of
from hitl.server.loops import envelope
from hitl.server.primitives import Document
from hitl.server.uploads.kinds import DOCUMENTS, IMAGES, UploadKind
from hitl.server.uploads.multipart import sent_file
from hitl.server.uploads.service import Upload, UploadService

_Shown: TypeAlias = Callable[[Upload, str], Document]

# Whatever a file holds, a browser does nothing with it but show or keep it.
_SAFE: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, max-age=86400, immutable",
}


def upload_routes(service: UploadService) -> list[Route]:
    """Return the API's routes."""
    return [
        resource("/v1/upload/image", POST=_taking(service, IMAGES, _image)),
        resource("/v1/upload/document", POST=_taking(service, DOCUMENTS, _document)),
    ]


def upload_pages(service: UploadService) -> list[Route]:
    """Return the route that hands files out to whoever has the address."""

    async def hand_out(request: Request) -> Response:
        upload = service.at(request.scope["path"])
        if upload is None:
            return PlainTextResponse("There is no such file.\n", 404)
        content = await in_worker(service.content, upload)
        # As a header, because Starlette would add a charset to texts, and nobody knows what they are in.
        of_file = {"Content-Type": upload.media_type, "Content-Disposition": _disposition(upload)}
        return Response(content, headers={**_SAFE, **of_file})

    return [Route("/uploads/{folder}/{file}", hand_out)]


def _taking(service: UploadService, kind: UploadKind, shown: _Shown) -> ApiEndpoint:
    async def endpoint(request: Request) -> Response:
        sent = await sent_file(request, kind.largest)
        upload = await in_worker(service.add, kind, sent)
        return envelope.success("File uploaded successfully", shown(upload, address_of(request)), 201)

    return endpoint


def _image(upload: Upload, address: str) -> Document:
    return {"url": f"{address}{upload.path}"}


def _document(upload: Upload, address: str) -> Document:
    about = {"file_type": upload.media_type, "file_name": upload.name, "size_bytes": upload.size}
    return {**_image(upload, address), **about}


def _disposition(upload: Upload) -> str:
    return f"{'inline' if upload.is_image else 'attachment'}; filename*=UTF-8''{quote(upload.name, safe='')}"
