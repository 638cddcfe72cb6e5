"""Who somebody is, and what he may open: links with codes, sessions, the table of routes and roles, and the door.

`matrix` is the table, `middleware` the door in front of all pages, `admission` what begins and ends sessions, `tickets`
and `person_sessions` the rules of each, `entry_pages` the pages in front of the inbox, `control` what the command does.
A sandbox has none of this but the names that forms share.
"""

from __future__ import annotations

from hitl.server.access.admission import Admission, Invitation
from hitl.server.access.control import reviewer_control_routes
from hitl.server.access.cookies import SessionCookie
from hitl.server.access.csrf import FORM_TOKEN, form_token
from hitl.server.access.header_login import ProxyLogin
from hitl.server.access.matrix import RULES, Rule, rule_of
from hitl.server.access.middleware import guarded_pages
from hitl.server.access.ownership import READ_ONLY
from hitl.server.access.person_sessions import Browser, PersonSessions
from hitl.server.access.session_store import PersonSession
from hitl.server.access.tickets import Ticket, Tickets
from hitl.server.access.visitors import ADDRESS, person_of, session_of

__all__ = [
    "ADDRESS",
    "FORM_TOKEN",
    "READ_ONLY",
    "RULES",
    "Admission",
    "Browser",
    "Invitation",
    "PersonSession",
    "PersonSessions",
    "ProxyLogin",
    "Rule",
    "SessionCookie",
    "Ticket",
    "Tickets",
    "form_token",
    "guarded_pages",
    "person_of",
    "reviewer_control_routes",
    "rule_of",
    "session_of",
]
