"""The inbox of a sandbox, used over HTTP as a browser does: enter by a link, open the form, send it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self, TypeAlias
from urllib.parse import urlsplit

import httpx

from hitl.cli.connection import Connection
from hitl.cli.failures import FAILED, WRONG_CALL, CommandError
from hitl.cli.inbox_page import InboxPage
from hitl.cli.kept_sessions import KeptSessions

Answers: TypeAlias = Mapping[str, Sequence[str]]
"""By field name, the texts of its controls."""

_HOW_TO_ENTER: Final = (
    "pass --inbox with the link that `hitl sandbox` prints (Enter there prints a fresh one); "
    "later commands need none. Only the reviews of a sandbox can be answered from here"
)


class Inbox:
    """The inbox of the server that a connection leads to."""

    def __init__(self, connection: Connection, link: str | None = None) -> None:
        """Go in: with a link, or with the session that an earlier link began.

        Raises:
            CommandError: There is no session, or the link is for another server, or it begins none.
        """
        settings = connection.settings()
        self._server = settings.base_url
        self._trust_env = not settings.is_loopback
        self._timeout = settings.timeout
        kept = KeptSessions(self._server)
        cookies = kept.read()
        if link is not None:
            cookies |= self._enter(link, cookies)
            kept.write(cookies)
        if not cookies:
            raise CommandError(f"not let into the inbox of {self._server} yet; {_HOW_TO_ENTER}", WRONG_CALL)
        self._http = self._browser(cookies)

    def answer(self, review_id: str, decision: str, answers: Answers, reviewer: str | None) -> None:
        """Fill in the form of a review and send it.

        Args:
            review_id: The review.
            decision: The button: "complete" or "reject".
            answers: What is filled in; everything else stays as it is on the page.
            reviewer: Who answers; None for the name that the page suggests, the one who is asked.

        Raises:
            CommandError: The review takes no answer, or not this one.
        """
        page = self._open(review_id)
        if unknown := sorted(answers.keys() - page.fields):
            known = ", ".join(sorted(page.fields)) or "none"
            raise CommandError(f"the form has no {', '.join(unknown)}; it asks for: {known}", WRONG_CALL)
        name = reviewer or page.values.get("reviewer", "")
        if not name.strip():
            raise CommandError("nobody in particular is asked; say who answers with --reviewer NAME", WRONG_CALL)
        sent: dict[str, str | list[str]] = {**page.values, "reviewer": name, "decision": decision}
        sent |= {f"field.{field}": list(texts) for field, texts in answers.items()}
        answer = self._send(self._http, "POST", f"/reviews/{review_id}/answer", data=sent)
        if not answer.is_redirect:  # the form comes back with what is wrong with it
            raise CommandError(f"not taken: {InboxPage(answer.text).complaint}", FAILED)

    def _enter(self, link: str, cookies: Mapping[str, str]) -> dict[str, str]:
        """Follow a link, and return the cookies that it gives; none if those that are there are good already."""
        if _origin(link) != _origin(self._server):
            raise CommandError(f"the link is for another server than {self._server}; set --base-url to it", WRONG_CALL)
        with self._browser(cookies) as browser:
            entered = self._send(browser, "GET", link)
        if not entered.is_redirect:
            raise CommandError("this link lets nobody in any more; press Enter where `hitl sandbox` runs for a new one")
        return dict(entered.cookies)

    def _open(self, review_id: str) -> InboxPage:
        answer = self._send(self._http, "GET", f"/reviews/{review_id}")
        if answer.status_code == 401:
            raise CommandError(f"the session in the inbox of {self._server} has ended; {_HOW_TO_ENTER}")
        page = InboxPage(answer.text)
        if answer.status_code != 200:
            raise CommandError(
                page.complaint or f"{self._server} has no inbox ({answer.status_code}); is it a sandbox?"
            )
        if "version" not in page.values:
            raise CommandError(
                f"{review_id} takes no answer any more; `hitl reviews show {review_id}` tells what became of it"
            )
        return page

    def _browser(self, cookies: Mapping[str, str]) -> httpx.Client:
        return httpx.Client(
            base_url=f"{self._server}/inbox", cookies=dict(cookies), timeout=self._timeout, trust_env=self._trust_env
        )

    def _send(
        self, browser: httpx.Client, method: str, url: str, *, data: Mapping[str, str | list[str]] | None = None
    ) -> httpx.Response:
        try:
            return browser.request(method, url, data=data)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(f"the inbox of {self._server} cannot be reached: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
