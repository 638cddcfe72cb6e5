"""The figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.waiting.crowd import Cost
from benchmarks.waiting.measurement import Plan
from benchmarks.waiting.simulation import Figures, Load

SIMULATED = ("New reviews", "Waiter", "Requests", "Refused", "Late, mean", "95 %", "Creations held up", "Unseen")
MEASURED = (
    "Waits",
    "Answers",
    "In",
    "How",
    "Seen",
    "Requests",
    "Failed",
    "Late, mean",
    "99 %",
    "CPU",
    "Memory",
    "Connections",
)


def of_simulation(found: Mapping[tuple[Load, str], Figures]) -> str:
    """Return the table of one rate limit."""
    return _table(SIMULATED, [(load.name, waiter, *_simulated(each)) for (load, waiter), each in found.items()])


def of_measurement(found: Mapping[Plan, Cost]) -> str:
    """Return the table of the real run."""
    return _table(MEASURED, [(*_planned(plan), *_measured(each)) for plan, each in found.items()])


def of_ratios(found: Mapping[Plan, Cost]) -> str:
    """Return how the naive waiter's CPU compares with the others', for the same plan."""
    return "\n".join(
        f"{plan.waits:,} waits, {plan.answers:,} answers: {naive.style} / {plan.style} = {theirs.cpu / ours.cpu:.0f}"
        for naive, theirs in found.items()
        for plan, ours in found.items()
        if naive.style.startswith(("naive", "bare")) and not plan.style.startswith(("naive", "bare"))
        if (plan.waits, plan.answers, plan.seconds) == (naive.waits, naive.answers, naive.seconds)
    )


def seconds(value: float) -> str:
    """Return a time as a person would say it."""
    if value < 0.1:
        return f"{value * 1000:.1f} ms"
    if value < 100:
        return f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 2 * 3600 else f"{value / 3600:.1f} h"


def _simulated(each: Figures) -> tuple[str, ...]:
    at_least = "≥ " if each.unseen else ""
    times = (at_least + seconds(each.mean), at_least + seconds(each.p95))
    return (f"{each.requests:,.0f}", _count(each.refusals), *times, _percent(each.held_up), _percent(each.unseen))


def _planned(plan: Plan) -> tuple[str, ...]:
    return (f"{plan.waits:,}", f"{plan.answers:,}", f"{plan.seconds:.0f} s", plan.style)


def _measured(each: Cost) -> tuple[str, ...]:
    memory = f"{each.memory / 1e6:.1f} MB"
    times = (seconds(each.mean), seconds(each.p99), f"{each.cpu:.2f} s")
    return (f"{each.seen:,}", f"{each.requests:,}", _count(each.failed), *times, memory, str(each.sockets))


def _count(value: float) -> str:
    if 0 < value < 0.1:
        return "< 0.1"
    return f"{value:,.0f}" if value >= 10 or not value else f"{value:.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share else "0"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
