"""How TLS is talked: one context for the whole process, since making one takes longer than a hundred requests."""

from __future__ import annotations

import os
import ssl
from functools import cache

from hitl.exceptions import ConfigurationError


@cache
def context() -> ssl.SSLContext:
    """Return the context, made with the first connection that needs it.

    It trusts whom httpx would trust: those whom `SSL_CERT_FILE` or `SSL_CERT_DIR` names, else certifi's authorities.

    Raises:
        ConfigurationError: if the variable names nothing that can be read.
    """
    file, folder = os.environ.get("SSL_CERT_FILE") or None, os.environ.get("SSL_CERT_DIR") or None
    if file is None and folder is None:
        import certifi

        file = certifi.where()
    try:
        made = ssl.create_default_context(cafile=file, capath=None if file else folder)
    except OSError as error:
        raise ConfigurationError(f"SSL_CERT_FILE or SSL_CERT_DIR cannot be used: {error.strerror}: {file}") from None
    made.set_alpn_protocols(["http/1.1"])
    return made
