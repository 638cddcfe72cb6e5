"""Put a person's judgement into a program.

    from hitl import HITLClient

    client = HITLClient(api_key="...")
    review = client.create_review(template_id="content_review", content={"text": "Is this fit to print?"})
    answer = client.wait_for_review(review.id)
    print(answer.result)

Names are imported when they are first used, so `import hitl` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hitl._api.pagination import AsyncPagedList, PagedList
    from hitl._async_client import AsyncHITLClient
    from hitl._client import HITLClient
    from hitl._version import __version__
    from hitl._waiting.as_completed import AsyncCompletions, Completions
    from hitl._waiting.outcomes import ALL, ANY_REJECTED, FIRST
    from hitl._waiting.rate_limit import WaitBudgetWarning
    from hitl.exceptions import HITLError
    from hitl.models import Outcome, Review, Template, WaitStats

__all__ = [
    "ALL",
    "ANY_REJECTED",
    "FIRST",
    "AsyncCompletions",
    "AsyncHITLClient",
    "AsyncPagedList",
    "Completions",
    "HITLClient",
    "HITLError",
    "Outcome",
    "PagedList",
    "Review",
    "Template",
    "WaitBudgetWarning",
    "WaitStats",
    "__version__",
]

_MODULES = {
    "ALL": "hitl._waiting.outcomes",
    "ANY_REJECTED": "hitl._waiting.outcomes",
    "AsyncCompletions": "hitl._waiting.as_completed",
    "Completions": "hitl._waiting.as_completed",
    "FIRST": "hitl._waiting.outcomes",
    "WaitBudgetWarning": "hitl._waiting.rate_limit",
    "WaitStats": "hitl.models",
    "AsyncHITLClient": "hitl._async_client",
    "AsyncPagedList": "hitl._api.pagination",
    "HITLClient": "hitl._client",
    "HITLError": "hitl.exceptions",
    "Outcome": "hitl.models",
    "PagedList": "hitl._api.pagination",
    "Review": "hitl.models",
    "Template": "hitl.models",
    "__version__": "hitl._version",
}


def __getattr__(name: str) -> Any:
    # PEP 562. `hitl.exceptions` and the other public modules are found as submodules, not here.
    if name not in _MODULES:
        raise AttributeError(f"module 'hitl' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
