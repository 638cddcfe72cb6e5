"""The API keys of a team: what each may do, who owns it, and when it was used.

`service` holds the rules, `scopes` the table of what may be called, `store` the SQL, `control` what the command does.
"""

from __future__ import annotations

from hitl.server.keys.control import key_control_routes
from hitl.server.keys.scopes import SCOPES, Scopes
from hitl.server.keys.service import Keys, Owners
from hitl.server.keys.store import Key

__all__ = ["SCOPES", "Key", "Keys", "Owners", "Scopes", "key_control_routes"]
