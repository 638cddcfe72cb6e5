"""The inbox of a sandbox, over HTTP: enter by a link as a browser does, then answer through the form's JSON."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
import httpx

from hitl._json import as_object, decode
from hitl._private_file import write_private
from hitl.cli.failures import USAGE, CommandError
from hitl.cli.http_clients import http_client

_HOW_TO_ENTER: Final = (
    "pass --inbox with the link that `hitl sandbox` prints (press Enter there for a new one); "
    "later commands do not need it. Only reviews of a sandbox can be answered this way"
)


@contextmanager
def open_inbox(server: str, link: str | None = None) -> Generator[Inbox, None, None]:
    """Enter with a link, or with the session that an earlier link started."""
    kept = KeptSessions(server)
    with http_client(server) as http:
        inbox = Inbox(server, http)
        http.cookies.update(cookies := kept.read())
        if link is not None:
            cookies = inbox.enter(link) or cookies
            kept.write(cookies)
            http.cookies = httpx.Cookies(cookies)
        if not cookies:
            raise CommandError(f"no session in the inbox of {server} yet; {_HOW_TO_ENTER}", USAGE)
        yield inbox


class Inbox:
    """The inbox of one server, in the session of an HTTP client."""

    def __init__(self, server: str, http: httpx.Client) -> None:
        self._server = server
        self._http = http

    def answer(self, review_id: str, decision: str, answers: Mapping[str, Any], reviewer: str | None) -> None:
        """Answer a review as its form does, by default as the reviewer that the form suggests, the first assignee."""
        url = f"{self._server}/inbox/reviews/{review_id}/answer"
        form = self._json("GET", url)
        names = sorted(field["name"] for field in form["fields"])
        if unknown := sorted(answers.keys() - names):
            known = ", ".join(names) or "none"
            raise CommandError(f"the form has no field {', '.join(unknown)}; its fields: {known}", USAGE)
        name = reviewer or form["reviewer"]
        if not name.strip():
            raise CommandError("the review has no assignee; name the reviewer with --reviewer NAME", USAGE)
        echoed = {"form_token": form["form_token"], "version": form["version"]}
        self._json("POST", url, {**echoed, "decision": decision, "reviewer": name, "answers": answers})

    def enter(self, link: str) -> dict[str, str]:
        """Follow a link and return the cookies it sets; none if it was used, which is fine with a valid session."""
        if _origin(link) != _origin(self._server):
            raise CommandError(f"the link is for a server other than {self._server}; set --base-url to match", USAGE)
        entered = self._send("GET", link)
        if not entered.is_redirect:
            raise CommandError("this link is no longer valid; press Enter where `hitl sandbox` runs for a new one")
        return dict(entered.cookies)

    def _json(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        response = self._send(method, url, body)
        document = _object(response.content)
        if response.is_success and document:
            return document
        if response.status_code == 401:
            raise CommandError(f"the session in the inbox of {self._server} has ended; {_HOW_TO_ENTER}")
        if "error" not in document:
            raise CommandError(f"{self._server} has no inbox (HTTP {response.status_code}); is it a sandbox?")
        raise CommandError(f"not accepted: {_reason(document['error'])}")

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        try:
            return self._http.request(method, url, json=body, headers={"Accept": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(f"cannot connect to the inbox of {self._server}: {error}") from error


class KeptSessions:
    """The session of one server, its cookies by name, in a file that only this user can read."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._file = Path(click.get_app_dir("hitl")) / "inbox-sessions.json"

    def read(self) -> dict[str, str]:
        """Return the cookies; none if no link was used yet or the file is unreadable."""
        return as_object(self._all().get(self._server))

    def write(self, cookies: Mapping[str, str]) -> None:
        """Replace the cookies."""
        try:
            write_private(self._file, json.dumps({**self._all(), self._server: dict(cookies)}))
        except OSError as error:
            raise CommandError(f"cannot store the session in {self._file}: {error.strerror}") from error

    def _all(self) -> dict[str, Any]:
        try:
            return _object(self._file.read_bytes())
        except OSError:
            return {}


def _object(body: bytes) -> dict[str, Any]:
    try:
        return as_object(decode(body))
    except ValueError:
        return {}


def _reason(error: Mapping[str, Any]) -> str:
    details: Mapping[str, Any] = error.get("details") or {}
    faults: list[dict[str, str]] = details.get("errors") or []
    return "; ".join(f"{fault['field']}: {fault['issue']}".removeprefix(": ") for fault in faults) or error["message"]


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
