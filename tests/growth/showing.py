"""Figures of growth as tables and as a plot."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Row = tuple[str, ...]
GROWN = (
    ("passages / sentences", lambda one: f"{one['passages']:,} / {one['sentences']:,}"),
    ("made, s (embedding as told below)", lambda one: f"{one['made_s']:,.0f}"),
    ("most memory while made, MB", lambda one: f"{one['making_mb']:,.0f}"),
    ("on disk, MB", lambda one: f"{sum(one['disk_mb'].values()):,.0f}"),
    ("&nbsp; of these vectors", lambda one: f"{sum(v for k, v in one['disk_mb'].items() if 'vectors' in k):,.0f}"),
    ("opened, s (models loaded)", lambda one: f"{one['opened_s']:.2f}"),
    ("first answer after that, s", lambda one: f"{one['first_answer_s']:.2f}"),
    ("question put right, ms", lambda one: spread(one["understand_ms"])),
    ("retrieved: p50 / p95, ms", lambda one: spread(one["retrieve_ms"])),
    ("answered: p50 / p95, ms", lambda one: spread(one["answer_ms"])),
    (
        "own memory, MB (models alone)",
        lambda one: f"{one['memory_mb']['own']:,.0f} ({one['memory_mb']['models']:,.0f})",
    ),
    ("peak with what is mapped, MB", lambda one: f"{one['memory_mb']['peak']:,.0f}"),
    ("passage asked for among the first ten", lambda one: f"{one['found_in_10']:.2f}"),
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
    parts = [table(("", *(f"{one['size']:,}" for one in grown)), [(name, *map(show, grown)) for name, show in GROWN])]
    parts.append(
        "As powers of the passages: " + ", ".join(f"{name} {power:.2f}" for name, power in fits(grown).items()) + ".\n"
    )
    for size, found in figures["bm25"].items():
        rows = [(name, f"{one['make_s']:.1f}", f"{one['held_mb']:,.0f}", spread(one)) for name, one in found.items()]
        parts.append(table((f"BM25, {int(size):,} passages", "made, s", "held, MB", "p50 / p95, ms"), rows))
    for size, found in figures["vectors"].items():
        probed = [
            (name, spread(one), f"{one['recall_10']:.3f} / {one['recall_100']:.3f}")
            for name, one in found.items()
            if "lists" in name
        ]
        rows = [("all", spread(found["all"]), "1 / 1"), *probed]
        parts.append(table((f"{int(size):,} vectors, the first 1,000", "p50 / p95, ms", "recall at 10 / 100"), rows))
    for size, found in figures["peers"].items():
        rows = [
            (name, f"{one['make_s']:.1f}", f"{one['memory_mb']:,.0f}", spread(one), f"{one['found_in_10']:.2f}")
            for name, one in found.items()
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
        "retrieved, ms": [one["retrieve_ms"]["p50"] for one in grown],
        "answered, ms": [one["answer_ms"]["p50"] for one in grown],
        "opened, ms": [1000 * one["opened_s"] for one in grown],
        "own memory, MB": [one["memory_mb"]["own"] for one in grown],
        "on disk, MB": [sum(one["disk_mb"].values()) for one in grown],
    }


def fits(grown: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The power of the passages that each grows with: the slope of its logarithm over theirs, by least squares."""
    if len(grown) < 2:
        return {}
    sizes = np.log([one["passages"] for one in grown])
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
        axes.plot([one["passages"] for one in grown], values, marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="passages")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, frameon=False)
    figure.tight_layout()
    figure.savefig(path)
