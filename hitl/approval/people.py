"""Who is asked, and who asks: names as servers give them, in whatever capitals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hitl.exceptions import ConfigurationError

if TYPE_CHECKING:
    from hitl.approval.grants import Settings


def is_among(person: str, people: str) -> bool:
    """Return whether a person is one of those who are named in a text."""
    name = re.escape(_key(person))
    return re.search(rf"(?<![\w.@+-]){name}(?![\w@+-]|\.\w)", people.casefold()) is not None


def is_by_another(person: str, reviewers: str | None) -> bool:
    """Return whether somebody is named as reviewer, and this person is not."""
    return re.search(r"\w", reviewers or "") is not None and not is_among(person, reviewers or "")


def not_among(names: Iterable[str], people: Iterable[str]) -> list[str]:
    """Return the names that are not among others, each once."""
    known, found = set(map(_key, people)), dict[str, str]()
    for name in names:
        if _key(name) not in known:
            found.setdefault(_key(name), name)
    return list(found.values())


def require_people(settings: Settings, needed: int) -> None:
    """Refuse a number of approvals that those who are asked cannot give.

    Raises:
        ConfigurationError: there are too few of them, or nobody could tell whether the asker is one of them.
    """
    asker, later = settings.asked_by, settings.escalate
    if needed > 1 and asker is not None:
        raise ConfigurationError(
            f"{needed} must approve, and the server names only the last of them, so the asker could be among them "
            "unseen: leave out asked_by=, or have one person approve"
        )
    if not settings.assignees:
        return  # anybody may answer
    asked = not_among((*settings.assignees, *(later.to if later else ())), ())
    others = asked if asker is None else [name for name in asked if not is_among(asker, name)]
    if len(others) < needed:
        besides = "" if asker is None else f" besides {asker}, who asks"
        raise ConfigurationError(
            f"{needed} must approve, and assignees= names {len(others)}{besides}: name more people, or none, so that "
            "anybody may answer"
        )


def _key(name: str) -> str:
    return name.strip().casefold()
