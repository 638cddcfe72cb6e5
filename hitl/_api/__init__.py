"""The one place that meets the generated package: requests built, responses read, arguments checked, pages fetched.

For the methods of the clients, waits and batches.
"""

from __future__ import annotations

from hitl._api.arguments import identifier
from hitl._api.operations import Creation, Endpoint, endpoint_call
from hitl._api.page_walk import Page, PageRequest, PageWalk, UnreadableEntry, entry
from hitl._api.pagination import AsyncPagedList, PagedList
from hitl._api.responses import decode

__all__ = [
    "AsyncPagedList",
    "Creation",
    "Endpoint",
    "Page",
    "PageRequest",
    "PageWalk",
    "PagedList",
    "UnreadableEntry",
    "decode",
    "endpoint_call",
    "entry",
    "identifier",
]
