"""Put a person's judgement into a program.

    from hitl import HITLClient

    client = HITLClient(api_key="...")
    review = client.create_review(template_id="content_review", content={"text": "Is this fit to print?"})
    answer = client.wait_for_review(review.id)
    print(answer.result)

Names are imported when they are first used, so `import hitl` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl._lazy import lazy_names

if TYPE_CHECKING:
    from hitl._api.pagination import AsyncPagedList, PagedList
    from hitl._asking import read_answer
    from hitl._async_client import AsyncHITLClient
    from hitl._client import HITLClient
    from hitl._content import File
    from hitl._flows import BlockingCallWarning
    from hitl._forms.schema import fields_from, schema_from
    from hitl._response_types import Boolean, MultiSelect, Number, Rating, SingleSelect, Text
    from hitl._version import __version__
    from hitl._waiting.as_completed import AsyncCompletions, Completions
    from hitl._waiting.decisions import AsyncDecisions, CursorStore, Decisions
    from hitl._waiting.rate_limit import WaitBudgetWarning
    from hitl._waiting.return_when import ALL, ANY_REJECTED, FIRST
    from hitl.exceptions import HITLError
    from hitl.models import Outcome, Request, Review, Template, WaitStats

__all__ = [
    "ALL",
    "ANY_REJECTED",
    "FIRST",
    "AsyncCompletions",
    "AsyncDecisions",
    "AsyncHITLClient",
    "AsyncPagedList",
    "BlockingCallWarning",
    "Boolean",
    "Completions",
    "CursorStore",
    "Decisions",
    "File",
    "HITLClient",
    "HITLError",
    "MultiSelect",
    "Number",
    "Outcome",
    "PagedList",
    "Rating",
    "Request",
    "Review",
    "SingleSelect",
    "Template",
    "Text",
    "WaitBudgetWarning",
    "WaitStats",
    "__version__",
    "fields_from",
    "read_answer",
    "schema_from",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "_api": ("AsyncPagedList", "PagedList"),
        "_asking": ("read_answer",),
        "_async_client": ("AsyncHITLClient",),
        "_client": ("HITLClient",),
        "_content": ("File",),
        "_forms": ("fields_from", "schema_from"),
        "_flows": ("BlockingCallWarning",),
        "_response_types": ("Boolean", "MultiSelect", "Number", "Rating", "SingleSelect", "Text"),
        "_version": ("__version__",),
        # ReturnWhen is the type of the first three, by which pickles find them.
        "_waiting": (
            "ALL",
            "ANY_REJECTED",
            "FIRST",
            "AsyncCompletions",
            "AsyncDecisions",
            "Completions",
            "CursorStore",
            "Decisions",
            "ReturnWhen",
            "WaitBudgetWarning",
        ),
        "exceptions": ("HITLError",),
        "models": ("Outcome", "Request", "Review", "Template", "WaitStats"),
    },
)
