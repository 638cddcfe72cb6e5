"""Running a server: the socket of the command beside it, backups, and what its operators look at."""

from __future__ import annotations

from hitl.server.operations.backup import Backup, Migration, Restored, back_up, form_of, migrate, restore
from hitl.server.operations.control import ControlSocket, control_app, handler
from hitl.server.operations.log import LogForm, configure_log
from hitl.server.operations.retention import Retention
from hitl.server.operations.routes import operator_routes
from hitl.server.operations.server_watch import ServerWatch
from hitl.server.operations.service import Operations

__all__ = [
    "Backup",
    "ControlSocket",
    "LogForm",
    "Migration",
    "Operations",
    "Restored",
    "Retention",
    "ServerWatch",
    "back_up",
    "configure_log",
    "control_app",
    "form_of",
    "handler",
    "migrate",
    "operator_routes",
    "restore",
]
