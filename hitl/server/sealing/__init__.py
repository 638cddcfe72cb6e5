"""Sealing of the secrets that must be readable again: webhook secrets and the addresses of channels.

They are encrypted under a key that is not in the data file, so that a copy of the file tells nobody's secret. A sandbox
has no key and keeps them in clear. `sealer` encrypts, `secrets_key` finds the keys, `store` has the rows.
"""

from __future__ import annotations

from hitl.server.sealing.sealer import ENTER_ANEW, SealedError, Sealer, is_sealed, place_of
from hitl.server.sealing.secrets_key import SecretsKeys, find_keys
from hitl.server.sealing.store import Resealed, SealedColumn, SealedColumns, rekey

__all__ = [
    "ENTER_ANEW",
    "Resealed",
    "SealedColumn",
    "SealedColumns",
    "SealedError",
    "Sealer",
    "SecretsKeys",
    "find_keys",
    "is_sealed",
    "place_of",
    "rekey",
]
