"""The keys under which secrets are sealed: from a file, from systemd, from the environment, or made at first need.

A source holds one key or several, each as the base64 of 32 bytes, apart by white space. The first one seals; the others
only open what was sealed before. A key's number follows from it, so that keys can come and go in any order.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hitl.server.primitives import SetupError

_SIZE: Final = 32  # bytes, for AES-256
_VARIABLE: Final = "HITL_SECRETS_KEY"
_CREDENTIAL: Final = "secrets.key"
_FORM: Final = "a key is the base64 of 32 bytes, as `openssl rand -base64 32` prints it"


class SecretsKeys:
    """The keys of one data file; where there is no key yet, one is made when it is needed."""

    def __init__(self, keys: Sequence[bytes], *, file: Path | None = None, origin: str = "") -> None:
        """Hold keys, of which the first seals.

        Args:
            keys: What was found, perhaps nothing.
            file: Where keys may be written, None if they come from elsewhere.
            origin: Where they come from, in words for operators.
        """
        self._keys = list(keys)
        self.file = file
        self.origin = origin

    def first(self) -> bytes:
        """Return the key that seals; SetupError if it cannot be written where it is kept."""
        if not self._keys:
            self._keep([_new_key()])
        return self._keys[0]

    def numbered(self, number: int) -> bytes | None:
        """Return the key with a number; None if it is not here."""
        return next((key for key in self._keys if number_of(key) == number), None)

    def add_new(self) -> None:
        """Let a new key seal from now on, while the present ones still open."""
        self._keep([_new_key(), *self._keys])

    def forget_others(self) -> None:
        """Keep the first key only."""
        self._keep(self._keys[:1])

    def _keep(self, keys: list[bytes]) -> None:
        if self.file is not None:
            text = "".join(f"{base64.b64encode(key).decode()}\n" for key in keys)
            try:
                _replace(self.file, text)
            except OSError as error:
                raise SetupError(f"the key of the secrets cannot be kept in {self.file} ({error.strerror})") from error
        self._keys = keys

    def __repr__(self) -> str:
        return f"<SecretsKeys {', '.join(str(number_of(key)) for key in self._keys)}>"


def find_keys(data: str | None, named: str | Path | None, environment: Mapping[str, str] = os.environ) -> SecretsKeys:
    """Return the keys of a data file, None for one in memory.

    They are in the `named` file, which must exist; in the credential `secrets.key` that systemd loads; in
    HITL_SECRETS_KEY; or beside the data, as `FILE.key`. SetupError if they are unusable, or readable by others.
    """
    if named is not None:
        file = Path(named)
        return SecretsKeys(_read(file, private=True), file=file, origin=str(file))
    credential = Path(environment.get("CREDENTIALS_DIRECTORY") or os.devnull, _CREDENTIAL)
    if credential.is_file():
        return SecretsKeys(_read(credential, private=False), origin="the credential secrets.key")
    if text := environment.get(_VARIABLE, "").strip():
        return SecretsKeys(_parsed(text, _VARIABLE), origin=_VARIABLE)
    if data is None:
        return SecretsKeys([_new_key()])
    beside = Path(f"{data}.key")
    found = _read(beside, private=True) if beside.exists() else []
    return SecretsKeys(found, file=beside, origin=str(beside))


def number_of(key: bytes) -> int:
    """Return a key's number, which tells it from others and nothing about it."""
    return int.from_bytes(hashlib.sha256(b"hitl secrets key\n" + key).digest()[:4])


def _read(file: Path, *, private: bool) -> list[bytes]:
    try:
        text, status = file.read_text("ascii"), file.stat()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or _FORM
        raise SetupError(f"the key of the secrets cannot be read from {file}: {why}; name its file") from None
    if private and os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise SetupError(f"others may read {file}, which holds the key of the secrets; run: chmod 600 {file}")
    return _parsed(text, str(file))


def _parsed(text: str, origin: str) -> list[bytes]:
    try:
        keys = [base64.b64decode(each, validate=True) for each in text.split()]
    except (binascii.Error, ValueError):
        keys = []
    if not keys or any(len(key) != _SIZE for key in keys):
        raise SetupError(f"{origin} holds no usable key of the secrets; {_FORM}")
    return keys


def _replace(file: Path, text: str) -> None:
    """Write a file that only its owner may read; it survives a power failure, as what is sealed under its keys does."""
    handle, name = tempfile.mkstemp(dir=file.parent)  # with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _new_key() -> bytes:
    return secrets.token_bytes(_SIZE)
