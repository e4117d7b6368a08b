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
    """A figure with its interval: "0.56 (.47-.64)"."""
    if figure is None:
        return "-"
    low, high = (f"{figure[end]:.2f}".removeprefix("0") for end in ("low", "high"))
    return f"{figure['mean']:.2f} ({low}-{high})"


def difference(one: Mapping[str, float] | None) -> str:
    """A paired difference: "+0.05 p .032, 12:4"."""
    if one is None:
        return "-"
    return f"{one['difference']:+.2f} p {one['p']:.3f}, {one['wins']:.0f}:{one['losses']:.0f}"


def show(table: Table) -> None:
    """Print a table as wide as it is: a figure is never cut."""
    needed = Console(width=WIDEST).measure(table).maximum
    Console(width=max(Console().width, needed)).print(table)


def figures_table(results: Mapping[str, Any]) -> Table:
    """Every figure of every system, a row a figure, with n and 95 % intervals."""
    names = list(results["systems"])
    table = Table(
        title=f"{len(results['questions'])} questions, threshold {results['threshold']}", title_justify="left"
    )
    table.add_column("figure (95 % interval)", no_wrap=True)
    table.add_column("n", justify="right")
    for name in names:
        table.add_column(name, no_wrap=True)
    told = [results["systems"][name] for name in names]
    for heading, rows in ROWS.items():
        table.add_row(f"[italic]{heading}[/]")
        for row in rows:
            add_row(table, row, [one["figures"].get(row) for one in told])
    table.add_row("[italic]Knowing when not to[/]")
    for row in ABSTENTION:
        add_row(table, row, [one["abstention"].get(row) for one in told])
    for kind in told[0]["abstention"]["kinds"]:
        add_row(table, f"abstained: {kind}", [one["abstention"]["kinds"].get(kind) for one in told])
    for row in next(iter(results["comparisons"].values()), {}):
        told_of = [results["comparisons"].get(name, {}).get(row) for name in names]
        table.add_row(f"  {row} against quoth", "", *(difference(one) for one in told_of))
    table.add_row("[italic]Time, ms (p50 / p95)[/]")
    for stage in told[0]["times_ms"]:
        table.add_row(
            stage, "", *(f"{one['times_ms'][stage]['p50']} / {one['times_ms'][stage]['p95']}" for one in told)
        )
    return table


def add_row(table: Table, name: str, figures: Sequence[Mapping[str, float] | None]) -> None:
    """A row of figures, if any system has it."""
    n = next((figure["n"] for figure in figures if figure), None)
    if n is not None:
        table.add_row(f"  {name}", str(n), *(cell(figure) for figure in figures))


def comparison_table(compared: Mapping[str, Comparison], a: str, b: str) -> Table:
    """Two systems side by side: means, difference, p, wins, losses, ties."""
    table = Table(title=f"{a} -> {b}", title_justify="left")
    for name in ("figure", "n", a, b, "difference", "p", "wins", "losses", "ties"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for name, one in compared.items():
        told = [f"{one.a:.3f}", f"{one.b:.3f}", f"{one.difference:+.3f}", f"{one.p:.3f}"]
        table.add_row(name, str(one.n), *told, str(one.wins), str(one.losses), str(one.ties))
    return table


def by_type(results: Mapping[str, Any], system: str, names: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """The mean of some scores for each type of question; None where a type does not have one."""
    types: dict[str, list[str]] = {}
    for question, told in results["questions"].items():
        types.setdefault(told["type"], []).append(question)
    scores = results["systems"][system]["scores"]
    means: dict[str, dict[str, float | None]] = {}
    for kind, questions in types.items():
        values = {name: [scores[q][name] for q in questions if name in scores[q]] for name in names}
        means[kind] = {name: sum(v) / len(v) if v else None for name, v in values.items()}
    return means
