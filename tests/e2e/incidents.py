"""What a browser notes while a test uses it: scripts that run, addresses that are loaded, faults of our own pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Dialog, Error, Request


@dataclass
class Incidents:
    """What a page did that no page of the inbox may do."""

    scripts: list[str] = field(default_factory=list[str])
    requests: list[str] = field(default_factory=list[str])
    faults: list[str] = field(default_factory=list[str])
    questions: int = 0

    def on_dialog(self, dialog: Dialog) -> None:
        """Note a dialog that content has opened; a question about an unsent answer is ours."""
        if dialog.type == "beforeunload":
            self.questions += 1
        else:
            self.scripts.append(dialog.message)
        dialog.accept()

    def on_console(self, message: ConsoleMessage) -> None:
        """Note a violation of the page's security policy."""
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def on_error(self, error: Error) -> None:
        """Note an exception in a script."""
        self.faults.append(error.message)

    def on_request(self, request: Request) -> None:
        """Note the address of whatever the page loads."""
        self.requests.append(request.url)
