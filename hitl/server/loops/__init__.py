"""Generation B of the API: loops of people, the requests that they answer, and the envelope `{error, msg, data}`.

`service` holds the rules, `lifecycle` the states, the response types the forms of an answer, `store` the SQL, `routes`
the API. The inbox, `hitl.testing` and the composition root use this room.
"""

from __future__ import annotations

from hitl.server.loops import envelope
from hitl.server.loops.events import KeyEvents
from hitl.server.loops.held_response_store import HeldResponse
from hitl.server.loops.lifecycle import shown_digest
from hitl.server.loops.routes import loop_routes
from hitl.server.loops.service import LoopService
from hitl.server.loops.store import RequestQuery

__all__ = ["HeldResponse", "KeyEvents", "LoopService", "RequestQuery", "envelope", "loop_routes", "shown_digest"]
