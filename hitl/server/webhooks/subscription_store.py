"""Subscriptions, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hitl.server.primitives import Document
from hitl.server.sealing import SealedColumn, place_of
from hitl.server.storage import Row, Store

_COLUMNS: Final = ("id", "url", "events", "enabled", "created_at", "updated_at")
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM subscriptions "  # noqa: S608 - fixed words


SECRETS: Final = SealedColumn("subscriptions", "secret")
"""Where the secrets of subscriptions are, which a team's server seals."""


def secret_place(webhook_id: str) -> str:
    """Return the place to which a subscription's secret is sealed."""
    return place_of(SECRETS.table, SECRETS.column, webhook_id)


class SubscriptionStore(Store):
    """The statements, over one database."""

    def all(self) -> list[Document]:
        """Return all subscriptions, in the order of their creation, without their secrets."""
        return [_document(row) for row in self._database.rows(f"{_SELECT} ORDER BY number")]

    def get(self, webhook_id: str) -> Document | None:
        """Return one subscription, without its secret."""
        row = self._database.row(f"{_SELECT} WHERE id = ?", (webhook_id,))
        return None if row is None else _document(row)

    def secret(self, webhook_id: str) -> str | None:
        """Return a subscription's secret as it is stored; None if it was deleted."""
        secret: str | None = self._database.value("SELECT secret FROM subscriptions WHERE id = ?", (webhook_id,))
        return secret

    def add(self, subscription: Mapping[str, Any]) -> None:
        """Store a new subscription with its secret, sealed if need be."""
        self._database.execute(
            "INSERT INTO subscriptions (id, url, events, secret, enabled, created_at, updated_at) "
            "VALUES (:id, :url, :events, :secret, :enabled, :created_at, :updated_at)",
            _row(subscription),
        )

    def update(self, webhook_id: str, changes: Mapping[str, Any]) -> None:
        """Change some columns, whose names must be trusted; pending deliveries go to a new address."""
        assignments = ", ".join(f"{name} = :{name}" for name in changes)
        self._database.execute(
            f"UPDATE subscriptions SET {assignments} WHERE id = :webhook_id",  # noqa: S608
            {**_row(changes), "webhook_id": webhook_id},
        )
        if "url" in changes:
            self._database.execute(
                "UPDATE deliveries SET url = ? WHERE webhook_id = ? AND status = 'pending'",
                (changes["url"], webhook_id),
            )

    def delete(self, webhook_id: str) -> None:
        """Delete a subscription and give up its pending deliveries; the log stays."""
        self._database.execute("DELETE FROM subscriptions WHERE id = ?", (webhook_id,))
        self._database.execute(
            "UPDATE deliveries SET status = 'failed', due_at = NULL, round = round + 1 "
            "WHERE webhook_id = ? AND status = 'pending'",
            (webhook_id,),
        )


def _row(subscription: Mapping[str, Any]) -> dict[str, Any]:
    row = dict(subscription)
    return row | {"events": json.dumps(row["events"])} if "events" in row else row


def _document(row: Row) -> Document:
    document = dict(zip(_COLUMNS, row, strict=True))
    return {**document, "events": json.loads(document["events"]), "enabled": bool(document["enabled"]), "secret": None}
