"""The columns of the data file that hold sealed secrets, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hitl.server.primitives import SetupError
from hitl.server.sealing.sealer import SealedError, Sealer, place_of
from hitl.server.sealing.secrets_key import SecretsKeys
from hitl.server.storage import Database, Store


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of secrets in a table whose rows have an `id`; both names are fixed words of this program."""

    table: str
    column: str = "secret"


@dataclass(frozen=True, slots=True)
class Resealed:
    """What was done: how many secrets were sealed anew, and how many could not be opened."""

    sealed: int = 0
    closed: int = 0


class SealedColumns(Store):
    """All columns of one database."""

    def __init__(self, database: Database, sealer: Sealer, columns: Sequence[SealedColumn]) -> None:
        super().__init__(database)
        self._sealer = sealer
        self._columns = columns

    @property
    def keys(self) -> SecretsKeys:
        """The keys that seal; SetupError in a sandbox, which seals nothing."""
        if self._sealer.keys is None:
            raise SetupError("a sandbox keeps its secrets in clear; a team's server seals them")
        return self._sealer.keys

    def seal(self) -> Resealed:
        """Seal what is in clear or under an earlier key, in one transaction; what cannot be opened stays as it is."""
        done = [0, 0]
        with self._database.transaction():
            for each in self._columns:
                for row_id, text in self._database.rows(
                    f"SELECT id, {each.column} FROM {each.table} WHERE {each.column} IS NOT NULL"  # noqa: S608 - fixed words
                ):
                    if not self._sealer.is_current(text):
                        done[not self._seal(each, row_id, text)] += 1
        if done[0]:
            # Else the texts in clear would stay in the log of writes for a while.
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Resealed(*done)

    def closed(self) -> int:
        """Return how many secrets cannot be opened."""
        return sum(
            not self._opens(text, place_of(each.table, each.column, row_id))
            for each in self._columns
            for row_id, text in self._database.rows(
                f"SELECT id, {each.column} FROM {each.table} WHERE {each.column} IS NOT NULL"  # noqa: S608 - fixed words
            )
        )

    def _seal(self, column: SealedColumn, row_id: str, text: str) -> bool:
        place = place_of(column.table, column.column, row_id)
        try:
            clear = self._sealer.open(text, place)
        except SealedError:
            return False
        self._database.execute(
            f"UPDATE {column.table} SET {column.column} = ? WHERE id = ?",  # noqa: S608 - fixed words
            (self._sealer.seal(clear, place), row_id),
        )
        return True

    def _opens(self, text: str, place: str) -> bool:
        try:
            self._sealer.open(text, place)
        except SealedError:
            return False
        return True


def rekey(columns: SealedColumns) -> dict[str, Any]:
    """Seal everything under a new key, and return `{sealed, closed, origin, is_new}`.

    Where the keys are in a file, the new key is made there and the earlier ones are deleted. Elsewhere an operator has
    put the new key before the earlier ones, which he may delete afterwards. SetupError if the file cannot be written.
    """
    keys = columns.keys
    if keys.file is not None:
        keys.add_new()
    done = columns.seal()
    if keys.file is not None:
        keys.forget_others()
    return {"sealed": done.sealed, "closed": done.closed, "origin": keys.origin, "is_new": keys.file is not None}
