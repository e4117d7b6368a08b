"""The results of a run over documents: one JSON object, and what two of them say side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.config import Config
from eval.document_figures import FIGURES, Row, figures, group, summarize_documents
from eval.documents import DocumentQuestion
from eval.gold import GoldError
from eval.metrics.statistics import DocumentComparison, compare_documents


def make_document_results(
    questions: Sequence[DocumentQuestion], rows: Sequence[Row], config: Config, measured: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that was measured over documents, as JSON."""
    asked = {
        one.id: {"document": one.document, "kind": one.kind, "answerable": one.answerable, "question": one.question}
        for one in questions
    }
    return {
        "hashes": dict(measured),
        "threshold": config.threshold,
        **summarize_documents(rows),
        "questions": asked,
        "scores": {row.id: row.scores for row in rows},
    }


def is_over_documents(results: Mapping[str, Any]) -> bool:
    """Whether results are of a run over documents."""
    return {"documents", "questions", "scores"} <= set(results)


def read_rows(results: Mapping[str, Any]) -> list[Row]:
    """The rows of a results file."""
    questions = results["questions"]
    return [
        Row(name, questions[name]["document"], questions[name]["kind"], questions[name]["answerable"], scores)
        for name, scores in results["scores"].items()
    ]


def compare_document_results(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, DocumentComparison]:
    """Every figure of two results on the questions that both have, documents paired.

    Raises GoldError if they share none.
    """
    shared = set(a["scores"]) & set(b["scores"])
    if not shared:
        raise GoldError("The two results have no questions in common.")
    ours, theirs = (figures_by_document([row for row in read_rows(one) if row.id in shared]) for one in (a, b))
    return compare_figures(ours, theirs)


def figures_by_document(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """The figures of each document, without their n."""
    return {
        document: {name: value for name, (value, _) in figures(of_one).items()}
        for document, of_one in group(rows, "document").items()
    }


def compare_figures(
    a: Mapping[str, Mapping[str, float]], b: Mapping[str, Mapping[str, float]]
) -> dict[str, DocumentComparison]:
    """Figures of two runs by document, over the documents for which both have the figure."""
    compared = {}
    for name in FIGURES:
        both = [one for one in a if one in b and name in a[one] and name in b[one]]
        if both:
            compared[name] = compare_documents([a[one][name] for one in both], [b[one][name] for one in both])
    return compared
