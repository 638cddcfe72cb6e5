"""TLS: whom connections trust, and TLS inside of TLS, which a tunnel through an https:// proxy needs."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

from hitl.exceptions import ConfigurationError

T = TypeVar("T")

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # how OpenSSL finds a certificate in a folder (`openssl rehash`)


@cache
def tls_context(file: str | None = None, folder: str | None = None) -> ssl.SSLContext:
    """Return a context that trusts the authorities of a file or a folder, or certifi's, as httpx does.

    There is one for the whole process, since making one takes longer than a hundred requests.

    Raises:
        ConfigurationError: if the file or folder cannot be read.
    """
    if file is None and folder is None:
        import certifi

        file = certifi.where()
    try:
        return _context(file, None if file else folder)
    except OSError as error:
        raise ConfigurationError(f"SSL_CERT_FILE or SSL_CERT_DIR cannot be used: {_reason(error)}: {file}") from None


def client_context(verify: object) -> ssl.SSLContext:
    """Return the context that a client is given: as it is, or made of a file or a folder of authorities.

    Raises:
        ConfigurationError: if it would trust anybody, or nobody.
    """
    kind = type(verify).__name__
    if isinstance(verify, ssl.SSLContext):
        _require_proof(verify)
        return verify
    if verify is False:
        raise ConfigurationError(
            "verify=False would send the API key to whoever answers. To trust one server, pass the file of the "
            "authority that issued its certificate, or of the certificate itself if it is self-signed: verify='ca.pem'"
        )
    path = os.fsdecode(cast("str | os.PathLike[str]", verify)) if isinstance(verify, str | os.PathLike) else ""
    if not path:
        raise ConfigurationError(
            "verify must be True, the path of a file or folder of certificate authorities, or an ssl.SSLContext; got "
            f"{'an empty path' if verify == '' else kind}"
        )
    return _trusting(Path(path))


def _trusting(path: Path) -> ssl.SSLContext:
    try:
        is_folder = path.is_dir()
        names = [each.name for each in path.iterdir()] if is_folder else []
        context = _context(None, str(path)) if is_folder else _context(str(path), None)
        is_empty = not (any(map(_HASHED.fullmatch, names)) if is_folder else context.cert_store_stats()["x509"])
    except ssl.SSLError:
        is_folder, is_empty = False, True
    except (OSError, ValueError) as error:  # a ValueError for a null character
        raise ConfigurationError(
            f"verify: {str(path)!r} cannot be read ({_reason(error)}); give a file or folder of certificate authorities"
        ) from None
    else:
        if not is_empty:
            return context
    rehash = "certificate under the name that OpenSSL looks for; run `openssl rehash` on it, or give a file"
    what = rehash if is_folder else "certificate in PEM form (-----BEGIN CERTIFICATE-----)"
    raise ConfigurationError(f"verify: {str(path)!r} holds no {what}")


def _context(file: str | None, folder: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=file, capath=folder)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _require_proof(context: ssl.SSLContext) -> None:
    if context.protocol == ssl.PROTOCOL_TLS_SERVER:
        raise ConfigurationError("verify: this SSLContext is one for servers; use ssl.create_default_context()")
    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:
        raise ConfigurationError(
            "verify: this SSLContext would send the API key to whoever answers: it needs verify_mode CERT_REQUIRED and "
            "check_hostname True, as ssl.create_default_context(cafile='ca.pem') has them"
        )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class NestedTLS:
    """TLS over a connection that is encrypted already, with what the engine uses of a socket.

    `ssl.SSLContext.wrap_socket` takes plain sockets only. As with those, what would block raises SSLWantReadError or
    SSLWantWriteError, and a send that did is repeated with the same bytes.
    """

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, host: str) -> None:
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._encrypted = b""  # bytes that the outer connection has yet to take
        self._accepted = 0  # bytes of the caller's that they stand for

    def do_handshake(self) -> None:
        """Go on with the handshake."""
        self._exchange(self._tls.do_handshake)

    def selected_alpn_protocol(self) -> str | None:
        """Return the protocol that the server has chosen."""
        return self._tls.selected_alpn_protocol()

    def recv(self, size: int) -> bytes:
        """Return decrypted bytes; b"" at the end."""
        return self._exchange(lambda: self._tls.read(size))

    def send(self, data: memoryview) -> int:
        """Send the beginning of some bytes, and return how many."""
        if not self._accepted:
            self._flush()
            self._accepted = self._tls.write(data)
        self._flush()
        accepted, self._accepted = self._accepted, 0
        return accepted

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._outer.fileno()

    def shutdown(self, how: int) -> None:
        """Break the connection."""
        self._outer.shutdown(how)

    def close(self) -> None:
        """Close the connection."""
        self._outer.close()

    def _exchange(self, act: Callable[[], T]) -> T:
        while True:
            try:
                result = act()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            except ssl.SSLError:
                with suppress(OSError):
                    self._flush()  # the alert that tells the server why
                raise
            else:
                self._flush()
                return result

    def _fill(self) -> None:
        try:
            received = self._outer.recv(32 * 1024)
        except ssl.SSLZeroReturnError:
            received = b""
        if received:
            self._incoming.write(received)
        else:
            self._incoming.write_eof()

    def _flush(self) -> None:
        self._encrypted += self._outgoing.read()
        while self._encrypted:
            self._encrypted = self._encrypted[self._outer.send(self._encrypted) :]
