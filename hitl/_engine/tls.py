"""The TLS context: one for the whole process, since making one takes longer than a hundred requests."""

from __future__ import annotations

import ssl
from functools import cache

from hitl.exceptions import ConfigurationError


@cache
def tls_context(file: str | None = None, folder: str | None = None) -> ssl.SSLContext:
    """Return a context that trusts the authorities of a file or a folder, or certifi's, as httpx does.

    Raises:
        ConfigurationError: if the file or folder cannot be read.
    """
    if file is None and folder is None:
        import certifi

        file = certifi.where()
    try:
        context = ssl.create_default_context(cafile=file, capath=None if file else folder)
    except OSError as error:
        raise ConfigurationError(f"SSL_CERT_FILE or SSL_CERT_DIR cannot be used: {error.strerror}: {file}") from None
    context.set_alpn_protocols(["http/1.1"])
    return context
