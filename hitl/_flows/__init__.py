"""How behaviour is written (steps) and carried out (drivers, threads, tasks); it knows nothing of HTTP.

For every room above it. Flows decide and never act; the drivers act.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl._lazy import lazy_names

if TYPE_CHECKING:
    from hitl._flows.domains import loop_domain, process_domain
    from hitl._flows.drivers import run, run_async, stream, stream_async
    from hitl._flows.steps import ApiCall, Clock, Flow, Gather, Result, Sleep, Wakeup

__all__ = [
    "ApiCall",
    "Clock",
    "Flow",
    "Gather",
    "Result",
    "Sleep",
    "Wakeup",
    "loop_domain",
    "process_domain",
    "run",
    "run_async",
    "stream",
    "stream_async",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "domains": (
            "loop_domain",
            "process_domain",
        ),
        "drivers": (
            "run",
            "run_async",
            "stream",
            "stream_async",
        ),
        "steps": (
            "ApiCall",
            "Clock",
            "Flow",
            "Gather",
            "Result",
            "Sleep",
            "Wakeup",
        ),
    },
)
