"""The figures of a load test, as a table that is printed and stands in docs/load.md."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from locust.stats import RequestStats

from assistant.feedback import read_feedback
from tests.load.clients import CLIENTS, Load
from tests.load.server import Server, slope

PAGE = Path("docs/load.md")
BEGIN, END = "<!-- figures -->\n", "<!-- end of the figures -->"
SETTLED = 60  # seconds of a life after which memory is to be level
LEVEL = 3.0  # megabytes a minute


@dataclass(frozen=True, slots=True)
class Figures:
    """Names and values, in their order, and what was at fault."""

    rows: tuple[tuple[str, str], ...]
    faults: dict[str, list[str]]

    @property
    def text(self) -> str:
        """The table, as Markdown."""
        width = max(len(name) for name, _ in self.rows)
        lines = [f"| {name:{width}} | {value:>44} |" for name, value in self.rows]
        rule = f"|{'-' * (width + 2)}|{'-' * 45}:|"
        return "\n".join((lines[0], rule, *lines[1:]))


def figures(server: Server, load: Load, stats: RequestStats) -> Figures:
    """What a load test found; the server is there still, and nobody asks."""
    ledger, (gone, back) = load.ledger, load.ledger.away[0]
    time.sleep(1)
    ledger.close(frozenset(record.standalone_question for record in read_feedback(server.feedback)))
    counts, faults = ledger.counts, {**ledger.faults, "errors": server.errors()}
    if held := server.waiting():
        faults["lost"] = [*faults["lost"], f"{held} places at the desk were not given back"]
    rows = [
        (f"{os.cpu_count()} cores", ""),
        ("clients", f"{CLIENTS}, and {counts['left']} times one that left"),
        ("seconds", f"{load.seconds:.0f}"),
        ("different questions", f"{len(ledger.cases)}"),
        ("asked", f"{counts['asked']:,}"),
        ("answered", f"{counts['answered']:,}"),
        ("told to come back (503)", f"{counts['busy']:,}"),
        ("broken by the kill and asked again", f"{counts['broken']:,}"),
        ("ratings taken, all kept", f"{len(ledger.rated):,}"),
        ("wrong / mixed / lost", " / ".join(str(len(faults[fault])) for fault in ledger.faults)),
        ("answers a second", f"{counts['answered'] / (load.seconds - (back - gone)):.1f}"),
        ("seconds away after the kill", f"{back - gone:.1f}"),
        *(timing(stats, phase) for phase in ("steady", "full")),
        *memory(server, faults),
    ]
    return Figures(tuple(rows), faults)


def timing(stats: RequestStats, phase: str) -> tuple[str, str]:
    """How long answers took in a phase."""
    found = stats.get("answer", phase)
    told = " / ".join(f"{found.get_response_time_percentile(share):,.0f}" for share in (0.5, 0.95, 0.99))
    return f"{phase}: p50 / p95 / p99, ms", told


def memory(server: Server, faults: dict[str, list[str]]) -> list[tuple[str, str]]:
    """How much memory each life of the server held, and whether it was level once it had settled."""
    rows = []
    for name, life in zip(("before the kill", "after it"), server.lives):
        sizes, settled = [size for _, size in life.memory], life.after(SETTLED)
        told = [sizes[0], settled[0][1] if settled else sizes[-1], sizes[-1], max(sizes)]
        rows.append((f"memory {name}: first / settled / last / most, MB", " / ".join(f"{one:.0f}" for one in told)))
        if settled and settled[-1][0] - settled[0][0] >= SETTLED / 2:
            rising = slope(settled)
            rows.append((f"memory {name}: after a minute, MB a minute", f"{rising:+.1f}"))
            if rising > LEVEL:
                faults["errors"] = [*faults["errors"], f"memory {name} rises by {rising:.1f} MB a minute"]
    return rows


def write(found: Figures) -> None:
    """Put the figures into the page, in place of those that stand there."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{found.text}\n{END}{after}", encoding="utf-8")
