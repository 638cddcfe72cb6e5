"""The one place that meets the generated package: operations, arguments checked, documents decoded, pages walked.

For the methods of the clients, waits and batches.
"""

from __future__ import annotations

from hitl._api.decoding import review_from_json
from hitl._api.operations import Endpoint, endpoint_call
from hitl._api.pagination import AsyncPagedList, Page, PagedList
from hitl._api.parameters import CHANGES, FILTERS, arguments_of, check_review, checked, review_fields
from hitl._api.validators import count, form_fields, idempotency_key, identifier, is_given, json_object, one_of, text

__all__ = [
    "CHANGES",
    "FILTERS",
    "AsyncPagedList",
    "Endpoint",
    "Page",
    "PagedList",
    "arguments_of",
    "check_review",
    "checked",
    "count",
    "endpoint_call",
    "form_fields",
    "idempotency_key",
    "identifier",
    "is_given",
    "json_object",
    "one_of",
    "review_fields",
    "review_from_json",
    "text",
]
