"""The figures of a load test, as a table that is printed and stands in docs/load.md."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from locust.stats import RequestStats

from assistant.feedback import read_feedback
from tests.load.clients import CLIENTS, FULL, Load
from tests.load.server import Server, slope

PAGE = Path("docs/load.md")
BEGIN, END = "<!-- figures -->\n", "<!-- end of the figures -->"
SETTLED = 60  # seconds after which memory is to be level
MORE = 0.10  # how far above that it may end, as a share


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
        faults["lost"].append(f"{held} places in the queue were not given back")
    rows = [
        ("cores", f"{os.cpu_count()}"),
        ("clients", f"{CLIENTS}, and {counts['left']} times one that left"),
        ("seconds", f"{load.seconds:.0f}, of which the queue is full for {FULL * load.seconds:.0f}"),
        ("different questions", f"{len(ledger.cases)}"),
        ("one answer when nobody else asks, ms", f"{1000 * load.alone:,.0f}"),
        ("asked", f"{counts['asked']:,}"),
        ("answered", f"{counts['answered']:,}"),
        ("told to come back (503)", f"{counts['busy']:,}"),
        ("broken by the kill and asked again", f"{counts['broken']:,}"),
        ("ratings taken, all kept", f"{len(ledger.rated):,}"),
        ("wrong / mixed / lost", " / ".join(str(len(faults[fault])) for fault in ledger.faults)),
        ("answers a second, the queue full", f"{counts['full'] / (FULL * load.seconds - (back - gone)):.2f}"),
        ("seconds away after the kill", f"{back - gone:.1f}"),
        *(timing(stats, phase) for phase in ("steady", "full")),
        *memory(server, faults),
    ]
    return Figures(tuple(rows), faults)


def timing(stats: RequestStats, phase: str) -> tuple[str, str]:
    """How long answers took in a phase."""
    response = stats.get("answer", phase)
    if not response.num_requests:
        return f"{phase}: p50 / p95 / p99, ms", "none"
    times = " / ".join(f"{response.get_response_time_percentile(share):,.0f}" for share in (0.5, 0.95, 0.99))
    return f"{phase}: p50 / p95 / p99, ms", times


def memory(server: Server, faults: dict[str, list[str]]) -> list[tuple[str, str]]:
    """How much memory each life of the server held, and whether it was level.

    The libraries that read take memory in steps, so that a slope is told, and the height is judged: neither life may
    end far above what the first held after a minute, when it had been asked everything once.
    """
    first, second = ([size for _, size in life.memory] for life in server.lives)
    rows = [
        ("memory before the kill: first / last / most, MB", f"{first[0]:.0f} / {first[-1]:.0f} / {max(first):.0f}"),
        ("memory after it: last / most, MB", f"{second[-1]:.0f} / {max(second):.0f}"),
    ]
    settled = [life.after(SETTLED) for life in server.lives]
    if min(map(len, settled)) < SETTLED / 2:
        return [*rows, ("memory after a minute", "too short to tell")]
    level = settled[0][0][1]
    if max(first[-1], second[-1]) > (1 + MORE) * level:
        faults["errors"].append(f"memory rises from {level:.0f} to {first[-1]:.0f} and {second[-1]:.0f} MB")
    slopes = " / ".join(f"{slope(run):+.1f}" for run in settled)
    return [*rows, ("the same from a minute on, of each life: MB a minute", slopes)]


def write(figures: Figures) -> None:
    """Put the figures into the page, in place of those that stand there."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{figures.text}\n{END}{after}", encoding="utf-8")
