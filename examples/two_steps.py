"""Send drafts past two people, an editor and then a specialist; several drafts are in progress at a time.

hitl sandbox                                  (in one terminal; paste its two export lines into the other)
python examples/two_steps.py
"""

from __future__ import annotations

import sys

import anyio

from hitl import AsyncHITLClient
from hitl.exceptions import HITLError

DRAFTS = ["The new API is twice as fast.", "Exports no longer time out.", "Backups are kept for ten years."]
REQUIREMENTS = "Numbers need a source; no promises."


async def edited(client: AsyncHITLClient, draft: str) -> str | None:
    """Return the editor's wording, or None."""
    review = await client.create_review("initial_review", {"draft": draft}, assignees=["editor@company.com"])
    answer = await client.wait_for_review(review.id)
    return answer.result.get("content", draft) if answer.result.get("approved") else None


async def checked(client: AsyncHITLClient, text: str) -> str | None:
    """Return the specialist's wording, or None."""
    content = {"content": text, "technical_requirements": REQUIREMENTS}
    review = await client.create_review("technical_review", content, assignees=["tech_lead@company.com"])
    answer = await client.wait_for_review(review.id)
    return answer.result.get("content", text) if answer.result.get("approved") else None


async def work(client: AsyncHITLClient, draft: str) -> None:
    """Take one draft through both steps."""
    text = await edited(client, draft)
    text = text and await checked(client, text)
    print(f"Ready: {text}" if text else f"Dropped: {draft}")


async def run() -> None:
    """Take all drafts through at the same time."""
    async with AsyncHITLClient() as client, anyio.create_task_group() as group:
        for draft in DRAFTS:
            group.start_soon(work, client, draft)


def main() -> int:
    """Run the example; return 0 if no call failed."""
    status = 0
    try:
        anyio.run(run)
    except* HITLError as errors:
        for error in errors.exceptions:
            print(error)
        status = 2
    return status


if __name__ == "__main__":
    sys.exit(main())
