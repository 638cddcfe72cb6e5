"""How behaviour is written (steps) and carried out (drivers, threads, tasks); it knows nothing of HTTP.

For every room above it. Flows decide and never act; the drivers act.
"""

from __future__ import annotations

from hitl._flows.drivers import run, run_async, stream, stream_async
from hitl._flows.event_loops import AsyncTurn, BlockingCallWarning, LoopWatch, loop_domain, process_domain
from hitl._flows.steps import (
    Act,
    ApiCall,
    AsyncFlows,
    AsyncTransport,
    Clock,
    Flow,
    Flows,
    Gather,
    Result,
    Sleep,
    Transport,
    Wakeup,
)

__all__ = [
    "Act",
    "ApiCall",
    "AsyncFlows",
    "AsyncTransport",
    "AsyncTurn",
    "BlockingCallWarning",
    "Clock",
    "Flow",
    "Flows",
    "Gather",
    "LoopWatch",
    "Result",
    "Sleep",
    "Transport",
    "Wakeup",
    "loop_domain",
    "process_domain",
    "run",
    "run_async",
    "stream",
    "stream_async",
]
