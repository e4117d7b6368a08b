"""Figures of growth as tables and as a plot."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Row = tuple[str, ...]
GROWN = (
    ("passages / sentences", lambda row: f"{row['passages']:,} / {row['sentences']:,}"),
    ("made, s (embedding as described above)", lambda row: f"{row['made_s']:,.0f}"),
    ("most memory while made, MB", lambda row: f"{row['making_mb']:,.0f}"),
    ("on disk, MB", lambda row: f"{sum(row['disk_mb'].values()):,.0f}"),
    ("&nbsp; of these vectors", lambda row: f"{sum(v for k, v in row['disk_mb'].items() if 'vectors' in k):,.0f}"),
    ("opened, s (models loaded)", lambda row: f"{row['opened_s']:.2f}"),
    ("first answer after that, s", lambda row: f"{row['first_answer_s']:.2f}"),
    ("question corrected, ms", lambda row: spread(row["understand_ms"])),
    ("retrieved: p50 / p95, ms", lambda row: spread(row["retrieve_ms"])),
    ("answered: p50 / p95, ms", lambda row: spread(row["answer_ms"])),
    (
        "own memory, MB (models alone)",
        lambda row: f"{row['memory_mb']['own']:,.0f} ({row['memory_mb']['models']:,.0f})",
    ),
    ("peak with what is mapped, MB", lambda row: f"{row['memory_mb']['peak']:,.0f}"),
    ("passage asked for among the first ten", lambda row: f"{row['found_in_10']:.2f}"),
)


def spread(times: Mapping[str, float]) -> str:
    """A median and a 95th percentile."""
    return f"{times['p50']:.1f} / {times['p95']:.1f}"


def table(head: Row, rows: Sequence[Row]) -> str:
    """A Markdown table, numbers to the right."""
    lines = [head, ("---", *["---:"] * (len(head) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def tables(figures: Mapping[str, Any]) -> str:
    """All figures."""
    grown = figures["grown"]
    parts = [table(("", *(f"{row['size']:,}" for row in grown)), [(name, *map(show, grown)) for name, show in GROWN])]
    parts.append(
        "As powers of the passages: " + ", ".join(f"{name} {power:.2f}" for name, power in fits(grown).items()) + ".\n"
    )
    for size, results in figures["bm25"].items():
        rows = [(name, f"{row['make_s']:.1f}", f"{row['held_mb']:,.0f}", spread(row)) for name, row in results.items()]
        parts.append(table((f"BM25, {int(size):,} passages", "made, s", "held, MB", "p50 / p95, ms"), rows))
    for size, results in figures["vectors"].items():
        probed = [
            (name, spread(row), f"{row['recall_10']:.3f} / {row['recall_100']:.3f}")
            for name, row in results.items()
            if "lists" in name
        ]
        rows = [("all", spread(results["all"]), "1 / 1"), *probed]
        parts.append(table((f"{int(size):,} vectors, the first 1,000", "p50 / p95, ms", "recall at 10 / 100"), rows))
    for size, results in figures["peers"].items():
        rows = [
            (name, f"{row['make_s']:.1f}", f"{row['memory_mb']:,.0f}", spread(row), f"{row['found_in_10']:.2f}")
            for name, row in results.items()
        ]
        parts.append(
            table(
                (
                    f"{int(size):,} passages",
                    "made without encoding, s",
                    "own memory, MB",
                    "p50 / p95, ms",
                    "found in ten",
                ),
                rows,
            )
        )
    return "\n".join(parts)


def curves(grown: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """What is plotted, each in its unit."""
    return {
        "retrieved, ms": [row["retrieve_ms"]["p50"] for row in grown],
        "answered, ms": [row["answer_ms"]["p50"] for row in grown],
        "opened, ms": [1000 * row["opened_s"] for row in grown],
        "own memory, MB": [row["memory_mb"]["own"] for row in grown],
        "on disk, MB": [sum(row["disk_mb"].values()) for row in grown],
    }


def fits(grown: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The power of the passages that each grows with: the slope of its logarithm over theirs, by least squares."""
    if len(grown) < 2:
        return {}
    sizes = np.log([row["passages"] for row in grown])
    return {
        name: float(np.polyfit(sizes, np.log(np.maximum(values, 1e-9)), 1)[0]) for name, values in curves(grown).items()
    }


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Plot the curves, both axes logarithmic."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    grown = figures["grown"]
    figure, axes = plt.subplots(figsize=(7, 4.2))
    powers = fits(grown)
    for name, values in curves(grown).items():
        label = f"{name} (power {powers[name]:.2f})" if powers else name
        axes.plot([row["passages"] for row in grown], values, marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="passages")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, frameon=False)
    figure.tight_layout()
    figure.savefig(path)
