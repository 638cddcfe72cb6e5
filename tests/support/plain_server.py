"""A server without our extensions: it stands before a sandbox, and hides from clients what only ours can do.

    plain = PlainServer(sandbox, httpserver)
    client = HITLClient(sandbox.api_key, base_url=plain.url)
    client.create_review("template_123", {"text": "A draft"}, metadata={"run": "r-1"})
    assert plain.asked("GET", "/v1/reviews") == []

Reviews have no `metadata`, `url` and `verdict_field` there, so what the client keeps in the content stays in it. Nothing
is held open, and there is no feed of changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import httpx
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from hitl.testing import Sandbox

OUR_FIELDS: Final = ("metadata", "url", "verdict_field")
OUR_FILTERS: Final = re.compile(r"metadata\[.+\]|ids|changes_after|idempotency_key|after")
OUR_HEADERS: Final = ("x-changes-cursor", "preference-applied", "idempotency-key")
_OF_THE_CONNECTION: Final = ("content-length", "transfer-encoding", "connection", "date", "server")


class PlainServer:
    """Forwards requests to the sandbox, less what another server would not know.

    Attributes:
        url: Where it is.
        refuses: Whether a filter that it does not know is refused with 400; otherwise it is ignored.
        requests: The method, path and query of each request.
        shown: How many reviews it has put into lists.
    """

    def __init__(self, sandbox: Sandbox, httpserver: HTTPServer, *, refuses: bool = False) -> None:
        self.url = httpserver.url_for("").rstrip("/")
        self.refuses = refuses
        self.requests: list[tuple[str, str, Mapping[str, str]]] = []
        self.shown = 0
        self._behind = sandbox.base_url
        httpserver.expect_request(re.compile("/.*")).respond_with_handler(self._answer)

    def asked(self, method: str, path: str) -> list[Mapping[str, str]]:
        """Return the queries of these requests."""
        return [query for other, at, query in self.requests if (other, at) == (method, path)]

    def _answer(self, request: Request) -> Response:
        query = request.args.to_dict()
        self.requests.append((request.method, request.path, query))
        strange = [name for name in query if OUR_FILTERS.fullmatch(name)]
        if strange and self.refuses:
            error = {"code": "validation_error", "message": f"{strange[0]}: is no parameter here"}
            return Response(json.dumps({"success": False, "error": error}), 400, content_type="application/json")
        headers = {name: text for name, text in request.headers if name.lower() not in ("host", "prefer")}
        known = {name: text for name, text in query.items() if name not in strange}
        with httpx.Client(
            base_url=self._behind, verify=False, timeout=60
        ) as client:  # plain HTTP, so nothing to verify
            answer = client.request(
                request.method, request.path, params=known, headers=headers, content=request.get_data()
            )
        hidden = (*OUR_HEADERS, *_OF_THE_CONNECTION, "content-encoding")
        kept = {name: text for name, text in answer.headers.items() if name not in hidden}
        return Response(self._plain(answer) if answer.content else b"", answer.status_code, kept)

    def _plain(self, answer: httpx.Response) -> str:
        document = answer.json()
        data = document.get("data")
        if isinstance(data, list):
            self.shown += len(data)
        for each in data if isinstance(data, list) else [data]:
            if isinstance(each, dict) and "template_id" in each:
                _drop(each)
        pagination = (document.get("meta") or {}).get("pagination")
        if pagination:
            pagination.pop("next_cursor", None)
        return json.dumps(document)


def _drop(review: dict[str, Any]) -> None:
    for name in OUR_FIELDS:
        review.pop(name, None)
