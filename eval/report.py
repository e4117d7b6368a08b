"""The HTML reports: one self-contained file each, light and dark."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from eval import charts
from eval.document_figures import FIGURES, outcome
from eval.document_results import read_rows
from eval.document_tables import guarantees
from eval.documents import QuestionedDocument
from eval.harness import DEFAULT
from eval.metrics.evidence import overlaps
from eval.results import HEADLINE as COMPARED
from eval.resuming import Key
from eval.scoring import Scored, outcomes
from eval.tables import ABSTENTION, ROWS, by_type
from index.document.types import Document

CONTEXT = 160  # characters shown around a quotation
HEADLINE = ("hit@1", "hit@3", "answer_f1", "citation_recall", "served", "abstained_rightly")
HEAT = ("hit@1", "hit@3", "answer_f1", "citation_recall", "recall@10", "served", "abstained_rightly")
SHOWN_PASSAGES = 10


def write_report(
    path: Path,
    results: Mapping[str, Any],
    systems: dict[str, list[Scored]],
    documents: Mapping[str, Document],
    split: str,
) -> None:
    """Write the report of a run; it shows the default system's answers, or the first system's."""
    name = DEFAULT.name if DEFAULT.name in systems else next(iter(systems))
    scored = systems[name]
    svgs = [*charts.confidence_charts(*outcomes(scored), results["threshold"]), charts.recall_chart(systems)]
    render(
        "article.html",
        path,
        results=results,
        name=name,
        split=split,
        main=results["systems"][name],
        headline=HEADLINE,
        compared=COMPARED,
        rows=ROWS,
        abstention_rows=ABSTENTION,
        heat=HEAT,
        by_type=by_type(results, name, HEAT),
        guarantees=guarantees(results),
        charts=[Markup(svg) for svg in svgs],
        questions=[question_view(item, results["threshold"], documents) for item in scored],
    )


def write_document_report(
    path: Path,
    results: Mapping[str, Any],
    documents: Sequence[QuestionedDocument],
    answers: Mapping[Key, Mapping[str, Any]],
) -> None:
    """Write the report of a run over documents."""
    rows = read_rows(results)
    svgs = charts.confidence_charts(
        [row.scores["confidence"] for row in rows],
        [bool(row.scores.get("first")) for row in rows],
        [row.answerable for row in rows],
        results["threshold"],
    )
    by_question: dict[str, dict[str, Mapping[str, Any]]] = {}
    for (question_id, way), answer in answers.items():
        by_question.setdefault(question_id, {})[way] = answer
    views = [
        {
            "question": question,
            "scores": row.scores,
            "outcome": outcome(row),
            "gold_quotes": [in_context(source.document.text, start, end) for start, end in question.spans],
            "answers": by_question[row.id],
        }
        for row, (source, question) in zip(
            rows, [(source, question) for source in documents for question in source.questions]
        )
    ]
    render(
        "documents.html",
        path,
        results=results,
        names=[name for name in FIGURES if name in results["all"]],
        about={name: about for name, (about, _) in FIGURES.items()},
        guarantees=guarantees(results),
        charts=[Markup(svg) for svg in svgs],
        questions=views,
    )


def render(template: str, path: Path, **values: Any) -> None:
    """Render a template to a file; all values are escaped but the charts."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(environment.get_template(template).render(shade=shade, **values), encoding="utf-8")


def question_view(item: Scored, threshold: float, documents: Mapping[str, Document]) -> dict[str, Any]:
    """Collect what the report shows of a question."""
    gold, answer = item.gold.question, item.record.answer
    text = documents[gold.document].text
    spans = [(span.start, span.end) for span in item.gold.spans]
    return {
        "gold": gold,
        "answer": answer,
        "outcome": item.stage,
        "scores": item.scores,
        "answered": answer["confidence"] >= threshold,
        "gold_quotes": [in_context(text, start, end) for start, end in spans],
        "given_quotes": [
            {**in_context(documents[q["document"]].text, q["start"], q["end"]), "evidence": q}
            for q in answer["evidence"]
        ],
        "passages": [
            {
                **hit,
                "relevant": hit["document"] == gold.document
                and any(overlaps((hit["start"], hit["end"]), span) for span in spans),
            }
            for hit in item.record.ranked[:SHOWN_PASSAGES]
        ],
    }


def in_context(text: str, start: int, end: int) -> dict[str, str]:
    """Split off a quotation and CONTEXT characters on either side."""
    return {
        "before": text[max(start - CONTEXT, 0) : start],
        "quote": text[start:end],
        "after": text[end : end + CONTEXT],
    }


def shade(value: float | None) -> str:
    """Return the opacity of a heat map's cell, in per cent."""
    return "0" if value is None else f"{100 * value:.0f}"
