"""The SQLite database: transactions, idempotency keys, the outbox of events, and news of committed changes.

Stores of other rooms also use `queries`; everything else is here.
"""

from __future__ import annotations

from hitl.server.storage.audit import Audit, AuditEntry, first_broken
from hitl.server.storage.changes import ChangeNotifier, UnitOfWork, Work, running_loop
from hitl.server.storage.commit_group import CommitGroup
from hitl.server.storage.database import IN_MEMORY, Database, Store
from hitl.server.storage.digests import fingerprint_of
from hitl.server.storage.errors import StorageError
from hitl.server.storage.file_lock import FileLock, InUseError, announced, is_locked
from hitl.server.storage.file_system import file_system_of, is_network, readable_by_others
from hitl.server.storage.idempotency import Created, IdempotencyStore
from hitl.server.storage.outbox import Event, Outbox
from hitl.server.storage.querying import Row
from hitl.server.storage.reader import Reader
from hitl.server.storage.snapshot import Snapshot, snapshot

__all__ = [
    "IN_MEMORY",
    "Audit",
    "AuditEntry",
    "ChangeNotifier",
    "CommitGroup",
    "Created",
    "Database",
    "Event",
    "FileLock",
    "IdempotencyStore",
    "InUseError",
    "Outbox",
    "Reader",
    "Row",
    "Snapshot",
    "StorageError",
    "Store",
    "UnitOfWork",
    "Work",
    "announced",
    "file_system_of",
    "fingerprint_of",
    "first_broken",
    "is_locked",
    "is_network",
    "readable_by_others",
    "running_loop",
    "snapshot",
]
