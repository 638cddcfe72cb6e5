"""Running a server: the socket of the command beside it, and what its operators need."""

from __future__ import annotations

from hitl.server.operations.control import ControlSocket, control_app, control_path, handler

__all__ = ["ControlSocket", "control_app", "control_path", "handler"]
