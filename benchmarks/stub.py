"""A server of canned answers that costs next to nothing: `python -m benchmarks.stub [MILLISECONDS [CERTIFICATE]]`.

One asyncio protocol, no parsing beyond what finds the end of a request. With a certificate, a
file of PEM with its key, it speaks TLS. It prints its address, and answers
`GET /_usage` with the CPU seconds it has used, so that each measurement can say how idle it was.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time

REVIEW = {
    "id": "rev_01HQ3K5X7Z",
    "template_id": "template_content_review",
    "content": {
        "title": "Quarterly summary",
        "text": "The third quarter closed with revenue of 4.2 million, up from 3.9. " * 5,
        "metadata": {"model": "gpt-4", "confidence": 0.95, "source": "crm"},
    },
    "assignees": ["reviewer@company.com", "second@company.com"],
    "priority": "high",
    "due_date": "2027-01-20T18:00:00Z",
    "assignment_strategy": "round_robin",
    "status": "completed",
    "result": {"approved": True, "feedback": "Fine as it is, but shorten the second paragraph.", "score": 4},
    "reviewer": "reviewer@company.com",
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:31:00Z",
    "completed_at": "2026-01-15T10:31:00Z",
    "version": 3,
}
"""A review of about 1 KB, as large as those in the vendor's examples."""

# The answer to a creation: of a review that nobody has answered yet.
NEW = {"status": "created", "result": None, "reviewer": None, "completed_at": None, "version": 1}
ONE = json.dumps({"success": True, "data": {**REVIEW, **NEW}}).encode()
PAGE = json.dumps(
    {
        "success": True,
        "data": [{**REVIEW, "id": f"rev_{number}"} for number in range(100)],
        "meta": {"pagination": {"total": 100, "has_more": False}},
    }
).encode()
# What the SDKs of other services must find in an answer; one object serves all of them.
ANYTHING = json.dumps(
    {
        **REVIEW,
        "object": "chat.completion",
        "model": "gpt",
        "created": 1700000000,
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "x"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1, "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x" * 400}}],
        "eventType": "a.b",
        "payload": {"text": "x" * 400},
        "timestamp": "2026-01-15T10:30:00Z",
        "reviewId": "rev_1",
        "gptDone": True,
    }
).encode()
# humanlayer's `status` is an object.
FUNCTION_CALL = json.dumps(
    {"run_id": "run_1", "call_id": "call_1", "spec": {"fn": "send", "kwargs": REVIEW["content"]}, "status": {}}
).encode()


def answer(status: str, body: bytes) -> bytes:
    """Return the bytes of an answer, with the head that nginx puts in front of one."""
    head = (
        f"HTTP/1.1 {status}\r\nServer: nginx\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: keep-alive\r\n"
        "X-Request-Id: req_1\r\n\r\n"
    )
    return head.encode() + body


ANSWERS = (
    (b" /v1/reviews HTTP", answer("201 Created", ONE)),
    (b" /v1/reviews?", answer("200 OK", PAGE)),
    (b"/function_calls", answer("200 OK", FUNCTION_CALL)),
    (b"", answer("200 OK", ANYTHING)),
)


class Stub(asyncio.Protocol):
    """One connection."""

    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            place = head.find(b"content-length:")
            length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if place < 0 and b"transfer-encoding: chunked" in head:
                over = self._received.find(b"0\r\n\r\n", end)
                length = over + 5 - end - 4 if over >= 0 else len(self._received)
            if len(self._received) < end + 4 + length:
                return
            line, self._received = self._received[: head.find(b"\r\n")], self._received[end + 4 + length :]
            self._answer(line)

    def _answer(self, line: bytes) -> None:
        if line.startswith(b"GET /_usage"):
            self._transport.write(answer("200 OK", json.dumps(time.process_time()).encode()))
            return
        found = next(each for part, each in ANSWERS if part in line)
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self._write, found)
        else:
            self._transport.write(found)

    def _write(self, found: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(found)


async def serve(milliseconds: float, certificate: str | None = None) -> None:
    """Serve until the process is ended."""
    Stub.delay = milliseconds / 1000
    tls = None if certificate is None else ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    if tls is not None and certificate is not None:
        tls.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0, backlog=2048, ssl=tls)
    scheme = "http" if tls is None else "https"
    print(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0, *sys.argv[2:3]))
