"""Why an answer is what it is, as HTML."""

from collections.abc import Mapping, Sequence

from assistant.citing import cite
from assistant.explain import Explanation, PassageRead
from assistant.page.html import render
from assistant.reader import Candidate
from assistant.render import place
from index.document.types import Document
from index.types import Hit

COLUMNS = ("Passage", "Reader", "Fused", "BM25", "Dense", "Matched words")
NOTHING = "–"


def explanations_html(explanations: Sequence[Explanation], documents: Mapping[str, Document]) -> str:
    """For each reading the confidence beside the threshold, and a table of what was read, the best first."""
    return render(
        "explanation.html",
        explanations=explanations,
        columns=COLUMNS,
        rows=lambda explanation: [row(read, documents) for read in explanation.passages],
    )


def row(read: PassageRead, documents: Mapping[str, Document]) -> dict[str, object]:
    """A passage, where its best sentence stands, and its scores; ranks in brackets."""
    start, end = (read.best.start, read.best.end) if read.best else (read.passage.start, read.passage.end)
    evidence = cite(Candidate(read.passage, start, end, start, end, 0.0), documents)
    best = f"{read.best.score:.2f}" if read.best else NOTHING
    return {
        "document": evidence.document,
        "start": start,
        "end": end,
        "place": place(evidence, documents),
        "scores": (best, *retrieval_scores(read.hit), ", ".join(read.matched) or NOTHING),
    }


def retrieval_scores(hit: Hit | None) -> tuple[str, str, str]:
    """Fused, BM25 and dense score, each with its rank."""
    if hit is None:
        return NOTHING, NOTHING, NOTHING
    bm25 = f"{hit.bm25:.2f} ({hit.bm25_rank})" if hit.bm25_rank else NOTHING
    dense = f"{hit.dense:.2f} ({hit.dense_rank})" if hit.dense_rank else NOTHING
    return f"{hit.score:.4f} ({hit.rank})", bm25, dense
