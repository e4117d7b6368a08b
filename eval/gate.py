"""The gate: fails when answers have become worse than the committed baseline."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from eval.document_results import compare_figures
from eval.gold import Gold, GoldError
from eval.harness import DEFAULT, answer_gold, hashes
from eval.metrics.statistics import Comparison, DocumentComparison
from eval.results import compare_scores
from eval.scoring import MAIN, Scored, score_system

BASELINE = Path(__file__).parent / "baseline.json"
DROP = 0.02
SIGNIFICANT = 0.05


def gate(quoth: Assistant, gold: Sequence[Gold], path: Path, update: bool) -> int:
    """Measure, compare with the baseline and print the differences; returns 0 if nothing was lost, else 1.

    Fails on a quotation that is not verbatim, and on a paired drop of more than two points in a main figure
    whose p is below 0.05. With `update` the measurement becomes the baseline.
    """
    records = [answer_gold(quoth, item, DEFAULT) for item in gold]
    documents = dict(quoth.index.documents)
    scored = score_system(gold, records, quoth.index.passages, quoth.config.threshold, documents)
    altered = [item.gold.question.id for item in scored if item.scores["verbatim"] < 1]
    if altered:
        print(f"FAILED: a quotation is not verbatim in {', '.join(altered)}")
        return 1
    if update:
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        documents_baseline = {"documents": before["documents"]} if "documents" in before else {}
        path.write_text(
            json.dumps({**make_baseline(quoth, gold, scored), **documents_baseline}, indent=1) + "\n", encoding="utf-8"
        )
        print(f"{path} holds {len(scored)} questions.")
        return 0
    return judge(read_baseline(path), scored, hashes(quoth, gold))


def gate_documents(results: Mapping[str, Any], path: Path, update: bool) -> int:
    """Compare figures over documents with the baseline's; returns 0 if none was lost, else 1.

    Fails on a mean that is more than two points lower with a p below 0.05.
    """
    baseline = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    figures = {
        document: {name: round(value, 4) for name, (value, _) in document_figures.items()}
        for document, document_figures in results["documents"].items()
    }
    if update:
        baseline["documents"] = {"hashes": results["hashes"], "figures": figures}
        path.write_text(json.dumps(baseline, indent=1) + "\n", encoding="utf-8")
        print(f"{path} holds {len(figures)} documents.")
        return 0
    if "documents" not in baseline:
        raise GoldError(f"{path} holds no documents. Put them there with the same command and --update.")
    print_changes(baseline["documents"]["hashes"], results["hashes"])
    comparisons = compare_figures(baseline["documents"]["figures"], figures)
    if not comparisons:
        raise GoldError(f"{path} and the folder have no documents in common. Name the folder it was made with.")
    for name, comparison in comparisons.items():
        mark = "FAILED" if has_dropped(comparison) else "ok"
        counts = f"{comparison.better} better, {comparison.worse} worse, {comparison.documents} documents"
        print(f"{mark:6} {name:18} {comparison.a:.3f} -> {comparison.b:.3f} (p {comparison.p:.3f}, {counts})")
    return int(any(has_dropped(comparison) for comparison in comparisons.values()))


def make_baseline(quoth: Assistant, gold: Sequence[Gold], scored: Sequence[Scored]) -> dict[str, Any]:
    """Return the main scores of every question, and the hashes of what they were measured on."""
    return {"hashes": hashes(quoth, gold), "scores": main_scores(scored)}


def main_scores(scored: Sequence[Scored]) -> dict[str, dict[str, float]]:
    """Return the main scores of every question, rounded so that they are the same on every machine."""
    return {item.gold.question.id: {n: round(v, 4) for n, v in item.scores.items() if n in MAIN} for item in scored}


def read_baseline(path: Path) -> dict[str, Any]:
    """Read the committed baseline; raises GoldError if there is none."""
    try:
        baseline = json.loads(path.read_text(encoding="utf-8"))
        return {"hashes": baseline["hashes"], "scores": baseline["scores"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GoldError(f"{path} is no baseline. Make one with the same command and --update.") from error


def judge(baseline: dict[str, Any], scored: Sequence[Scored], measured_on: dict[str, Any]) -> int:
    """Print the comparison; returns 1 if a main figure has dropped significantly, else 0."""
    questions = {item.gold.question.id: {"cluster": item.gold.question.cluster} for item in scored}
    now = main_scores(scored)
    print_changes(baseline["hashes"], measured_on)
    comparisons = compare_scores(baseline["scores"], now, questions, MAIN)
    if not comparisons:
        raise GoldError(
            "The baseline and the gold have no questions in common. Update it with the same command and --update."
        )
    failed = [name for name, item in comparisons.items() if has_dropped(item)]
    for name, item in comparisons.items():
        mark = "FAILED" if name in failed else "ok"
        print(
            f"{mark:6} {name:18} {item.a:.3f} -> {item.b:.3f} "
            f"(p {item.p:.3f}, {item.wins} won, {item.losses} lost, n {item.n})"
        )
    for name in failed:
        lost = [q for q in baseline["scores"] if q in now and now[q].get(name, 0) < baseline["scores"][q].get(name, 0)]
        print(f"{name} was lost on: {', '.join(lost)}")
    return 1 if failed else 0


def print_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Print which of documents, gold, models and settings differ from the baseline's."""
    for name, value in now.items():
        if before.get(name) != value:
            print(f"note: {name} differ from the baseline's")


def has_dropped(comparison: Comparison | DocumentComparison) -> bool:
    """Whether a figure is more than two points lower, significantly."""
    return comparison.difference < -DROP and comparison.p < SIGNIFICANT
