"""The faults of a `HostileServer`; combine them with `|`.

```python
from hitl import HITLClient
from hitl.testing import HostileServer, hostile

with HostileServer() as server, HITLClient("key", base_url=server.url) as client:
    server.next(hostile.reset(handles=True), method="POST")  # the review is created, and the response is lost
    server.next(hostile.gzip(crc="wrong") | hostile.drip(1000))
```

It uses only the standard library and needs no extra.
"""

from __future__ import annotations

from hitl.testing.hostile.answers import (
    answer,
    body,
    bomb,
    change,
    chunked,
    content_length,
    document,
    encoding,
    endless,
    gzip,
    header,
    headers,
    lie_about_length,
    redirect,
    status,
    text,
    until_close,
    version,
)
from hitl.testing.hostile.faults import (
    Fault,
    close,
    deaf,
    drip,
    early,
    hang_up,
    informational,
    late_surplus,
    raw,
    reset,
    silence,
    surplus,
)
from hitl.testing.hostile.messages import Reply, Request
from hitl.testing.hostile.server import HostileServer

__all__ = [
    "Fault",
    "HostileServer",
    "Reply",
    "Request",
    "answer",
    "body",
    "bomb",
    "change",
    "chunked",
    "close",
    "content_length",
    "deaf",
    "document",
    "drip",
    "early",
    "encoding",
    "endless",
    "gzip",
    "hang_up",
    "header",
    "headers",
    "informational",
    "late_surplus",
    "lie_about_length",
    "raw",
    "redirect",
    "reset",
    "silence",
    "status",
    "surplus",
    "text",
    "until_close",
    "version",
]
