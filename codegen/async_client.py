"""Writes hitl/_async_client.py from hitl/_client.py, and so each namespace, so that the two clients cannot drift apart.

    python codegen/async_client.py            write them
    python codegen/async_client.py --check    exit 1 if one is not what would be written

The clients and their namespaces hold signatures, docstrings and one-line bodies only; what they do is shared (see
hitl/_flows/steps.py). So the second client is the first with these words exchanged.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "hitl" / "_client.py"
# Each a module of hitl/_namespaces with a class of its name, such as Loops, which becomes AsyncLoops.
NAMESPACES = ("loops", "requests", "teams", "uploads", "webhooks", "workflows")

HEADER = '''"""AsyncHITLClient: written by codegen/async_client.py from _client.py (`make generate`), do not edit."""
'''

# For the client, in this order; each is a regular expression and what takes its place.
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
    (r"\bdef account\(", "async def account("),
    (r"\bdef run\(", "async def run("),
    (r"return self\._run\(", "return await self._run("),
    (r"(def _run\(.*\)) -> T:", r"\1 -> Coroutine[Any, Any, T]:"),
    (r"return run\(", "return run_async("),
    (r"\bself\._transport\.aclose\(\)", "await self._transport.aclose()"),
    (r"^( +)self\.aclose\(\)", r"\1await self.aclose()"),
)

# For a namespace; not each has all of them.
NAMESPACE_WORDS = (
    (r"\bNamespace\b", "AsyncNamespace"),
    (r"\bPagedList\b", "AsyncPagedList"),
    (r"\bCompletions\b", "AsyncCompletions"),
    (r"\bimport Iterable\b", "import AsyncIterable, Iterable"),
    (r"\bIterable\[RequestFields\]", "Iterable[RequestFields] | AsyncIterable[RequestFields]"),
    (r"return self\._run\(", "return await self._run("),
)


def translate(source: str) -> str:
    """Return the async client's module for the blocking client's module."""
    names = ((rf"\b{name.title()}\b(?=[(:\n]| as )", f"Async{name.title()}") for name in NAMESPACES)
    modules = ((rf"\b_namespaces\.{name}\b", f"_namespaces.async_{name}") for name in NAMESPACES)
    for pattern, replacement in (*WORDS, *modules, *names):
        source, count = re.subn(pattern, replacement, source, flags=re.MULTILINE)
        if not count:
            raise SystemExit(f"codegen/async_client.py: nothing in {CLIENT.name} matches {pattern!r}; mend its table")
    return source


def translate_namespace(name: str, source: str) -> str:
    """Return the async module of a namespace; a method is a coroutine if it runs its flow before it returns."""
    own = name.title()
    header = (
        f'"""`client.{name}` of AsyncHITLClient: written by codegen/async_client.py from {name}.py, do not edit."""\n'
    )
    source = re.sub(r'\A"""[^"]*"""\n', header, source)
    methods = re.split(r"^(?=    def )", source, flags=re.MULTILINE)
    running = [each[len("    def ") : each.index("(")] for each in methods[1:] if "return self._run(" in each]
    coroutines = "|".join(running)  # their overloads are coroutines, too
    source = re.sub(rf"^    def ({coroutines})\(", r"    async def \1(", source, flags=re.MULTILINE)
    for pattern, replacement in (*NAMESPACE_WORDS, (rf"^class {own}\b", f"class Async{own}")):
        source = re.sub(pattern, replacement, source, flags=re.MULTILINE)
    return source


def formatted(source: str, target: Path) -> str:
    """Return a module as the project's formatter writes it; longer words break other lines, and sort elsewhere."""
    for command in (["check", "--quiet", "--fix-only", "--select", "F401,I"], ["format", "--quiet"]):
        whole = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(target), "-"]
        done = subprocess.run(whole, input=source, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603
        source = done.stdout
    return source


def written() -> dict[Path, str]:
    """Return each module that is written, with its text."""
    found = {CLIENT.with_name("_async_client.py"): translate(CLIENT.read_text())}
    for name in NAMESPACES:
        source = ROOT / "hitl" / "_namespaces" / f"{name}.py"
        found[source.with_name(f"async_{name}.py")] = translate_namespace(name, source.read_text())
    return {path: formatted(text, path) for path, text in found.items()}


def main() -> int:
    """Write the modules, or check them."""
    status = 0
    for path, wanted in written().items():
        if "--check" not in sys.argv[1:]:
            path.write_text(wanted)
        elif not path.exists() or path.read_text() != wanted:
            print(f"{path.relative_to(ROOT)} is out of date: run 'make generate' and commit the result")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
