"""What a server is told of its workflows when it starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hitl.server.primitives import SetupError
from hitl.server.webhooks.egress_policy import web_address

DRAFT: Final = "draft"
"""In place of an address: the workflow is not active, and ignores triggers."""

_ID: Final = re.compile(r"(?!\.+$)[A-Za-z0-9_.~:@-]{1,128}")


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow; without a `url` it has no action node, so that its result is only in its request."""

    id: str
    url: str | None = None
    is_draft: bool = False


def workflow_of(workflow_id: str, target: str | None) -> Workflow:
    """Return the workflow of one setting: an address for its action node, "draft", or None for no action node."""
    if not _ID.fullmatch(workflow_id):
        raise SetupError(
            f"the id of a workflow has 1 to 128 letters, digits or any of _.~:@-; got {workflow_id[:80]!r}"
        )
    if target is None or target == DRAFT:
        return Workflow(workflow_id, None, target == DRAFT)
    for fault in web_address("url", target):
        raise SetupError(f"the address of workflow {workflow_id} {fault.issue}")
    return Workflow(workflow_id, target)


def workflows_of(given: Mapping[str, str | None]) -> dict[str, Workflow]:
    """Return all workflows of a setting, by their ids."""
    return {workflow_id: workflow_of(workflow_id, target) for workflow_id, target in given.items()}
