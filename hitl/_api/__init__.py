"""The one place that meets the generated package: requests built, responses read, arguments checked, pages fetched.

For the methods of the clients, waits and batches.
"""

from __future__ import annotations

from hitl._api.arguments import (
    CHANGES,
    FILTERS,
    arguments_of,
    check_review,
    checked,
    checked_key,
    count,
    form_fields,
    identifier,
    json_object,
    one_of,
    text,
)
from hitl._api.operations import Creation, Endpoint, endpoint_call
from hitl._api.pagination import AsyncPagedList, Page, PagedList

__all__ = [
    "CHANGES",
    "FILTERS",
    "AsyncPagedList",
    "Creation",
    "Endpoint",
    "Page",
    "PagedList",
    "arguments_of",
    "check_review",
    "checked",
    "checked_key",
    "count",
    "endpoint_call",
    "form_fields",
    "identifier",
    "json_object",
    "one_of",
    "text",
]
