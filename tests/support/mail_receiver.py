"""A mail server for tests, on a free port, that keeps what it takes, in a mood that a test chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from anyio.from_thread import start_blocking_portal


@dataclass
class MailReceiver:
    """What the server at `url` took. `mood` is "ok", "550", "451", "hang" or "lost": taken, and then no answer."""

    url: str = ""
    mood: str = "ok"
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    attempts: int = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts += 1
        if self.mood == "550":
            return f"550 no such user <{address}>"
        if self.mood == "451":
            return "451 try again later"
        if self.mood == "hang":
            await asyncio.sleep(60)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(cast("EmailMessage", message_from_bytes(content, policy=policy.default)))
        self.recipients += envelope.rcpt_tos
        if self.mood == "lost":
            transport: Any = server.transport
            transport.abort()
        return "250 OK"


@contextmanager
def mail_receiving() -> Iterator[MailReceiver]:
    """Run a mail server."""
    receiver = MailReceiver()

    async def listen() -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: SMTP(receiver, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()

    with start_blocking_portal() as portal:
        server = portal.call(listen)
        receiver.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?from=reviews@example.com"
        try:
            yield receiver
        finally:
            portal.call(stop, server)
