"""What a bulk action will do, told for each template: to how many reviews, and to what effect."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hitl.server.inbox.bulk import Entry
from hitl.server.results import Part


@dataclass(frozen=True, slots=True)
class Group:
    """Reviews of one template to which an action does the same.

    Attributes:
        number: How many there are, without those that are left out unless they are ticked.
        effect: What the template says; where the reviews differ, a part has its path and no text.
        needed: How many people must approve, if more than these approvals are needed; else 0.
        sums: What they are about in all, such as "1,200.50 EUR".
        undo: For how long they can be taken back, see `undo_span`.
        picks: The reviews as the form sends them.
    """

    template: str
    number: int
    effect: Sequence[Part]
    needed: int
    sums: Sequence[str]
    undo: str
    picks: frozenset[str]

    @property
    def says(self) -> bool:
        """Whether there is more to say than the name of the template."""
        return bool(self.effect or self.needed)


def groups(entries: Iterable[Entry]) -> list[Group]:
    """Return what is done to which templates, the most frequent first."""
    alike: dict[object, list[Entry]] = {}
    for entry in entries:
        questions = entry.pick.shown.rpartition(".")[2]  # the template as it stands, with its settings
        alike.setdefault((entry.template_id, questions, entry.is_partial), []).append(entry)
    return sorted((_group(each) for each in alike.values()), key=lambda group: -group.number)


def undo_span(entries: Sequence[Entry]) -> str:
    """Say for how long entries can be taken back: "10 seconds", "4 to 10 seconds", "up to 10 seconds", or nothing."""
    times = [_rounded(entry.undo) for entry in entries]
    shortest, longest = min(times, default=0), max(times, default=0)
    if not longest:
        return ""
    unit = "second" if longest == 1 else "seconds"
    if shortest == longest:
        return f"{longest:g} {unit}"
    return f"{shortest:g} to {longest:g} {unit}" if shortest else f"up to {longest:g} {unit}"


def _rounded(seconds: float) -> float:
    return round(seconds) if seconds >= 1 else math.ceil(seconds * 10) / 10


def _group(entries: Sequence[Entry]) -> Group:
    going = [entry for entry in entries if not entry.is_busy]
    first = entries[0]
    return Group(
        template=first.template,
        number=len(going),
        effect=() if first.is_partial else _common([entry.effect for entry in entries]),
        needed=first.approvals if first.is_partial else 0,
        sums=_sums(going),
        undo=undo_span(entries),
        picks=frozenset(entry.pick.text for entry in entries),
    )


def _common(effects: Sequence[Sequence[Part]]) -> list[Part]:
    """Return the parts of one text that different contents fill, without the texts in which these differ."""
    found: list[Part] = []
    for parts in zip(*effects, strict=True):
        is_same = all(part.text == parts[0].text for part in parts)
        found.append(parts[0] if is_same else Part("", parts[0].path))
    return found


def _sums(entries: Iterable[Entry]) -> list[str]:
    sums: dict[str, Decimal] = {}
    for entry in entries:
        if entry.amount:
            amount, currency = entry.amount
            sums[currency] = sums.get(currency, Decimal()) + amount
    return [f"{amount:,} {currency}" for currency, amount in sums.items()]
