"""The least that a server of reviews could do, as a yardstick: Starlette, and SQLite with the sandbox's own settings.

`python -m benchmarks.peer DATA` prints its address and serves until it is ended.
"""

from __future__ import annotations

import json
import sqlite3
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hitl.server.http.connections import IS_FAST
from hitl.server.http.listeners import Listener


def app_over(data: str) -> Starlette:
    """Return an application that keeps bodies in one table: no keys, no checks, no templates, no history."""
    connection = sqlite3.connect(data, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE reviews (number INTEGER PRIMARY KEY, document TEXT NOT NULL)")

    async def create(request: Request) -> Response:
        body = await request.json()
        cursor = connection.execute("INSERT INTO reviews (document) VALUES (?)", (json.dumps(body),))
        return JSONResponse({"data": {**body, "id": f"rev_{cursor.lastrowid}"}}, 201)

    async def read(request: Request) -> Response:
        number = request.path_params["review_id"].removeprefix("rev_")
        row = connection.execute("SELECT document FROM reviews WHERE number = ?", (number,)).fetchone()
        return JSONResponse({"data": json.loads(row[0])})

    return Starlette(
        routes=[
            Route("/v1/reviews", create, methods=["POST"]),
            Route("/v1/reviews/{review_id}", read),
        ]
    )


def main(data: str) -> None:
    """Serve."""
    listener = Listener()
    print(listener.url, flush=True)
    engine = ("httptools", "uvloop") if IS_FAST else ("h11", "asyncio")  # as the sandbox has it
    config = uvicorn.Config(app_over(data), http=engine[0], loop=engine[1], log_config=None, access_log=False)
    server = uvicorn.Server(config)
    server.run(sockets=[listener.socket])


if __name__ == "__main__":
    main(sys.argv[1])
