"""Why an answer is what it is, as HTML."""

from collections.abc import Mapping, Sequence

from assistant.citing import cite
from assistant.explain import Explanation, PassageRead
from assistant.page.elements import button, escape, tag
from assistant.reader import Candidate
from assistant.render import place
from index.document.types import Document
from index.types import Hit

COLUMNS = ("Passage", "Reader", "Fused", "BM25", "Dense", "Matched words")
NOTHING = "–"
STRUCTURE = "This was answered from the document’s structure; no passages were read."


def explanations_html(explanations: Sequence[Explanation], documents: Mapping[str, Document]) -> str:
    """Each reading; or that there was none."""
    told = "".join(explanation_html(one, documents) for one in explanations)
    return told or tag("p", STRUCTURE)


def explanation_html(explanation: Explanation, documents: Mapping[str, Document]) -> str:
    """The confidence beside the threshold, and a table of what was read, the best first."""
    sure = f"Confidence {explanation.confidence:.2f}; below {explanation.threshold:.2f} Quoth abstains."
    if explanation.missing:
        words = ", ".join(f"“{escape(word)}”" for word in explanation.missing)
        sure += f" The best sentence has nothing on {words}."
    head = tag("tr", "".join(tag("th", name, scope="col") for name in COLUMNS))
    rows = "".join(row_html(one, documents) for one in explanation.passages)
    table = tag("table", tag("thead", head) + tag("tbody", rows))
    told = tag("p", f"Read for: {escape(explanation.question)}") + tag("p", sure)
    return told + tag("div", table, class_="q-table", tabindex="0", role="region", aria_label="Passages read")


def row_html(one: PassageRead, documents: Mapping[str, Document]) -> str:
    """A passage and its scores; ranks in brackets."""
    start, end = (one.best.start, one.best.end) if one.best else (one.passage.start, one.passage.end)
    whole = Candidate(one.passage, start, end, start, end, 0.0)
    at = {"data_document": one.passage.document, "data_at": str(start), "data_end": str(end)}
    where = button(escape(place(cite(whole, documents), documents)), "cite", class_="q-link", **at)
    cells = [
        f"{one.best.score:.2f}" if one.best else NOTHING,
        *scores(one.hit),
        escape(", ".join(one.matched)) or NOTHING,
    ]
    return tag("tr", tag("th", where, scope="row") + "".join(tag("td", cell) for cell in cells))


def scores(hit: Hit | None) -> tuple[str, str, str]:
    """Fused, BM25 and dense score, each with its rank."""
    if hit is None:
        return NOTHING, NOTHING, NOTHING
    bm25 = f"{hit.bm25:.2f} ({hit.bm25_rank})" if hit.bm25_rank else NOTHING
    dense = f"{hit.dense:.2f} ({hit.dense_rank})" if hit.dense_rank else NOTHING
    return f"{hit.score:.4f} ({hit.rank})", bm25, dense
