"""Publish a generated article only if a person approves it; after a rejection, write it again with the feedback.

hitl sandbox                                  (in one terminal; paste its two export lines into the other)
python examples/publish_or_not.py "solar panels"
"""

from __future__ import annotations

import sys

from hitl import HITLClient, Review
from hitl.exceptions import HITLError, WaitError

ATTEMPTS = 3


def write(topic: str, feedback: str | None) -> str:
    """Stand in for a model: return a text about the topic."""
    return f"All about {topic}." if feedback is None else f"All about {topic}. (Changed after: {feedback})"


def ask(client: HITLClient, topic: str, text: str) -> Review:
    """Ask a moderator about the text and return the answer."""
    review = client.create_review(
        template_id="content_moderation",
        content={"text": text, "prompt": f"Write about {topic}."},
        assignees=["moderator@company.com"],
    )
    print(f"{review.id} is waiting for an answer: {text}")
    return client.wait_for_review(review.id)


def approved_text(client: HITLClient, topic: str) -> str | None:
    """Return the text that a person approved, or None if no attempt was good enough."""
    feedback = None
    for _ in range(ATTEMPTS):
        text = write(topic, feedback)
        answer = ask(client, topic, text)
        if answer.result.get("approved"):
            edited: str = answer.result.get("text", text)
            return edited
        feedback = answer.result.get("feedback", "no reason given")
    return None


def main() -> int:
    """Run the example; return 0 if a text was approved."""
    topic = sys.argv[1] if len(sys.argv) > 1 else "solar panels"
    try:
        with HITLClient() as client:
            text = approved_text(client, topic)
    except WaitError as error:
        print(f"Nobody answered: {error}")
        return 1
    except HITLError as error:
        print(error)
        return 2
    print(f"Published: {text}" if text else "Given up.")
    return 0 if text else 1


if __name__ == "__main__":
    sys.exit(main())
