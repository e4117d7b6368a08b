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


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """What an action makes, and in how many seconds."""
    start = time.perf_counter()
    result = function()
    return result, round(time.perf_counter() - start, 2)


def compare_bm25(index: Index, questions: Sequence[str]) -> dict[str, Any]:
    """Seconds to make, megabytes held, milliseconds a question, for the same words."""
    import bm25s
    from rank_bm25 import BM25Okapi

    corpus = [terms(passage.plain) or [""] for passage in index.passages]
    tokenized = [terms(question) for question in questions]
    figures: dict[str, Any] = {}

    def measure(name: str, build: Callable[[], Any], search: Callable[[Any, Any], Any], queries: Sequence[Any]) -> None:
        memory = own_mb()
        model, seconds = timed(build)
        figures[name] = {
            "make_s": seconds,
            "held_mb": own_mb() - memory,
            **milliseconds(lambda query: search(model, query), queries),
        }

    measure("ours, opened", lambda: index._bm25, lambda bm25, query: best(bm25.scores(query), 1000), questions)
    measure(
        "ours, counted anew",
        lambda: Bm25.of(p.plain for p in index.passages),
        lambda b, q: best(b.scores(q), 1000),
        questions,
    )

    def make_bm25s() -> Any:
        model = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        model.index(corpus, show_progress=False)
        return model

    top = min(1000, len(corpus))
    measure(
        "bm25s",
        make_bm25s,
        lambda b, query: b.retrieve([query], k=top, show_progress=False),
        [query for query in tokenized if query],
    )
    measure(
        "rank-bm25", lambda: BM25Okapi(corpus), lambda b, query: np.argsort(-b.get_scores(query))[:1000], tokenized[:20]
    )
    return figures


def compare_vectors(vectors: np.ndarray, questions: np.ndarray, lists: Path) -> dict[str, Any]:
    """Milliseconds and recall of lists against all vectors, by how many of them are looked through."""
    from index import nearest

    figures: dict[str, Any] = {}
    nearest.FLAT = 0
    _, seconds = timed(lambda: make_lists(vectors, lists)) if not lists.exists() else (None, 0.0)
    flat, by_lists = Nearest(vectors), Nearest(vectors, lists)
    exact = [flat.search(question, 100)[0] for question in questions]
    figures["all"] = milliseconds(lambda question: flat.search(question, 1000), list(questions))
    figures["make_s"] = seconds
    for probes in PROBED:
        nearest.SEARCHED = probes
        results = [by_lists.search(question, 100)[0] for question in questions]
        recall = {
            k: float(np.mean([len(set(f[:k]) & set(e[:k])) / k for f, e in zip(results, exact)])) for k in (10, 100)
        }
        times = milliseconds(lambda question: by_lists.search(question, 1000), list(questions))
        figures[f"{probes} lists"] = {**times, "recall_10": round(recall[10], 3), "recall_100": round(recall[100], 3)}
    nearest.FLAT, nearest.SEARCHED = FLAT, SEARCHED
    return figures


def compare_peers(index: Index, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Seconds to make without the encoding, milliseconds a question, and how many of their passages are found."""
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"
    from haystack import Document
    from haystack.components.joiners import DocumentJoiner
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from txtai import Embeddings

    passages, vectors = list(index.passages), index.passage_vectors
    known = {passage.plain: vector for passage, vector in zip(passages, vectors)}
    questions = [question for question, _ in pairs]
    figures: dict[str, Any] = {}

    def transform(texts: Any) -> np.ndarray:
        batch = [texts] if isinstance(texts, str) else texts
        return np.stack([known[text] if text in known else index.encoder.encode_questions([text])[0] for text in batch])

    def measure(name: str, seconds: float, search: Callable[[str], list[str]]) -> None:
        success = sum(passage in search(question) for question, passage in pairs) / len(pairs)
        queries = [f"{question} again" for question in questions]
        figures[name] = {
            "make_s": seconds,
            "found_in_10": success,
            "memory_mb": own_mb(),
            **milliseconds(search, queries),
        }

    measure("Quoth", 0.0, lambda question: [hit.passage.id for hit in index.search(question, FOUND)])

    def make_txtai() -> Any:
        embeddings = Embeddings(method="external", transform=transform, hybrid=True)
        embeddings.index((at, passage.plain, None) for at, passage in enumerate(passages))
        return embeddings

    txtai, seconds = timed(make_txtai)
    measure("txtai", seconds, lambda question: [passages[int(at)].id for at, _ in txtai.search(question, FOUND)])

    def make_haystack() -> Any:
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        batch = zip(passages, vectors)
        store.write_documents([Document(id=p.id, content=p.plain, embedding=row.tolist()) for p, row in batch])
        return store

    store, seconds = timed(make_haystack)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=FOUND)

    def ask_haystack(question: str) -> list[str]:
        by_bm25 = store.bm25_retrieval(question, top_k=100)
        by_vectors = store.embedding_retrieval(index.encoder.encode_questions([question])[0].tolist(), top_k=100)
        return [document.id for document in joiner.run([by_bm25, by_vectors])["documents"]]

    measure("Haystack", seconds, ask_haystack)
    return figures


def main(what: str, source: Path, index_dir: Path) -> None:
    """Print one comparison of the index of a folder as JSON."""
    from index.minilm import MiniLmEncoder
    from index.store import open_index

    index = open_index(source, index_dir, encoder=MiniLmEncoder())
    drawn = make_questions(index)
    questions = [question for question, _ in drawn]
    if what == "bm25":
        print(json.dumps(compare_bm25(index, questions)))
    elif what == "peers":
        print(json.dumps(compare_peers(index, drawn)))
    else:
        encoded = np.stack([index.encode(question) for question in questions])
        vectors = index.contents.vectors[PASSAGES]
        results = {}
        for size in [size for size in SIZES if size < len(vectors)] + [len(vectors)]:
            own = [*index_dir.glob(f"*/generation-*/{LISTS_FILE}")] if size == len(vectors) else []
            results[size] = compare_vectors(
                vectors[:size], encoded, own[0] if own else index_dir.parent / f"lists-{size}"
            )
        print(json.dumps(results))


if __name__ == "__main__":
    import sys

    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
