"""The results of a run as one JSON object, and the comparison of two."""

import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from eval.document_figures import Row, guarantees_of, paired_auroc
from eval.document_results import is_over_documents
from eval.gold import Gold, GoldError
from eval.harness import DEFAULT, System, SystemAnswer, hashes, peak_memory_mb
from eval.metrics.statistics import Comparison, compare, estimate
from eval.scoring import Scored, resample, score_system, summarize, summarize_abstention, summarize_times

COMPARED = (
    "hit@1", "hit@3", "covered", "served", "answer_em", "answer_f1", "answer_strict", "citation_precision",
    "citation_recall", "source_precision", "source_recall", "abstained_rightly", "recall@10", "mrr", "ndcg@10",
)  # fmt: skip

HEADLINE = ("hit@1", "hit@3", "answer_f1", "citation_recall", "served", "recall@10")


def score_all(
    quoth: Assistant, gold: Sequence[Gold], records: Sequence[SystemAnswer], systems: Sequence[System]
) -> dict[str, list[Scored]]:
    """Score every system's answers; by system name."""
    documents = dict(quoth.index.documents)
    return {
        system.name: score_system(
            gold,
            [r for r in records if r.system == system.name],
            quoth.index.passages,
            quoth.config.threshold,
            documents,
        )
        for system in systems
    }


def make_results(
    quoth: Assistant, gold: Sequence[Gold], systems: Sequence[System], scored: dict[str, list[Scored]]
) -> dict[str, Any]:
    """Collect everything that was measured, as JSON."""
    questions = {
        item.question.id: {
            "type": item.question.type,
            "split": item.question.split,
            "cluster": item.question.cluster,
            "question": item.question.question,
        }
        for item in gold
    }
    figures = {system.name: system_results(system, scored[system.name], quoth.config.threshold) for system in systems}
    return {
        "hashes": hashes(quoth, gold),
        "threshold": quoth.config.threshold,
        "questions": questions,
        "memory_mb": peak_memory_mb(),
        "systems": figures,
        "comparisons": compare_with_default(figures, questions),
    }


def compare_with_default(systems: dict[str, Any], questions: dict[str, Any]) -> dict[str, Any]:
    """Compare each other system with the default one."""
    if DEFAULT.name not in systems:
        return {}
    served = systems[DEFAULT.name]["scores"]
    return {
        name: to_dicts(compare_scores(served, figures["scores"], questions, HEADLINE))
        for name, figures in systems.items()
        if name != DEFAULT.name
    }


def system_results(system: System, scored: Sequence[Scored], threshold: float) -> dict[str, Any]:
    """Return one system's figures, and its scores on every question."""
    return {
        "about": system.about,
        "figures": to_dicts(summarize(scored)),
        "abstention": to_dicts(summarize_abstention(scored, threshold)),
        "times_ms": summarize_times([item.record for item in scored]),
        "scores": {item.gold.question.id: item.scores for item in scored},
        "stages": {item.gold.question.id: item.stage for item in scored},
        "confidence": {item.gold.question.id: item.record.answer["confidence"] for item in scored},
    }


def add_pairs(results: dict[str, Any], rows: Sequence[Row]) -> None:
    """Add the default system's figures on pairs, and its guarantees, to the results."""
    paired = [row for row in rows if "less_confidence" in row.scores]
    clusters = [results["questions"][row.id]["cluster"] for row in paired]
    served = results["systems"][DEFAULT.name]
    served["abstention"]["auroc_on_pairs"] = to_dicts(resample(lambda chosen: pairs_auroc(paired, chosen), clusters))
    served["abstention"]["abstained_less_answer"] = to_dicts(
        estimate([row.scores["less_abstained"] for row in paired], clusters)
    )
    served["less_confidence"] = {row.id: row.scores["less_confidence"] for row in paired}
    results["guarantee"] = guarantees_of(rows)


def pairs_auroc(rows: Sequence[Row], chosen: Sequence[int]) -> float | None:
    """Return the AUROC on the pairs of the chosen rows."""
    value = paired_auroc([rows[number] for number in chosen])
    return value and value[0]


def to_dicts(value: Any) -> Any:
    """Convert dataclasses inside dicts to dicts."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, dict):
        return {key: to_dicts(item) for key, item in value.items()}
    return value


def read_results(path: Path) -> dict[str, Any]:
    """Read a results file; raises GoldError if it is not one."""
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        if not (results["scores"] if is_over_documents(results) else results["systems"]) or not results["questions"]:
            raise ValueError("nothing was measured")
        return dict(results)
    except OSError as error:
        raise GoldError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise GoldError(f"{path} is not a results file of `python -m eval run`.") from error


def compare_scores(
    a: dict[str, dict[str, float]],
    b: dict[str, dict[str, float]],
    questions: dict[str, Any],
    names: Sequence[str] = COMPARED,
) -> dict[str, Comparison]:
    """Compare two systems' scores on their shared questions, paired."""
    comparisons = {}
    for name in names:
        shared = [q for q in a if q in b and q in questions and name in a[q] and name in b[q]]
        if shared:
            clusters = [questions[question]["cluster"] for question in shared]
            comparisons[name] = compare([a[q][name] for q in shared], [b[q][name] for q in shared], clusters)
    return comparisons
