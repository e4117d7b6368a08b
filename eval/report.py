"""The report an engineer opens first: one HTML file, no script from elsewhere, light and dark."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from eval import charts
from eval.harness import DEFAULT
from eval.metrics.evidence import overlaps
from eval.results import HEADLINE as COMPARED
from eval.scoring import Scored
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
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = [
        charts.risk_chart(scored),
        charts.confidence_chart(scored, results["threshold"]),
        charts.reliability_chart(scored),
        charts.recall_chart(systems),
    ]
    page = environment.get_template("report.html").render(
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
        charts=[Markup(svg) for svg in drawn],
        questions=[question_view(one, results["threshold"], documents) for one in scored],
        shade=shade,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def question_view(one: Scored, threshold: float, documents: Mapping[str, Document]) -> dict[str, Any]:
    """What the report shows of a question."""
    gold, answer = one.gold.question, one.record.answer
    text = documents[gold.document].text
    spans = [(span.start, span.end) for span in one.gold.spans]
    return {
        "gold": gold,
        "answer": answer,
        "stage": one.stage,
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
