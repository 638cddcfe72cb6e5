"""Reaching people: messages about reviews, planned with each change and sent by a worker, over channels of many kinds.

A message is a view of a review; it decides nothing. `planner` writes rows in the transaction of a change, `worker`
sends them, `child` is the process that talks to the receivers.
"""

from __future__ import annotations

from hitl.server.notifications.admitting import AdmittingLinks
from hitl.server.notifications.channel_store import ADDRESSES
from hitl.server.notifications.channels import Channels
from hitl.server.notifications.children import Children
from hitl.server.notifications.control import notify_control_routes
from hitl.server.notifications.letters import Links
from hitl.server.notifications.model import Channel, Limits, Outcome, Sender, Tickets
from hitl.server.notifications.readers import is_mail_server
from hitl.server.notifications.recorder import Message, Recorder
from hitl.server.notifications.renderer import Renderer
from hitl.server.notifications.service import Notifications, recorded
from hitl.server.notifications.worker import Worker

__all__ = [
    "ADDRESSES",
    "AdmittingLinks",
    "Channel",
    "Channels",
    "Children",
    "Limits",
    "Links",
    "Message",
    "Notifications",
    "Outcome",
    "Recorder",
    "Renderer",
    "Sender",
    "Tickets",
    "Worker",
    "is_mail_server",
    "notify_control_routes",
    "recorded",
]
