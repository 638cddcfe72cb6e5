"""Writes what `python -m benchmarks` has found into docs/explanation/performance.md, and draws docs/images/speed.svg.

The page keeps its prose; only what stands between two marks of the same name is written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from benchmarks.__main__ import RESULTS
from benchmarks.environments import PEERS, ROOT
from benchmarks.peers import PLANS

PAGE = ROOT / "docs" / "explanation" / "performance.md"
PLOT = ROOT / "docs" / "images" / "speed.svg"
STYLE = """
.page { fill: #fff } text { font: 12px system-ui, sans-serif; fill: #24292f; stroke: #fff }
text { stroke-width: 3px; paint-order: stroke } .title { font-weight: 600; font-size: 13px } .name { text-anchor: end }
.ours { fill: #1769aa } .theirs { fill: #b9c4cf } .spread { stroke: #24292f }
.one { stroke: #b42318; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117 } text { fill: #e6edf3; stroke: #0d1117 }
  .ours { fill: #2f81f7 } .theirs { fill: #484f58 } .spread { stroke: #e6edf3 } .one { stroke: #ff8b80 }
}
"""
SHOWN = ("Blocking", "Asynchronous", "32 in flight")  # in the plot; the tables show all


def ratio(found: dict[str, float]) -> str:
    """Return a ratio with its spread as a table shows it."""
    digits = 2 if found["median"] >= 0.05 else 3
    return f"{found['median']:.{digits}f} ({found['least']:.{digits}f}–{found['greatest']:.{digits}f})"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def of_peers(peers: dict[str, Any]) -> str:
    """Return one table for each mode."""
    parts = []
    for title in dict.fromkeys(plan.title for plan in PLANS):
        rows = [
            [
                name.partition(": ")[2],
                ratio(found["cpu"]),
                ratio(found["rate"]),
                ratio(found["p99"]),
                f"{found['idle']:.0%}",
            ]
            for name, found in peers.items()
            if name.startswith(f"{title}: ")
        ]
        header = [
            f"{title}, beside bare httpx",
            "CPU of a call",
            "calls in a second",
            "p99 of the latency",
            "stub idle",
        ]
        if rows:
            parts.append(table(header, rows))
    return "\n\n".join(parts)


def of_ratios(found: dict[str, Any]) -> str:
    """Return a table of plain ratios."""
    return table(["What", "Median (least–greatest)"], [[name.strip(), ratio(each)] for name, each in found.items()])


def pins() -> str:
    """Return the versions."""
    named = sorted({requirement for peer in PEERS.values() for requirement in peer})
    return "Versions: " + ", ".join(f"`{each}`" for each in named) + "."


def bars(peers: dict[str, Any]) -> str:
    """Return the plot as SVG: the CPU of a call beside bare httpx, on a logarithmic scale."""
    width, row, left, top, right = 760, 22, 170, 54, 60
    parts, y = [], top
    for title in SHOWN:
        parts.append(f'<text x="10" y="{y + 6}" class="title">{title}</text>')
        y += 16
        found = [
            (name.partition(": ")[2], each["cpu"]) for name, each in peers.items() if name.startswith(f"{title}: ")
        ]
        for name, cpu in sorted(found, key=lambda each: each[1]["median"]):
            middle, least, greatest = (
                _place(cpu[each], left, width - right) for each in ("median", "least", "greatest")
            )
            kind = "ours" if name == "hitl" else "theirs"
            parts.append(f'<text x="{left - 8}" y="{y + 14}" class="name">{name}</text>')
            parts.append(f'<rect x="{left}" y="{y + 3}" width="{middle - left:.0f}" height="14" class="{kind}"/>')
            parts.append(f'<path d="M{least:.0f} {y + 10}H{greatest:.0f}" class="spread"/>')
            parts.append(f'<text x="{max(middle, greatest) + 6:.0f}" y="{y + 14}">{cpu["median"]:.2f}</text>')
            y += row
        y += 20
    one = _place(1.0, left, width - right)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" role="img">',
            "<title>CPU of one call as a multiple of bare httpx, logarithmic; shorter is better</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="{width}" height="{y}"/>',
            '<text x="10" y="22" class="title">CPU of one call ÷ bare httpx (logarithmic; shorter is better)</text>',
            f'<path d="M{one:.0f} 34V{y - 12}" class="one"/><text x="{one + 4:.0f}" y="42">httpx</text>',
            *parts,
            "</svg>\n",
        ]
    )


def _place(value: float, left: float, end: float) -> float:
    from math import log10

    lowest, highest = log10(0.03), log10(100)
    return left + (log10(min(max(value, 0.03), 100)) - lowest) / (highest - lowest) * (end - left)


def main() -> None:
    """Write the page and the plot."""
    found = json.loads(RESULTS.read_text())
    written = {
        "machine": f"Measured on: {found['machine']}.\n\n{pins()}",
        "peers": of_peers(found["peers"]),
        **{name: of_ratios(found[name]) for name in ("memory", "starts", "batches", "batch-memory") if name in found},
    }
    page = PAGE.read_text()
    for name, text in written.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if begin not in page or end not in page:
            raise SystemExit(f"{PAGE} has no marks {begin} … {end}")
        page = f"{page.partition(begin)[0]}{begin}\n\n{text}\n\n{end}{page.partition(end)[2]}"
    PAGE.write_text(page)
    PLOT.write_text(bars(found["peers"]))


if __name__ == "__main__":
    main()
