"""HTTP/2 through httpx beside our own HTTP/1.1: `python -m benchmarks.http2`.

The server speaks HTTP/2 without TLS, by prior knowledge, with the library that httpx uses. It is slower than the stub
of the other benchmarks, so only the CPU of the client says something.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ENVIRONMENT = "hitl-h2"


class Server(asyncio.Protocol):
    """Answers each request with the same review."""

    body = b"{}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        import h2.config
        import h2.connection

        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._h2.initiate_connection()
        self._transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        import h2.events

        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if isinstance(event, h2.events.StreamEnded):
                head = [
                    (":status", "201"),
                    ("content-type", "application/json"),
                    ("content-length", str(len(self.body))),
                ]
                self._h2.send_headers(event.stream_id, head)
                self._h2.send_data(event.stream_id, self.body, end_stream=True)
        self._transport.write(self._h2.data_to_send())


async def serve(body: bytes) -> None:
    """Serve until the process is ended."""
    Server.body = body
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Run the server, and yield its address."""
    from benchmarks.environments import python_of, surroundings
    from benchmarks.stub import ONE

    command = [str(python_of(ENVIRONMENT)), __file__, "serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=surroundings(ENVIRONMENT)
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            server.stdin.write(ONE)
            server.stdin.close()
            yield server.stdout.readline().decode().strip()
        finally:
            server.kill()


def main(rounds: int = 5) -> None:
    """Print the CPU of a call ÷ that of bare httpx over HTTP/1.1 to the stub, and beside our own connections."""
    from benchmarks.environments import python_of, surroundings
    from benchmarks.measure import ratio
    from benchmarks.servers import LOAD, plain

    def cpu(client: str, environment: str, in_flight: int, url: str) -> float:
        command = [str(python_of(environment)), LOAD, client, "async", "1000", str(in_flight), url]
        done = subprocess.run(command, env=surroundings(environment), check=True, capture_output=True, text=True)
        return float(json.loads(done.stdout)["cpu"])

    with served() as two, plain() as one:
        for in_flight in (1, 32):
            found = ratio(
                lambda count=in_flight: cpu("hitl-h2", ENVIRONMENT, count, two),
                lambda count=in_flight: cpu("httpx", "httpx", count, one.url),
                rounds,
            )
            print(
                f"HTTP/2 through httpx, {in_flight} in flight: CPU of a call / bare httpx over HTTP/1.1  {found}",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve(sys.stdin.buffer.read()))
    else:
        sys.path.insert(0, str(Path(__file__).parents[1]))
        main()
