"""`make bench-gate`: fail if something has become much slower than it was.

The limits are about one and a half times what was measured when they were set, since machines that run checks are busy;
they catch an import that crept in and work that is done twice, not a few per cent. `docs/explanation/performance.md`
has the measured figures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks.approvals import overhead
from benchmarks.environments import ROOT
from benchmarks.measure import Ratio, ratio
from benchmarks.memory import calls

LIMITS = {
    "create_review through httpx / httpx post + json": 2.6,
    "all but the connection / httpx post + json": 0.8,
    "the request for 4 MB of rows / json.dumps of them": 2.2,
    "a page of 100 reviews / json.loads of it": 3.2,
    overhead.NAME: 2.6,
    "import hitl + client / import httpx": 1.5,
    "import verify_signature / import httpx": 0.6,
}
ATTEMPTS = 3  # a machine that does something else for a second is not a regression

# Where the tools for development are installed, httpx would load a command line, too; without click it does not.
_BARE = "import sys; sys.modules['click'] = None; "


def imports() -> dict[str, Ratio]:
    """Measure imports in this environment."""
    with tempfile.TemporaryDirectory() as bytecode:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        variables |= {"PYTHONPYCACHEPREFIX": bytecode, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'generated'}"}

        def process(code: str) -> Callable[[], float]:
            def measure() -> float:
                started = time.perf_counter()
                subprocess.run([sys.executable, "-c", _BARE + code], env=variables, check=True)
                return time.perf_counter() - started

            measure()  # which writes the bytecode
            return measure

        httpx = process("import httpx")
        return {
            "import hitl + client / import httpx": ratio(
                process("from hitl import HITLClient; HITLClient('k')"), httpx, 7
            ),
            "import verify_signature / import httpx": ratio(
                process("from hitl.webhooks import verify_signature"), httpx, 7
            ),
        }


def main() -> int:
    """Print one line for each; return 1 if one stays above its limit."""
    for attempt in range(1, ATTEMPTS + 1):
        found = {**calls(), **overhead.allowed(), **imports()}
        above = [name for name, limit in LIMITS.items() if found[name].median > limit]
        for name, limit in LIMITS.items():
            print(f"{name:50} {found[name]!s:22} at most {limit}{'  TOO SLOW' if name in above else ''}", flush=True)
        if not above:
            return 0
        print(f"attempt {attempt} of {ATTEMPTS}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
