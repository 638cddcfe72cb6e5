"""One measurement of one client, in a process of its own: `python load.py CLIENT MODE CALLS IN_FLIGHT URL`.

It stands alone, since it runs in the environment of each peer. It prints one line of JSON: CPU seconds and wall seconds
for all calls, the latencies' median and 99th percentile in seconds, and the most memory in bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

CONTENT = {
    "title": "Quarterly summary",
    "text": "The third quarter closed with revenue of 4.2 million, up from 3.9. " * 5,
    "metadata": {"model": "gpt-4", "confidence": 0.95, "source": "crm"},
}
REVIEW: dict[str, Any] = {
    "template_id": "template_content_review",
    "content": CONTENT,
    "assignees": ["reviewer@company.com"],
    "priority": "high",
    "due_date": "2027-01-20T18:00:00Z",
}
KEY = "hitl_live_" + "k3Jd92mXq7Lw0aZc5Tn8Rb4Ve1Yf6U"  # as long as a real one, which is looked for in each answer
MESSAGES: Any = [{"role": "user", "content": CONTENT["text"]}]
HEADERS = {"Authorization": f"Bearer {KEY}"}

Call = Callable[[], Any]
AsyncCall = Callable[[], Awaitable[Any]]


def hitl(url: str) -> Call:
    from hitl import HITLClient

    client = HITLClient(KEY, base_url=url)
    return lambda: client.create_review(**REVIEW)


def hitl_through_httpx(url: str) -> Call:
    import httpx

    from hitl import HITLClient

    client = HITLClient(KEY, base_url=url, transport=httpx.HTTPTransport())
    return lambda: client.create_review(**REVIEW)


def httpx(url: str) -> Call:
    import httpx

    client = httpx.Client(base_url=url, headers=HEADERS)
    return lambda: client.post("/v1/reviews", json=REVIEW).json()


def socket(url: str) -> Call:
    """The floor: a prepared request, one socket, and the JSON of what comes."""
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    sock = socket.create_connection((str(parts.hostname), int(parts.port or 80)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call() -> Any:
        body = json.dumps(REVIEW).encode()
        sock.sendall(b"POST /v1/reviews HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        return json.loads(sock.recv(65536).partition(b"\r\n\r\n")[2])

    return call


def pyreqwest(url: str) -> Call:
    """The quickest client that we know, which is compiled: it says how much of a call is Python."""
    from pyreqwest.client import SyncClientBuilder

    client = trusting(SyncClientBuilder()).base_url(url).default_headers(HEADERS).build()
    return lambda: client.post("/v1/reviews").body_json(REVIEW).build().send().json()


def trusting(builder: Any) -> Any:
    """Let a builder of pyreqwest trust what the other clients find in SSL_CERT_FILE."""
    authorities = os.environ.get("SSL_CERT_FILE")
    return builder.add_root_certificate_pem(Path(authorities).read_bytes()) if authorities else builder


def openai(url: str) -> Call:
    from openai import OpenAI

    client = OpenAI(api_key=KEY, base_url=f"{url}/v1")
    return lambda: client.chat.completions.create(model="gpt", messages=MESSAGES)


def anthropic(url: str) -> Call:
    from anthropic import Anthropic

    client = Anthropic(api_key=KEY, base_url=url)
    return lambda: client.messages.create(model="claude", max_tokens=100, messages=MESSAGES)


def stripe(url: str) -> Call:
    import stripe

    client = stripe.StripeClient(KEY, base_addresses={"api": url})
    return lambda: client.v1.customers.create({"name": "A", "description": str(CONTENT["text"])})


def svix(url: str) -> Call:
    from svix.api import MessageIn, Svix, SvixOptions

    client = Svix(KEY, SvixOptions(server_url=url))
    return lambda: client.message.create("app_1", MessageIn(event_type="a.b", payload=CONTENT))


def label_studio(url: str) -> Call:
    from label_studio_sdk import LabelStudio

    client = LabelStudio(base_url=url, api_key=KEY)
    return lambda: client.projects.create(title="A", description=str(CONTENT["text"]))


def gotohuman(url: str) -> Call:
    from gotohuman import GotoHuman

    os.environ["GOTOHUMAN_BASE_URL"] = url
    client = GotoHuman(KEY)
    return lambda: client.create_review("form").add_field_data("text", CONTENT["text"]).send_request()


def humanlayer(url: str) -> Call:
    from humanlayer import HumanLayer
    from humanlayer.core.models import FunctionCallSpec

    client = HumanLayer(api_key=KEY, api_base_url=url)
    spec = FunctionCallSpec(fn="send", kwargs=CONTENT)
    return lambda: client.create_function_call(spec)


async def hitl_async(url: str) -> AsyncCall:
    from hitl import AsyncHITLClient

    client = AsyncHITLClient(KEY, base_url=url)
    return lambda: client.create_review(**REVIEW)


async def hitl_h2_async(url: str) -> AsyncCall:
    import httpx

    from hitl import AsyncHITLClient

    client = AsyncHITLClient(KEY, base_url=url, transport=httpx.AsyncHTTPTransport(http1=False, http2=True))
    return lambda: client.create_review(**REVIEW)


async def hitl_through_httpx_async(url: str) -> AsyncCall:
    import httpx

    from hitl import AsyncHITLClient

    client = AsyncHITLClient(KEY, base_url=url, transport=httpx.AsyncHTTPTransport())
    return lambda: client.create_review(**REVIEW)


async def httpx_async(url: str) -> AsyncCall:
    import httpx

    client = httpx.AsyncClient(base_url=url, headers=HEADERS)

    async def call() -> Any:
        return (await client.post("/v1/reviews", json=REVIEW)).json()

    return call


async def aiohttp_async(url: str) -> AsyncCall:
    import aiohttp

    client = aiohttp.ClientSession(base_url=url, headers=HEADERS)

    async def call() -> Any:
        async with client.post("/v1/reviews", json=REVIEW) as response:
            return await response.json()

    return call


async def pyreqwest_async(url: str) -> AsyncCall:
    from pyreqwest.client import ClientBuilder

    client = trusting(ClientBuilder()).base_url(url).default_headers(HEADERS).build()

    async def call() -> Any:
        return await (await client.post("/v1/reviews").body_json(REVIEW).build().send()).json()

    return call


async def openai_async(url: str) -> AsyncCall:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1")
    return lambda: client.chat.completions.create(model="gpt", messages=MESSAGES)


async def anthropic_async(url: str) -> AsyncCall:
    from anthropic import AsyncAnthropic

    client = AsyncAnthropic(api_key=KEY, base_url=url)
    return lambda: client.messages.create(model="claude", max_tokens=100, messages=MESSAGES)


async def svix_async(url: str) -> AsyncCall:
    from svix.api import MessageIn, SvixAsync, SvixOptions

    client = SvixAsync(KEY, SvixOptions(server_url=url))
    return lambda: client.message.create("app_1", MessageIn(event_type="a.b", payload=CONTENT))


BLOCKING: dict[str, Callable[[str], Call]] = {
    "hitl": hitl,
    "hitl through httpx": hitl_through_httpx,
    "httpx": httpx,
    "socket": socket,
    "pyreqwest": pyreqwest,
    "openai": openai,
    "anthropic": anthropic,
    "stripe": stripe,
    "svix": svix,
    "label-studio-sdk": label_studio,
    "humanlayer": humanlayer,
    "gotohuman": gotohuman,
}
AWAITING: dict[str, Callable[[str], Awaitable[AsyncCall]]] = {
    "hitl": hitl_async,
    "hitl-uvloop": hitl_async,
    "hitl through httpx": hitl_through_httpx_async,
    "hitl-h2": hitl_h2_async,
    "httpx": httpx_async,
    "aiohttp": aiohttp_async,
    "pyreqwest": pyreqwest_async,
    "openai": openai_async,
    "anthropic": anthropic_async,
    "svix": svix_async,
}

WARM_UP = 50


def blocking(call: Call, calls: int) -> dict[str, float]:
    for _ in range(WARM_UP):
        call()
    latencies: list[float] = []
    cpu, started = time.process_time(), time.perf_counter()
    for _ in range(calls):
        began = time.perf_counter()
        call()
        latencies.append(time.perf_counter() - began)
    return told(time.process_time() - cpu, time.perf_counter() - started, latencies)


async def awaiting(
    make: Callable[[str], Awaitable[AsyncCall]], url: str, calls: int, in_flight: int
) -> dict[str, float]:
    call = await make(url)
    await at_once(call, max(WARM_UP, 2 * in_flight), in_flight)
    cpu, started = time.process_time(), time.perf_counter()
    latencies = await at_once(call, calls, in_flight)
    return told(time.process_time() - cpu, time.perf_counter() - started, latencies)


async def at_once(call: AsyncCall, calls: int, in_flight: int) -> list[float]:
    latencies: list[float] = []
    turns = iter(range(calls))

    async def work() -> None:
        for _ in turns:
            began = time.perf_counter()
            await call()
            latencies.append(time.perf_counter() - began)

    await asyncio.gather(*(work() for _ in range(in_flight)))
    return latencies


def told(cpu: float, wall: float, latencies: list[float]) -> dict[str, float]:
    latencies.sort()
    return {
        "cpu": cpu,
        "wall": wall,
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[int(len(latencies) * 0.99)],
        "memory": most_memory(),
    }


def most_memory() -> int:
    """Return the most memory that this process has had, in bytes; ru_maxrss of a child begins with its parent's."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main(client: str, mode: str, calls: int, in_flight: int, url: str) -> None:
    if mode == "sync":
        found = blocking(BLOCKING[client](url), calls)
    elif client == "hitl-uvloop":
        import uvloop

        found = uvloop.run(awaiting(AWAITING[client], url, calls, in_flight))
    else:
        found = asyncio.run(awaiting(AWAITING[client], url, calls, in_flight))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
