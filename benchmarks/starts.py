"""What a process pays before its first call, and for a second client; each beside bare httpx, in the same environment.

`python -m benchmarks.starts [ROUNDS]`. The figure is the CPU of a fresh interpreter that runs one line of code.
"""

from __future__ import annotations

import functools
import os
import resource
import subprocess
import sys
from collections.abc import Callable

from benchmarks.environments import python_of, surroundings
from benchmarks.measure import Ratio, ratio
from benchmarks.servers import plain
from benchmarks.stub import REVIEW

ENVIRONMENT = "hitl"
AGAIN = 20  # further clients, so that what one costs is more than the noise


def cpu(code: str) -> Callable[[], float]:
    """Return a measurement: the CPU seconds of a fresh interpreter."""

    def measure() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _run(code)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return measure


def told(code: str) -> Callable[[], float]:
    """Return a measurement: the number that a fresh interpreter prints."""
    return lambda: float(_run(code))


def _run(code: str) -> str:
    python, variables = _interpreter()
    return subprocess.run([python, "-c", code], env=variables, check=True, capture_output=True, text=True).stdout


@functools.cache
def _interpreter() -> tuple[str, dict[str, str]]:
    return str(python_of(ENVIRONMENT)), surroundings(ENVIRONMENT)


# Not ru_maxrss: that of a child begins with what its parent had.
_MEMORY = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


def _further(imports: str, client: str) -> str:
    """Return the code that prints what one more client costs."""
    return (
        f"import time; {imports}; first = {client}; began = time.process_time(); "
        f"made = [{client} for _ in range({AGAIN})]; print((time.process_time() - began) / {AGAIN})"
    )


def starts(rounds: int = 9) -> dict[str, Ratio]:
    """Measure imports, whole processes, second clients and memory."""
    with plain() as server:
        url = server.url
        content = REVIEW["content"]
        review = f"'template_content_review', {content!r}"
        body = {"template_id": "template_content_review", "content": content}
        ours = f"from hitl import HITLClient; HITLClient('k', base_url='{url}').create_review({review})"
        theirs = f"import httpx; httpx.Client().post('{url}/v1/reviews', json={body!r}).json()"
        _run(ours)  # its bytecode is written now
        return {
            "import hitl + client / import httpx": ratio(
                cpu("from hitl import HITLClient; HITLClient('k')"), cpu("import httpx"), rounds
            ),
            "process to first create / with bare httpx": ratio(cpu(ours), cpu(theirs), rounds),
            "import verify_signature / import httpx": ratio(
                cpu("from hitl.webhooks import verify_signature"), cpu("import httpx"), rounds
            ),
            "a further client / a further httpx.Client": ratio(
                told(_further("from hitl import HITLClient", "HITLClient('k')")),
                told(_further("import httpx", "httpx.Client()")),
                rounds,
            ),
            "memory after one call / with bare httpx": ratio(
                told(f"{ours}; {_MEMORY}"), told(f"{theirs}; {_MEMORY}"), rounds
            ),
        }


def main(rounds: int = 9) -> None:
    """Print one line for each."""
    print(f"{os.uname().machine}, {_interpreter()[0]}")
    for name, found in starts(rounds).items():
        print(f"{name:46} {found}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
