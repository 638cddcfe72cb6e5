"""`python -m benchmarks.approvals kills|races|lines|decisions|overhead`: what approvals promise, tried at length.

Each trial takes `--ledger sqlite` or `--ledger postgres`, for which PostgreSQL must be installed. It ends with status 1
if a promise does not hold. docs/explanation/approvals-proved.md has the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs

from benchmarks.approvals import kills, lines, overhead, races, stream
from benchmarks.approvals.places import KINDS, Place, ledger_of, review_server


def main() -> int:
    """Run the trial that was named, and print what it found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.approvals", description=__doc__)
    parser.add_argument("--ledger", choices=KINDS, default="sqlite")
    trials = parser.add_subparsers(dest="trial", required=True)
    killing = trials.add_parser("kills", help="kill processes that ask, wait and run")
    killing.add_argument("--approvals", type=int, default=10_000)
    killing.add_argument("--kills", type=int, default=50)
    killing.add_argument("--processes", type=int, default=4)
    killing.add_argument("--threads", type=int, default=4)
    racing = trials.add_parser("races", help="let processes race for one approval")
    racing.add_argument("--rounds", type=int, default=100, help="with each number of processes")
    racing.add_argument("--processes", type=int, nargs="+", default=races.PROCESSES)
    killing_at = trials.add_parser("lines", help="kill a process at every line between consuming and finishing")
    killing_at.add_argument("--step", type=int, default=1, help="at each so many lines")
    following = trials.add_parser("decisions", help="follow all decisions of a server")
    following.add_argument("--decisions", type=int, default=10_000)
    measuring = trials.add_parser("overhead", help="measure a call that a rule allows")
    measuring.add_argument("--rounds", type=int, default=101)
    arguments = vars(parser.parse_args())
    kind, name = arguments.pop("ledger"), arguments.pop("trial")
    with (
        tempfile.TemporaryDirectory(prefix="hitl-approvals-") as folder,
        ledger_of(kind, Path(folder)) as ledger,
        review_server() as (url, key),
        closing(Place(url, key, ledger, Path(folder))) as place,
    ):
        found = TRIALS[name](place, **arguments)
    print(json.dumps({"ledger": kind, "trial": name, **attrs.asdict(found), "holds": found.holds}, indent=1))
    return 0 if found.holds else 1


TRIALS: dict[str, Callable[..., Any]] = {
    "decisions": stream.trial,
    "kills": kills.trial,
    "lines": lines.trial,
    "overhead": overhead.trial,
    "races": races.trial,
}


if __name__ == "__main__":
    sys.exit(main())
