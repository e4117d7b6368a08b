"""The same passages with others: BM25 beside rank-bm25 and bm25s, lists of vectors beside all, the whole beside txtai and Haystack."""

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.bm25 import Bm25, best
from index.contents import LISTS_FILE
from index.folding import terms
from index.nearest import FLAT, SEARCHED, Nearest, make_lists
from index.retriever import Index
from index.tables import PASSAGES
from tests.growth.measuring import make_questions, milliseconds, own_mb

FOUND = 10
PROBED = (64, 128, 256, 512)
SIZES = (10_000, 30_000)


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
    """What an action makes, and in how many seconds."""
    began = time.perf_counter()
    made = action()
    return made, round(time.perf_counter() - began, 2)


def compare_bm25(index: Index, questions: Sequence[str]) -> dict[str, Any]:
    """Seconds to make, megabytes held, milliseconds a question, for the same words."""
    import bm25s
    from rank_bm25 import BM25Okapi

    words = [terms(passage.plain) or [""] for passage in index.passages]
    asked = [terms(question) for question in questions]
    figures: dict[str, Any] = {}

    def note(name: str, make: Callable[[], Any], ask: Callable[[Any, Any], Any], given: Sequence[Any]) -> None:
        before = own_mb()
        made, seconds = timed(make)
        figures[name] = {
            "make_s": seconds,
            "held_mb": own_mb() - before,
            **milliseconds(lambda one: ask(made, one), given),
        }

    note("ours, opened", lambda: index._bm25, lambda bm25, one: best(bm25.scores(one), 1000), questions)
    note(
        "ours, counted anew",
        lambda: Bm25.of(p.plain for p in index.passages),
        lambda b, q: best(b.scores(q), 1000),
        questions,
    )

    def make_bm25s() -> Any:
        made = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        made.index(words, show_progress=False)
        return made

    top = min(1000, len(words))
    note(
        "bm25s", make_bm25s, lambda b, one: b.retrieve([one], k=top, show_progress=False), [one for one in asked if one]
    )
    note("rank-bm25", lambda: BM25Okapi(words), lambda b, one: np.argsort(-b.get_scores(one))[:1000], asked[:20])
    return figures


def compare_vectors(vectors: np.ndarray, questions: np.ndarray, lists: Path) -> dict[str, Any]:
    """Milliseconds and recall of lists against all vectors, by how many of them are looked through."""
    from index import nearest

    figures: dict[str, Any] = {}
    nearest.FLAT = 0
    _, seconds = timed(lambda: make_lists(vectors, lists)) if not lists.exists() else (None, 0.0)
    every, some = Nearest(vectors), Nearest(vectors, lists)
    exact = [every.search(question, 100)[0] for question in questions]
    figures["all"] = milliseconds(lambda question: every.search(question, 1000), list(questions))
    figures["make_s"] = seconds
    for probed in PROBED:
        nearest.SEARCHED = probed
        found = [some.search(question, 100)[0] for question in questions]
        recall = {
            k: float(np.mean([len(set(f[:k]) & set(e[:k])) / k for f, e in zip(found, exact)])) for k in (10, 100)
        }
        times = milliseconds(lambda question: some.search(question, 1000), list(questions))
        figures[f"{probed} lists"] = {**times, "recall_10": round(recall[10], 3), "recall_100": round(recall[100], 3)}
    nearest.FLAT, nearest.SEARCHED = FLAT, SEARCHED
    return figures


def compare_peers(index: Index, asked: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Seconds to make without the encoding, milliseconds a question, and how many of their passages are found."""
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"
    from haystack import Document
    from haystack.components.joiners import DocumentJoiner
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from txtai import Embeddings

    passages, vectors = list(index.passages), index.passage_vectors
    known = {passage.plain: vector for passage, vector in zip(passages, vectors)}
    questions = [question for question, _ in asked]
    figures: dict[str, Any] = {}

    def transform(texts: Any) -> np.ndarray:
        given = [texts] if isinstance(texts, str) else texts
        return np.stack([known[one] if one in known else index.encoder.encode_questions([one])[0] for one in given])

    def note(name: str, seconds: float, search: Callable[[str], list[str]]) -> None:
        found = sum(passage in search(question) for question, passage in asked) / len(asked)
        again = [f"{question} again" for question in questions]
        figures[name] = {"make_s": seconds, "found_in_10": found, "memory_mb": own_mb(), **milliseconds(search, again)}

    note("Quoth", 0.0, lambda question: [hit.passage.id for hit in index.search(question, FOUND)])

    def make_txtai() -> Any:
        made = Embeddings(method="external", transform=transform, hybrid=True)
        made.index((at, passage.plain, None) for at, passage in enumerate(passages))
        return made

    txtai, seconds = timed(make_txtai)
    note("txtai", seconds, lambda question: [passages[int(at)].id for at, _ in txtai.search(question, FOUND)])

    def make_haystack() -> Any:
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        given = zip(passages, vectors)
        store.write_documents([Document(id=p.id, content=p.plain, embedding=row.tolist()) for p, row in given])
        return store

    store, seconds = timed(make_haystack)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=FOUND)

    def ask_haystack(question: str) -> list[str]:
        by_words = store.bm25_retrieval(question, top_k=100)
        near = store.embedding_retrieval(index.encoder.encode_questions([question])[0].tolist(), top_k=100)
        return [one.id for one in joiner.run([by_words, near])["documents"]]

    note("Haystack", seconds, ask_haystack)
    return figures


def main(what: str, source: Path, index_dir: Path) -> None:
    """Print one comparison of the index of a folder as JSON."""
    from index.minilm import MiniLmEncoder
    from index.store import open_index

    index = open_index(source, index_dir, encoder=MiniLmEncoder())
    asked = make_questions(index)
    questions = [question for question, _ in asked]
    if what == "bm25":
        print(json.dumps(compare_bm25(index, questions)))
    elif what == "peers":
        print(json.dumps(compare_peers(index, asked)))
    else:
        encoded = np.stack([index.encode(question) for question in questions])
        every = index.contents.vectors[PASSAGES]
        told = {}
        for size in [one for one in SIZES if one < len(every)] + [len(every)]:
            own = [*index_dir.glob(f"*/generation-*/{LISTS_FILE}")] if size == len(every) else []
            told[size] = compare_vectors(every[:size], encoded, own[0] if own else index_dir.parent / f"lists-{size}")
        print(json.dumps(told))


if __name__ == "__main__":
    import sys

    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
