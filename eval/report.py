"""The reports an engineer opens first: one HTML file each, no script from elsewhere, light and dark."""

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
    """Write the report of a run; its questions are shown as the first system listed as served answered them."""
    name = DEFAULT.name if DEFAULT.name in systems else next(iter(systems))
    scored = systems[name]
    drawn = [*charts.confidence_charts(*outcomes(scored), results["threshold"]), charts.recall_chart(systems)]
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
        charts=[Markup(svg) for svg in drawn],
        questions=[question_view(one, results["threshold"], documents) for one in scored],
    )


def write_document_report(
    path: Path,
    results: Mapping[str, Any],
    documents: Sequence[QuestionedDocument],
    answers: Mapping[Key, Mapping[str, Any]],
) -> None:
    """Write the report of a run over documents."""
    rows = read_rows(results)
    drawn = charts.confidence_charts(
        [row.scores["confidence"] for row in rows],
        [bool(row.scores.get("first")) for row in rows],
        [row.answerable for row in rows],
        results["threshold"],
    )
    given: dict[str, dict[str, Mapping[str, Any]]] = {}
    for (identity, way), answer in answers.items():
        given.setdefault(identity, {})[way] = answer
    views = [
        {
            "asked": question,
            "scores": row.scores,
            "outcome": outcome(row),
            "gold_quotes": [in_context(one.document.text, start, end) for start, end in question.spans],
            "answers": given[row.id],
        }
        for row, (one, question) in zip(rows, [(one, question) for one in documents for question in one.questions])
    ]
    render(
        "documents.html",
        path,
        results=results,
        names=[name for name in FIGURES if name in results["all"]],
        about={name: about for name, (about, _) in FIGURES.items()},
        guarantees=guarantees(results),
        charts=[Markup(svg) for svg in drawn],
        questions=views,
    )


def render(template: str, path: Path, **values: Any) -> None:
    """Write a template as a page; what it is given is escaped, but for the charts."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(environment.get_template(template).render(shade=shade, **values), encoding="utf-8")


def question_view(one: Scored, threshold: float, documents: Mapping[str, Document]) -> dict[str, Any]:
    """What the report shows of a question."""
    gold, answer = one.gold.question, one.record.answer
    text = documents[gold.document].text
    spans = [(span.start, span.end) for span in one.gold.spans]
    return {
        "gold": gold,
        "answer": answer,
        "outcome": one.stage,
        "scores": one.scores,
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
            for hit in one.record.ranked[:SHOWN_PASSAGES]
        ],
    }


def in_context(text: str, start: int, end: int) -> dict[str, str]:
    """A quotation with the words around it."""
    return {
        "before": text[max(start - CONTEXT, 0) : start],
        "quote": text[start:end],
        "after": text[end : end + CONTEXT],
    }


def shade(value: float | None) -> str:
    """A heat map's cell: how strong its colour is, in per cent."""
    return "0" if value is None else f"{100 * value:.0f}"
