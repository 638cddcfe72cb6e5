"""Writes hitl/_async_client.py from hitl/_client.py, so that the two clients cannot drift apart.

    python codegen/async_client.py            write it
    python codegen/async_client.py --check    exit 1 if it is not what would be written

The clients hold signatures, docstrings and one-line bodies only; what they do is shared (see hitl/_flows/steps.py). So
the second client is the first with these words exchanged.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "hitl" / "_client.py"
TARGET = ROOT / "hitl" / "_async_client.py"

HEADER = '''"""AsyncHITLClient: written by codegen/async_client.py from _client.py (`make generate`), do not edit."""
'''

# In this order; each is a regular expression and what takes its place.
WORDS = (
    (r'\A"""[^"]*"""\n', HEADER),
    (r"\bLoopWatch, ", ""),  # awaited calls block no event loop
    (r"^.*\b_loop_watch\b.*\n", ""),
    (r"\bHITLClient\b", "AsyncHITLClient"),
    (r"\bHttpTransport\b", "AsyncHttpTransport"),
    (r"\bBaseTransport\b", "AsyncBaseTransport"),
    (r"\bhttpx\.Client\b", "httpx.AsyncClient"),
    (r"\bEndpoint, PagedList\b", "PagedList, Endpoint"),  # in the order of the longer name
    (r"\bPagedList\b", "AsyncPagedList"),
    (r"\bprocess_domain, run, stream\b", "loop_domain, run_async, stream_async"),
    (r"\breturn stream\(", "return stream_async("),
    (r"\bGenerator\[Outcome, None, None\]", "AsyncGenerator[Outcome, None]"),
    (r"\bimport Callable, Generator\b", "import AsyncGenerator, AsyncIterable, Callable, Coroutine"),
    (r"\bIterable\[(ReviewFields \| ReviewCreate|ReviewChange)\]", r"Iterable[\1] | AsyncIterable[\1]"),
    (r"Any iterable; of", "Any iterable, asynchronous or not,\n                of"),
    (r"is any iterable of", "is any iterable,\n        asynchronous or not, of"),
    (r"\bCompletions, CursorStore, Decisions\b", "AsyncCompletions, AsyncDecisions, CursorStore"),
    (r"\bCompletions\b", "AsyncCompletions"),
    (r"(?<!Handled)\bDecisions\b", "AsyncDecisions"),
    (r"\bprocess_domain\b", "loop_domain"),
    (r"Safe to share between threads\. ", ""),
    (r"a `with` block", "an `async with` block"),
    (r">>> with AsyncHITLClient", ">>> async with AsyncHITLClient"),
    (r"= client\.", "= await client."),
    (
        r"print\(client\.wait_for_review\(review\.id\)\.result\)",
        "print((await client.wait_for_review(review.id)).result)",
    ),
    (r"as a list whose pages are fetched while it is walked", "to be walked with `async for`, or awaited for a list"),
    (r"\bclose\(", "aclose("),
    (r"def __(enter|exit)__", r"async def __a\1__"),
    (r"\bdef ((?:create|get|update|reassign|cancel|wait_for|delete|ensure)_|ask\b|call\b|aclose\b)", r"async def \1"),
    (r"\bdef run\(", "async def run("),
    (r"return self\._run\(", "return await self._run("),
    (r"(def _run\(.*\)) -> T:", r"\1 -> Coroutine[Any, Any, T]:"),
    (r"return run\(", "return run_async("),
    (r"\bself\._transport\.aclose\(\)", "await self._transport.aclose()"),
    (r"^( +)self\.aclose\(\)", r"\1await self.aclose()"),
)


def translate(source: str) -> str:
    """Return the async client's module for the blocking client's module."""
    for pattern, replacement in WORDS:
        source, count = re.subn(pattern, replacement, source, flags=re.MULTILINE)
        if not count:
            raise SystemExit(f"codegen/async_client.py: nothing in {SOURCE.name} matches {pattern!r}; mend its table")
    return source


def formatted(source: str) -> str:
    """Return the module as the project's formatter writes it; longer words break other lines."""
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename", str(TARGET), "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603
    return done.stdout


def main() -> int:
    """Write the module, or check it."""
    wanted = formatted(translate(SOURCE.read_text()))
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(wanted)
        return 0
    if TARGET.read_text() != wanted:
        print(f"{TARGET.relative_to(ROOT)} is out of date: run 'make generate' and commit the result")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
