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
"""

from __future__ import annotations

try:
    from hitl.sandbox.clock import Clock
    from hitl.sandbox.faults import Faults
    from hitl.testing.answers import Answer, after, approve, complete, edit, never, reject
    from hitl.testing.reviewer import Reviewer
    from hitl.testing.sandbox import Sandbox
except ModuleNotFoundError as error:
    raise ImportError(f"hitl.testing needs the sandbox ({error}): pip install 'hitl[sandbox]'") from error

__all__ = [
    "Answer",
    "Clock",
    "Faults",
    "Reviewer",
    "Sandbox",
    "after",
    "approve",
    "complete",
    "edit",
    "never",
    "reject",
]
