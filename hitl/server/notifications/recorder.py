"""What a sandbox does with messages: it keeps them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from hitl.server.notifications.model import Letter, Outcome


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a person would have got it.

    Attributes:
        kind: "asked", "reminder", "escalation", "ended" or "digest".
        to: The assignee, "everybody" for a review that is assigned to nobody, "leads", or the name of a channel.
        subject: One line, which begins with `[Reviews]`.
        text: The message without markup, with its link.
        review_id: What it is about; None for a digest.
        at: When it was sent, by the sandbox's clock.
    """

    kind: str
    to: str
    subject: str
    text: str
    review_id: str | None
    at: datetime


class Recorder:
    """Keeps messages, and sends none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[Message] = []

    @property
    def messages(self) -> list[Message]:
        """The messages so far, in order."""
        with self._lock:
            return list(self._messages)

    async def send(self, letter: Letter) -> Outcome:
        """Keep it."""
        words = letter.words
        message = Message(letter.kind, letter.to, words.subject, words.text, letter.review_id, letter.at)
        with self._lock:
            self._messages.append(message)
        return Outcome("sent")

    async def close(self) -> None:
        """Do nothing."""
