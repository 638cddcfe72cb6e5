"""Sessions: runs of a coding agent, and the actions that it proposes one by one, called turns.

`service` holds the rules, `lifecycle` the states, `store` the SQL, `routes` the API. A turn is asked as a request to
the session's loop, so whatever answers requests answers turns. The inbox and the composition root use this room.
"""

from __future__ import annotations

from hitl.server.agent_sessions.routes import session_routes
from hitl.server.agent_sessions.service import SessionService

__all__ = ["SessionService", "session_routes"]
