"""A review server for tests, reviewers who answer by a script, a clock to move and faults to plan.

```python
with Sandbox() as sandbox:
    client = sandbox.client()
    sandbox.reviewer.on(template_id="template_123").approve(feedback="Fine")
    review = client.create_review(template_id="template_123", content={"text": "A draft"})
    assert client.wait_for_review(review.id).result == {"approved": True, "feedback": "Fine"}
```

It is the server of the `hitl sandbox` command, on a free port of this machine, in a thread of the test's process. With
pytest, the fixtures `hitl_sandbox`, `hitl_client`, `hitl_async_client` and `reviewer` are there without any import.

`HostileServer` is the other one: it breaks HTTP itself, in every way that `hitl.testing.hostile` names, and needs no
extra. Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hitl.server.http.faults import Faults
    from hitl.server.primitives.clock import Clock
    from hitl.testing import hostile
    from hitl.testing.answers import Answer, after, approve, complete, edit, never, reject
    from hitl.testing.hostile.server import HostileServer
    from hitl.testing.reviewer import Reviewer
    from hitl.testing.sandbox import Sandbox

__all__ = [
    "Answer",
    "Clock",
    "Faults",
    "HostileServer",
    "Reviewer",
    "Sandbox",
    "after",
    "approve",
    "complete",
    "edit",
    "hostile",
    "never",
    "reject",
]

_ANSWERS = "hitl.testing.answers"
_MODULES = {
    "Answer": _ANSWERS,
    "Clock": "hitl.server.primitives.clock",
    "Faults": "hitl.server.http.faults",
    "HostileServer": "hitl.testing.hostile.server",
    "Reviewer": "hitl.testing.reviewer",
    "Sandbox": "hitl.testing.sandbox",
    "after": _ANSWERS,
    "approve": _ANSWERS,
    "complete": _ANSWERS,
    "edit": _ANSWERS,
    "never": _ANSWERS,
    "reject": _ANSWERS,
}


def __getattr__(name: str) -> Any:
    # PEP 562. `hostile` is a submodule that `from hitl.testing import hostile` finds by itself.
    from importlib import import_module

    if name == "hostile":
        return import_module("hitl.testing.hostile")
    if name not in _MODULES:
        raise AttributeError(f"module 'hitl.testing' has no attribute {name!r}")
    try:
        value = getattr(import_module(_MODULES[name]), name)
    except ModuleNotFoundError as error:
        raise ImportError(f"hitl.testing needs the sandbox ({error}): pip install 'hitl[sandbox]'") from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
