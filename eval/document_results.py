"""The results of a run over documents as one JSON object, and the comparison of two."""

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.config import Config
from eval.document_figures import FIGURES, Row, figures, group, summarize_documents
from eval.documents import DocumentQuestion
from eval.gold import GoldError
from eval.metrics.statistics import DocumentComparison, compare_documents


def make_document_results(
    questions: Sequence[DocumentQuestion], rows: Sequence[Row], config: Config, description: Mapping[str, Any]
) -> dict[str, Any]:
    """Collect everything that was measured over documents, as JSON."""
    by_id = {
        question.id: {
            "document": question.document,
            "kind": question.kind,
            "answerable": question.answerable,
            "question": question.question,
        }
        for question in questions
    }
    return {
        "hashes": dict(description),
        "threshold": config.threshold,
        **summarize_documents(rows),
        "questions": by_id,
        "scores": {row.id: row.scores for row in rows},
    }


def is_over_documents(results: Mapping[str, Any]) -> bool:
    """Whether results come from a run over documents."""
    return {"documents", "questions", "scores"} <= set(results)


def read_rows(results: Mapping[str, Any]) -> list[Row]:
    """Read the rows of a results file."""
    questions = results["questions"]
    return [
        Row(name, questions[name]["document"], questions[name]["kind"], questions[name]["answerable"], scores)
        for name, scores in results["scores"].items()
    ]


def compare_document_results(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, DocumentComparison]:
    """Compare every figure of two results on their shared questions, paired by document.

    Raises GoldError if they share none.
    """
    shared = set(a["scores"]) & set(b["scores"])
    if not shared:
        raise GoldError("The two results have no questions in common.")
    ours, theirs = (figures_by_document([row for row in read_rows(results) if row.id in shared]) for results in (a, b))
    return compare_figures(ours, theirs)


def figures_by_document(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return the figures of each document, without their n."""
    return {
        document: {name: value for name, (value, _) in figures(document_rows).items()}
        for document, document_rows in group(rows, "document").items()
    }


def compare_figures(
    a: Mapping[str, Mapping[str, float]], b: Mapping[str, Mapping[str, float]]
) -> dict[str, DocumentComparison]:
    """Compare the figures of two runs over the documents for which both have the figure."""
    comparisons = {}
    for name in FIGURES:
        documents = [document for document in a if name in a[document] and name in b.get(document, {})]
        if documents:
            comparisons[name] = compare_documents(
                [a[document][name] for document in documents], [b[document][name] for document in documents]
            )
    return comparisons
