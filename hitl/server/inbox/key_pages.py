"""The page about API keys: what each may do, who answers for it, and when it was used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http import in_worker
from hitl.server.inbox.page_handlers import PageHandlers, page_handler, redirect
from hitl.server.inbox.submission import read_form
from hitl.server.inbox.times import age
from hitl.server.keys import SCOPES, Key, Keys
from hitl.server.people import People
from hitl.server.primitives import MACHINE, ApiError, actor_of, duration, invalid, to_wire

_LIVES = {"30d": "30 days", "90d": "90 days", "365d": "a year", "": "for ever"}


@dataclass(frozen=True, slots=True)
class KeyPages(PageHandlers):
    """Its handlers; who may call which is in the table of `access`."""

    keys: Keys
    people: People

    @page_handler
    def overview(self, request: Request) -> Response:
        """List the keys."""
        return self._overview(request)

    @page_handler
    async def create(self, request: Request) -> Response:
        """Make a key, and show it, this once."""
        return await in_worker(self._create, request, await read_form(request))

    def _create(self, request: Request, sent: dict[str, list[str]]) -> Response:
        typed = {name: texts[0].strip() for name, texts in sent.items()}
        try:
            key, text = self.keys.create(
                typed.get("name", ""),
                owner=self._owner(typed.get("owner", "")),
                scopes=sent.get("scope", []),
                expires=duration(typed["expires"]) if typed.get("expires") else None,
                by=actor_of(request.scope) or MACHINE,
            )
        except ApiError as error:
            return self._overview(request, fault=_sentence(error), typed=typed, status=error.status)
        except ValueError as error:
            return self._overview(request, fault=f"{error}.", typed=typed, status=400)
        return self._overview(request, once={"name": key.name, "text": text})

    @page_handler
    async def revoke(self, request: Request) -> Response:
        """End a key for good."""
        await read_form(request)
        by = actor_of(request.scope) or MACHINE
        await in_worker(self.keys.revoke, str(request.path_params["key_id"]), by=by)
        return redirect(request, "/api-keys")

    def _owner(self, chosen: str) -> str | None:
        """Return the address of the chosen person; None for nobody, which must be chosen, too."""
        if not chosen:
            raise invalid("choose who answers for the key, or nobody", "owner")
        return None if chosen == "nobody" else self.people.get(chosen).email

    def _overview(
        self,
        request: Request,
        *,
        once: dict[str, str] | None = None,
        fault: str = "",
        typed: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        people, now = {each.id: each for each in self.people.all()}, self.reviews.clock()

        def row(key: Key) -> dict[str, Any]:
            owner = None if key.person_id is None else people.get(key.person_id)
            return {
                "key": key,
                "owner": owner.name if owner else "",
                "state": key.state(to_wire(now)),
                "used": age(key.last_used_at, now) if key.last_used_at else "",
            }

        rows = [row(each) for each in self.keys.all()]
        context = {
            "view": "api-keys",
            "rows": sorted(rows, key=lambda it: str(it["state"]) != "active"),
            "active": sum(it["state"] == "active" for it in rows),
            "owners": [each for each in people.values() if each.state in ("invited", "active")],
            "scopes": SCOPES,
            "lives": _LIVES,
            "once": once,
            "fault": fault,
            "typed": typed or {},
        }
        return self.render(request, "api_keys.html", context, status)


def _sentence(error: ApiError) -> str:
    text = (error.details or {}).get("issue", error.message)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
