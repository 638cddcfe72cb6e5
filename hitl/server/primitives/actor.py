"""Who makes a request: a person of the team, or the key of a program.

`access` and the API's guard find out and note it in the ASGI scope; everything behind them reads it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Role: TypeAlias = Literal["reviewer", "lead", "admin"]

ACTOR: Final = "hitl.actor"
"""Where the ASGI scope holds the Actor; nowhere in a sandbox, whose reviewers type their names."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who was recognised."""

    kind: Literal["person", "key", "machine"]
    """A person in a browser, a program with a key, or the command on the server's machine."""

    id: str
    """`usr_…`, `key_…`, or empty for the command."""

    name: str
    """What is stored with answers and steps: a person's e-mail address, a key's name."""

    person_id: str | None = None
    """The person himself, or the owner of a key."""

    role: Role | None = None

    review_id: str | None = None
    """The only review that this session may see; None for all."""

    via: str = ""
    """How a person came in: `invite`, `signin`, `message` or `header`."""

    @property
    def came_by_message(self) -> bool:
        """Whether the link of a message about a review is all that says who this is: it may have been forwarded."""
        return self.via == "message"


MACHINE: Final = Actor("machine", "", "command")


def actor_of(scope: Mapping[str, Any]) -> Actor | None:
    """Return who makes a request; None if nobody was recognised."""
    actor: Actor | None = scope.get(ACTOR)
    return actor
