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
    from hitl._async_client import AsyncHITLClient
    from hitl._client import HITLClient
    from hitl._completions import AsyncCompletions, Completions
    from hitl._endings import ALL, ANY_REJECTED, FIRST
    from hitl._pacing import WaitBudgetWarning
    from hitl._pages import AsyncPagedList, PagedList
    from hitl._version import __version__
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
    "ALL": "hitl._endings",
    "ANY_REJECTED": "hitl._endings",
    "AsyncCompletions": "hitl._completions",
    "Completions": "hitl._completions",
    "FIRST": "hitl._endings",
    "WaitBudgetWarning": "hitl._pacing",
    "WaitStats": "hitl.models",
    "AsyncHITLClient": "hitl._async_client",
    "AsyncPagedList": "hitl._pages",
    "HITLClient": "hitl._client",
    "HITLError": "hitl.exceptions",
    "Outcome": "hitl.models",
    "PagedList": "hitl._pages",
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
