"""A review server for tests, with scripted reviewers, a controllable clock and planned faults.

```python
with Sandbox() as sandbox:
    client = sandbox.client()
    sandbox.reviewer.on(template_id="template_123").approve(feedback="Fine")
    review = client.create_review(template_id="template_123", content={"text": "Refund order 1042?"})
    assert client.wait_for_review(review.id).result == {"approved": True, "feedback": "Fine"}
```

It is the server of the `hitl sandbox` command, on a free port of this machine, in a thread of the test process. With
pytest, the fixtures `hitl_sandbox`, `hitl_client`, `hitl_async_client` and `reviewer` are available without an import.

`HostileServer` simulates network and protocol failures, which `hitl.testing.hostile` names; it needs no extra.
Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hitl._lazy import lazy_names

if TYPE_CHECKING:
    from hitl.server.http.faults import Faults
    from hitl.server.notifications.recorder import Message
    from hitl.server.primitives.clock import Clock
    from hitl.testing import hostile
    from hitl.testing.answers import Answer, after, approve, complete, edit, never, reject, respond
    from hitl.testing.hostile.server import HostileServer
    from hitl.testing.reviewer import Reviewer
    from hitl.testing.sandbox import Sandbox

__all__ = [
    "Answer",
    "Clock",
    "Faults",
    "HostileServer",
    "Message",
    "Reviewer",
    "Sandbox",
    "after",
    "approve",
    "complete",
    "edit",
    "hostile",
    "never",
    "reject",
    "respond",
]

_load, __dir__ = lazy_names(
    __name__,
    {
        "answers": ("Answer", "after", "approve", "complete", "edit", "never", "reject", "respond"),
        "hitl.server.http.faults": ("Faults",),
        "hitl.server.notifications.recorder": ("Message",),
        "hitl.server.primitives.clock": ("Clock",),
        "hitl.testing.hostile.server": ("HostileServer",),
        "reviewer": ("Reviewer",),
        "sandbox": ("Sandbox",),
    },
)


def __getattr__(name: str) -> Any:
    if name == "hostile":  # a submodule
        return import_module("hitl.testing.hostile")
    try:
        return _load(name)
    except ModuleNotFoundError as error:
        missing = f"hitl.testing needs the sandbox ({error})"
        raise ImportError(f"{missing}: install this package with its 'sandbox' extra") from error
