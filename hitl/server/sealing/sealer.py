"""Encrypting one secret for one place in the data file (AES-256-GCM, NIST SP 800-38D)."""

from __future__ import annotations

import base64
import re
import secrets
from typing import TYPE_CHECKING, Final

from hitl.server.primitives import SetupError
from hitl.server.sealing.secrets_key import SecretsKeys, number_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ENTER_ANEW: Final = "sealed: enter anew"
"""What stands in place of a secret that cannot be opened, because its key is lost."""

_NONCE: Final = 12  # bytes at random, of which 2**32 may be made under one key (SP 800-38D, 8.3)
_SEALED: Final = re.compile(r"v1\.(?P<key>\d{1,10})\.(?P<nonce>[\w-]{16})\.(?P<text>[\w-]{22,})", re.ASCII)


class SealedError(Exception):
    """A secret that cannot be opened: its key is lost, or it was changed or moved. The message is for operators."""

    def __init__(self) -> None:
        super().__init__(ENTER_ANEW)


class Sealer:
    """Seals and opens secrets; without keys, as in a sandbox, they stay in clear, and sealed ones stay closed."""

    def __init__(self, keys: SecretsKeys | None = None) -> None:
        """Use these keys; `cryptography` is imported at the first use."""
        self.keys = keys
        self._ciphers: dict[bytes, AESGCM] = {}

    def prepare(self) -> None:
        """Make the key if there is none, and import `cryptography`; SetupError if either fails."""
        if self.keys is not None:
            self._cipher(self.keys.first())

    def seal(self, text: str, place: str) -> str:
        """Return a text as `v1.{key number}.{nonce}.{ciphertext}`, for one place as `place_of` names it."""
        if self.keys is None:
            return text
        key, nonce = self.keys.first(), secrets.token_bytes(_NONCE)
        sealed = self._cipher(key).encrypt(nonce, text.encode("utf-8", "surrogatepass"), place.encode())
        return f"v1.{number_of(key)}.{_base64(nonce)}.{_base64(sealed)}"

    def open(self, sealed: str, place: str) -> str:
        """Return the text that was sealed for a place, or a text in clear as it is; SealedError if that fails."""
        match = _SEALED.fullmatch(sealed)
        if match is None:
            return sealed
        key = None if self.keys is None else self.keys.numbered(int(match["key"]))
        if key is None:
            raise SealedError
        cipher = self._cipher(key)
        from cryptography.exceptions import InvalidTag

        try:
            text = cipher.decrypt(_bytes(match["nonce"]), _bytes(match["text"]), place.encode())
            return text.decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError) as error:
            raise SealedError from error

    def is_current(self, sealed: str) -> bool:
        """Return whether a text is as `seal` would leave it: under the first key, or in clear without keys."""
        match = _SEALED.fullmatch(sealed)
        if self.keys is None:
            return match is None
        return match is not None and int(match["key"]) == number_of(self.keys.first())

    def _cipher(self, key: bytes) -> AESGCM:
        if key not in self._ciphers:
            try:
                from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            except ImportError as error:
                message = "secrets are sealed with the package cryptography: install hitl with its 'server' extra"
                raise SetupError(message) from error
            self._ciphers[key] = AESGCM(key)
        return self._ciphers[key]


def is_sealed(text: str) -> bool:
    """Return whether a text has the form of a sealed one."""
    return _SEALED.fullmatch(text) is not None


def place_of(table: str, column: str, row_id: str) -> str:
    """Return the name of a place, to which a secret is bound, so that nobody can move it to another row."""
    return f"{table}.{column}:{row_id}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
