"""Figures as tables for the console."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.metrics.statistics import Comparison

ROWS = {
    "Finding, always answering": ("hit@1", "hit@3", "covered", "answer_em", "answer_f1", "answer_strict"),
    "Citing": ("citation_precision", "citation_recall", "source_precision", "source_recall", "verbatim"),
    "Serving, at the threshold": ("served", "answered", "abstained_rightly"),
    "Retrieving": ("recall@5", "recall@10", "success@1", "success@5", "success@10", "mrr", "ndcg@10"),
}
WIDEST = 1000  # characters
ABSTENTION = (
    "auroc", "auroc_on_pairs", "abstained_less_answer", "augrc", "coverage@95", "brier", "precision", "recall",
    "accuracy_of_answers",
)  # fmt: skip


def cell(figure: Mapping[str, float] | None) -> str:
    """Format a figure with its interval: "0.56 (.47-.64)"."""
    if figure is None:
        return "-"
    low, high = (f"{figure[end]:.2f}".removeprefix("0") for end in ("low", "high"))
    return f"{figure['mean']:.2f} ({low}-{high})"


def difference(comparison: Mapping[str, float] | None) -> str:
    """Format a paired difference: "+0.05 p 0.032, 12:4"."""
    if comparison is None:
        return "-"
    return (
        f"{comparison['difference']:+.2f} p {comparison['p']:.3f}, {comparison['wins']:.0f}:{comparison['losses']:.0f}"
    )


def show(table: Table) -> None:
    """Print a table at its full width, so that no figure is cut."""
    needed = Console(width=WIDEST).measure(table).maximum
    Console(width=max(Console().width, needed)).print(table)


def figures_table(results: Mapping[str, Any]) -> Table:
    """Make a table of every figure (rows) of every system (columns), with n and 95 % intervals."""
    names = list(results["systems"])
    table = Table(
        title=f"{len(results['questions'])} questions, threshold {results['threshold']}", title_justify="left"
    )
    table.add_column("figure (95 % interval)", no_wrap=True)
    table.add_column("n", justify="right")
    for name in names:
        table.add_column(name, no_wrap=True)
    systems = [results["systems"][name] for name in names]
    for heading, rows in ROWS.items():
        table.add_row(f"[italic]{heading}[/]")
        for row in rows:
            add_row(table, row, [system["figures"].get(row) for system in systems])
    table.add_row("[italic]Knowing when not to[/]")
    for row in ABSTENTION:
        add_row(table, row, [system["abstention"].get(row) for system in systems])
    for kind in systems[0]["abstention"]["kinds"]:
        add_row(table, f"abstained: {kind}", [system["abstention"]["kinds"].get(kind) for system in systems])
    for row in next(iter(results["comparisons"].values()), {}):
        comparisons = [results["comparisons"].get(name, {}).get(row) for name in names]
        table.add_row(f"  {row} against quoth", "", *(difference(system) for system in comparisons))
    table.add_row("[italic]Time, ms (p50 / p95)[/]")
    for stage in systems[0]["times_ms"]:
        table.add_row(
            stage,
            "",
            *(f"{system['times_ms'][stage]['p50']} / {system['times_ms'][stage]['p95']}" for system in systems),
        )
    return table


def add_row(table: Table, name: str, figures: Sequence[Mapping[str, float] | None]) -> None:
    """Add a row of figures, if any system has it."""
    n = next((figure["n"] for figure in figures if figure), None)
    if n is not None:
        table.add_row(f"  {name}", str(n), *(cell(figure) for figure in figures))


def comparison_table(comparisons: Mapping[str, Comparison], a: str, b: str) -> Table:
    """Compare two systems: means, difference, p, wins, losses, ties."""
    table = Table(title=f"{a} -> {b}", title_justify="left")
    for name in ("figure", "n", a, b, "difference", "p", "wins", "losses", "ties"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for name, comparison in comparisons.items():
        cells = [f"{comparison.a:.3f}", f"{comparison.b:.3f}", f"{comparison.difference:+.3f}", f"{comparison.p:.3f}"]
        table.add_row(
            name, str(comparison.n), *cells, str(comparison.wins), str(comparison.losses), str(comparison.ties)
        )
    return table


def by_type(results: Mapping[str, Any], system: str, names: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Return the mean of some scores for each type of question; None if a type does not have the score."""
    types: dict[str, list[str]] = {}
    for question, info in results["questions"].items():
        types.setdefault(info["type"], []).append(question)
    scores = results["systems"][system]["scores"]
    means: dict[str, dict[str, float | None]] = {}
    for kind, questions in types.items():
        values = {name: [scores[q][name] for q in questions if name in scores[q]] for name in names}
        means[kind] = {name: sum(v) / len(v) if v else None for name, v in values.items()}
    return means
