"""The people of a team: who may review, and in which role."""

from __future__ import annotations

from hitl.server.people.service import ROLES, People
from hitl.server.people.store import Person

__all__ = ["ROLES", "People", "Person"]
