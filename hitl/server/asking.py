"""Who asked for a review or request, and whether he may answer it himself.

`asked_by` is `{key_id, key_name, person_id, claimed}`, fixed when something is asked: the key, its owner, and the
address in whose name the program says that it asks. What it says may be false, so that it can only forbid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from hitl.server.primitives import Actor, ApiError, Document, clean_name, name_key

Policy: TypeAlias = Literal["refuse", "warn", "allow"]
"""What becomes of an answer to what the answering person asks himself."""

POLICIES: Final[Sequence[Policy]] = ("refuse", "warn", "allow")
"""The policies, the strictest first."""

SELF_APPROVAL: Final = "self_approval"
"""The code of the 403 for an answer that is refused."""

UNCONFIRMED: Final = "self_approval_unconfirmed"
"""The code of the 409 for an answer that must be confirmed."""

PersonOf: TypeAlias = Callable[[str], "str | None"]
"""Returns the id of the person who has an address; None if nobody has."""

_CLAIM: Final = "on_behalf_of"
_LONGEST_CLAIM: Final = 254


def asked_by(actor: Actor | None, metadata: Mapping[str, Any] | None = None) -> Document | None:
    """Return who asks, given the key and the metadata of what it asks; None in a sandbox, whose keys have no names."""
    if actor is None:
        return None
    given = (metadata or {}).get(_CLAIM)
    claimed = clean_name(given)[:_LONGEST_CLAIM] if isinstance(given, str) else ""
    who = {"key_id": actor.id, "key_name": actor.name, "person_id": actor.person_id}
    return {**who, "claimed": claimed or None}


@dataclass(frozen=True, slots=True)
class SelfApproval:
    """The rule about answers to what one asks oneself; a sandbox allows them, since it knows no people."""

    policy: Policy = "allow"
    person_of: PersonOf = lambda _address: None

    def is_own(self, asked: Mapping[str, Any] | None, actor: Actor | None, answers: str) -> bool:
        """Return whether somebody asks what he answers; without an actor, `answers` is the name that he typed."""
        if not asked:
            return False
        person = self.person_of(answers) if actor is None else actor.person_id
        claimed: str | None = asked.get("claimed")
        askers = {asked.get("person_id"), self.person_of(claimed) if claimed else None} - {None}
        return person in askers or (claimed is not None and name_key(claimed) == name_key(answers))

    def policy_for(
        self, document: Document, actor: Actor | None, answers: str, template: Mapping[str, Any] | None = None
    ) -> Policy:
        """Return what becomes of somebody's answer: "allow" if he did not ask. A template can only be stricter."""
        settings: Mapping[str, Any] = (template or {}).get("settings") or {}
        wanted = settings.get(SELF_APPROVAL)
        policies: list[Policy] = [each for each in POLICIES if each in (self.policy, wanted)]
        policy = policies[0]
        if policy == "allow" or not self.is_own(document.get("asked_by"), actor, answers):
            return "allow"
        return policy

    def check(
        self,
        document: Document,
        actor: Actor | None,
        answers: str,
        *,
        is_confirmed: bool,
        template: Mapping[str, Any] | None = None,
        counts: bool = False,
    ) -> bool:
        """Return whether an answer approves what its person asks himself, and was confirmed.

        Args:
            document: What is answered, with its `asked_by`.
            actor: Who answers; None where people type their names.
            answers: The name that stands on the answer.
            is_confirmed: Whether he was told, and insists.
            template: Its template, which may be stricter than the server.
            counts: Whether the answer would count as one of several approvals, which the asker's never does.

        Raises:
            ApiError: 403 `self_approval` if that is refused, 409 `self_approval_unconfirmed` if it must be confirmed.
        """
        policy = self.policy_for(document, actor, answers, template)
        if policy == "allow":
            return False
        if policy == "refuse" or counts:
            message = f"{answers} asked for {document['id']}, so somebody else must answer it"
            raise ApiError(403, SELF_APPROVAL, message)
        if not is_confirmed:
            message = f"{answers} asked for {document['id']}; confirm that the answer is meant all the same"
            raise ApiError(409, UNCONFIRMED, message)
        return True
