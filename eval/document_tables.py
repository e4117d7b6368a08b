"""Figures over documents as tables for the console."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from eval.document_figures import FIGURES
from eval.metrics.statistics import DocumentComparison


def document_tables(results: Mapping[str, Any]) -> list[Table]:
    """Make a table by document with mean and spread, and one by kind; n in parentheses."""
    names = [name for name in FIGURES if name in results["all"]]
    title = f"{len(results['questions'])} questions, threshold {results['threshold']}"
    by_document = make_table(f"By document: {title}", "document", names, results["documents"])
    by_document.add_section()
    for label, part in (
        ("mean over documents", "mean"),
        ("deviation", "deviation"),
        ("lowest", "low"),
        ("highest", "high"),
    ):
        by_document.add_row(label, *(f"{results['mean'][name][part]:.3f}" for name in names))
    by_document.add_row("all questions", *(cell(results["all"].get(name)) for name in names))
    return [by_document, make_table("By kind", "kind", names, results["kinds"])]


def make_table(title: str, by: str, names: Sequence[str], rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """Make a table with a row of figures for each document or kind."""
    table = Table(title=title, title_justify="left")
    table.add_column(by, no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for label, figures in rows.items():
        table.add_row(label, *(cell(figures.get(name)) for name in names))
    return table


def cell(value: Sequence[float] | None) -> str:
    """Format a figure with its n: "0.61 (31)"."""
    return "-" if value is None else f"{value[0]:.2f} ({value[1]})"


def legend(results: Mapping[str, Any]) -> list[str]:
    """Explain the columns, a line each."""
    return [f"{name}: {about}" for name, (about, _) in FIGURES.items() if name in results["all"]]


def guarantees(results: Mapping[str, Any]) -> list[str]:
    """Describe the guarantees, a sentence each."""
    return [
        f"Of what is {among}, {bound['right']} of {bound['n']} are right ({bound['share']:.3f}): at least "
        f"{bound['at_least']:.3f}, with 95 % confidence (Clopper-Pearson, one-sided, questions taken as independent)."
        for among, bound in results.get("guarantee", {}).items()
    ]


def document_comparison_table(compared: Mapping[str, DocumentComparison], a: str, b: str) -> Table:
    """Compare two runs: means over documents, difference with its interval, p, documents better and worse."""
    table = Table(title=f"{a} -> {b}, every document counts the same", title_justify="left")
    for name in ("figure", "documents", "A", "B", "difference (95 %)", "p", "better", "worse"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for name, comparison in compared.items():
        difference = f"{comparison.difference:+.3f} ({comparison.low:+.3f} to {comparison.high:+.3f})"
        table.add_row(
            name,
            str(comparison.documents),
            f"{comparison.a:.3f}",
            f"{comparison.b:.3f}",
            difference,
            f"{comparison.p:.3f}",
            str(comparison.better),
            str(comparison.worse),
        )
    return table
