"""The report's charts, as SVG that inherits the page's text colour: readable in light and dark."""

import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from eval.metrics.abstention import calibration, risk_coverage
from eval.metrics.evidence import overlaps
from eval.scoring import Scored

INK = "#010203"  # placeholder for the page's text colour
SIZE = (4.2, 3.0)  # inches
BLUE, ORANGE, GREY = "#4f7bd9", "#e07b39", "#8a8a8a"
STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "quoth", "font.family": "sans-serif", "font.size": 9, "text.color": INK,
    "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "legend.frameon": False,
    "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip


def draw(title: str, plot: Any) -> str:
    """Draw one chart as an SVG element with an accessible label."""
    import matplotlib as mpl  # here, since it takes a second, and most commands draw nothing
    from matplotlib.figure import Figure as Canvas

    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=SIZE, layout="constrained")
        axes = canvas.add_subplot()
        plot(axes)
        axes.set_title(title, fontsize=10)
        file = io.StringIO()
        canvas.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = file.getvalue()[file.getvalue().index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    return re.sub(r'(<svg[^>]*?) height="[^"]*"', rf'\1 role="img" aria-label="{title}"', svg, count=1)


def confidence_charts(
    confidence: Sequence[float], right: Sequence[bool], answerable: Sequence[bool], threshold: float
) -> list[str]:
    """Draw the charts of confidence: risk against coverage, distribution, and reliability."""
    return [
        risk_chart(confidence, right),
        confidence_chart(confidence, answerable, threshold),
        reliability_chart(confidence, right),
    ]


def risk_chart(confidence: Sequence[float], right: Sequence[bool]) -> str:
    """Draw risk against coverage, beside the curve of an ideal confidence."""
    coverage, risk, _ = risk_coverage(confidence, right)
    # Right answers first, one after the other: ties would be drawn as one step.
    ideal_coverage, ideal_risk, _ = risk_coverage([-float(i) for i in range(len(right))], sorted(right, reverse=True))

    def plot(axes: Any) -> None:
        axes.plot(coverage, risk, color=BLUE, label="Quoth")
        axes.plot([0, *ideal_coverage], [0, *ideal_risk], color=GREY, linestyle="--", label="ideal")
        axes.set(xlabel="share of questions answered", ylabel="share of answers wrong", xlim=(0, 1), ylim=(0, 1))
        axes.legend()

    return draw("Risk against coverage", plot)


def confidence_chart(confidence: Sequence[float], answerable: Sequence[bool], threshold: float) -> str:
    """Draw the distribution of confidence for answerable and unanswerable questions."""
    split = {can: [value for value, is_ in zip(confidence, answerable) if is_ == can] for can in (True, False)}

    def plot(axes: Any) -> None:
        bins = np.linspace(0, 1, 21)
        axes.hist(split[True], bins=bins, color=BLUE, alpha=0.7, label=f"answerable ({len(split[True])})")
        axes.hist(split[False], bins=bins, color=ORANGE, alpha=0.7, label=f"not ({len(split[False])})")
        axes.axvline(threshold, color=INK, linestyle=":", label=f"threshold {threshold}")
        axes.set(xlabel="confidence", ylabel="questions", xlim=(0, 1))
        axes.legend()

    return draw("Confidence", plot)


def reliability_chart(confidence: Sequence[float], right: Sequence[bool]) -> str:
    """Draw accuracy against confidence, by bins."""
    bins = calibration(confidence, right)

    def plot(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=GREY, linestyle="--")
        axes.plot([point["confidence"] for point in bins], [point["right"] for point in bins], color=BLUE, marker="o")
        for point in bins:
            axes.annotate(
                f"n={point['n']:.0f}",
                (point["confidence"], point["right"]),
                xytext=(5, -10),
                textcoords="offset points",
            )
        axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1.02))

    return draw("Reliability", plot)


def recall_chart(systems: dict[str, list[Scored]], deepest: int = 20) -> str:
    """Draw recall@k by system."""
    curves = {name: recall_curve(scored, deepest) for name, scored in systems.items() if "gold" not in name}

    def plot(axes: Any) -> None:
        for name, curve in curves.items():
            axes.plot(range(1, deepest + 1), curve, label=name, linewidth=2 if name == "quoth" else 1)
        axes.set(
            xlabel="k",
            ylabel="evidence among the first k passages",
            xlim=(1, deepest),
            ylim=(0, 1.02),
            xticks=[1, *range(5, deepest + 1, 5)],
        )
        axes.legend(fontsize=8)

    return draw("Recall@k", plot)


def recall_curve(scored: Sequence[Scored], deepest: int) -> list[float]:
    """Return the mean share of a question's evidence in the first k passages, for each k from 1."""
    recalls: list[list[float]] = []
    for item in scored:
        spans = [(span.start, span.end) for span in item.gold.spans]
        if not spans:
            continue
        hits = [(r, h) for r, h in enumerate(item.record.ranked, 1) if h["document"] == item.gold.question.document]
        ranks = [next((r for r, hit in hits if overlaps((hit["start"], hit["end"]), span)), None) for span in spans]
        recalls.append(
            [sum(rank is not None and rank <= k for rank in ranks) / len(ranks) for k in range(1, deepest + 1)]
        )
    return np.mean(recalls, axis=0).tolist() if recalls else [0.0] * deepest
