"""How the rows of a query are read, over a connection that writes or one that only reads."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any, TypeAlias

Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = Sequence[Any] | Mapping[str, Any]
"""The values of a statement's parameters, by position or by name."""


class Querying(ABC):
    """A connection that can be asked; its methods raise StorageError for errors of the disk."""

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Return all rows of a query."""
        return self._run(sql, values)

    def rows_while(self, fits: Callable[[Row], bool], sql: str, values: Values = ()) -> list[Row]:
        """Return the rows before the first that does not fit, which is the last that is read."""
        return self._run(sql, values, lambda cursor: list(takewhile(fits, cursor)))

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """Return the first row of a query, or None."""
        return next(iter(self._run(sql, values)), None)

    def value(self, sql: str, values: Values = ()) -> Any:
        """Return the first column of a query's first row, or None."""
        row = self.row(sql, values)
        return None if row is None else row[0]

    @abstractmethod
    def _run(
        self, sql: str, values: Values = (), read: Callable[[sqlite3.Cursor], list[Row]] = sqlite3.Cursor.fetchall
    ) -> list[Row]:
        """Run a statement, and return what `read` makes of its cursor."""
