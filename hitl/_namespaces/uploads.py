"""`client.uploads`: signatures and docstrings; what the methods do is in `upload_flows`.

AsyncUploads is written from this file by codegen/async_client.py (`make generate`).
"""

from __future__ import annotations

from hitl._namespaces import upload_flows as flows
from hitl._namespaces.namespace import Namespace
from hitl._namespaces.upload_files import Source
from hitl.models import UploadedFile


class Uploads(Namespace):
    """Files for requests to show; whoever has the address of one may read it."""

    def image(self, file: Source, *, name: str | None = None) -> UploadedFile:
        """Upload a JPEG, PNG, GIF or WebP of up to 10 MB; for `file` of a request.

        The file is read into memory as a whole. If the connection breaks so that nobody knows whether it arrived, it is
        not sent again.

        Args:
            file: A path, bytes, or an object with `read`, which is read from where it stands.
            name: The name of the file; by default that of the path or object, or "image" with its ending.

        Raises:
            ConfigurationError: if it cannot be read, is empty, too large or no such image; nothing was sent.
        """
        return self._run(flows.image(self._methods, file, name))

    def document(self, file: Source, *, name: str | None = None) -> UploadedFile:
        """Upload a document of up to 50 MB: pdf, doc, docx, xls, xlsx, ppt, pptx, csv or txt.

        The arguments and errors are those of `image`; bytes need a `name`, whose ending says what they are.
        """
        return self._run(flows.document(self._methods, file, name))
