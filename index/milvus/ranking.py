"""Passages ranked by Milvus: one hybrid search over words and vectors, with what may be found as its filter.

BM25 is an inner product there. A passage has the weight of each of its words, saturated by how often it has the word
and by the mean length of all passages; a question has the words' inverse document frequency, counted among the passages
that it may find. So of some documents asked alone the mean length is not their own, and an engine rounds. What it has
found, the first thousand of each way, is therefore put in order here, by the numbers of an index that has nothing else.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from index.bm25 import saturate
from index.contents import Contents
from index.milvus.client import Client, load_pymilvus
from index.nearest import FLAT, SEARCHED
from index.ranking import DEPTH, WAYS, Query, Ranked, Scope, describe, fuse, score_among
from index.tables import PASSAGES

POSITION, DOCUMENT, COLLECTION, DENSE, SPARSE = "position", "document", "collection", "dense", "sparse"  # fields
WORDLESS = {0: 1.0}  # what stands for a passage without words: words are numbered from 1 on


class MilvusRanking:
    """Ranks the passages of an index in the collection that holds them."""

    def __init__(self, contents: Contents, rrf_k: int, client: Client, collection: str) -> None:
        self.contents, self.rrf_k, self.client, self.collection = contents, rrf_k, client, collection
        self._filter = lru_cache(maxsize=64)(self._make_filter)

    def search(self, queries: Sequence[Query], k: int, ways: Sequence[str], scope: Scope) -> Sequence[Ranked]:
        """The `k` best of what Milvus finds, by their own scores; raises UnavailableError."""
        if scope.documents == ():
            return []
        requests = [request for query in queries for way in WAYS if (request := self._request(query, way, scope))]
        if not requests:
            return []
        ranker, limit = load_pymilvus().RRFRanker(self.rrf_k), DEPTH * len(requests)
        (hits,) = self.client.do("hybrid_search", self.collection, requests, ranker, limit, output_fields=[POSITION])
        positions = allowed(np.array(sorted(int(hit[POSITION]) for hit in hits), np.int64), scope)
        scored = [score_among(self.contents, query, scope, positions) for query in queries]
        return describe(self.contents, queries[0], scored[0], fuse(scored, ways, k, self.rrf_k))

    def check(self) -> None:
        """Raise UnavailableError if the collection is not there to be searched."""
        self.client.do("get_load_state", self.collection)

    def _request(self, query: Query, way: str, scope: Scope) -> Any:
        """One of the rankings that are fused; None for a question without a word that stands anywhere."""
        settings: dict[str, Any] = {"metric_type": "IP"}
        vector: object = query.vector
        if way == "dense" and self.contents.tables.passages > FLAT:
            settings["params"] = {"nprobe": SEARCHED}
        if way == "bm25":
            weights = scope.bm25.weights(query.text)
            vector = {self.contents.tables.number(PASSAGES, word): weight for word, weight in weights.items()}
        if not len(vector):  # type: ignore[arg-type]
            return None
        field = SPARSE if way == "bm25" else DENSE
        return load_pymilvus().AnnSearchRequest([vector], field, settings, DEPTH, expr=self._filter(scope) or None)

    def _make_filter(self, scope: Scope) -> str:
        """The documents that may be found, or the fewer that may not, whole collections by name; empty for all."""
        if scope.documents is None:
            return ""
        inside: dict[str, list[int]] = defaultdict(list)
        for number in scope.documents:
            inside[self._collections[number]].append(number)
        whole = [name for name, numbers in inside.items() if name and len(numbers) == self._sizes[name]]
        single = [number for name, numbers in inside.items() if name not in whole for number in numbers]
        if len(self._collections) - len(scope.documents) < len(single):
            return f"{DOCUMENT} not in {sorted(set(range(len(self._collections))) - set(scope.documents))}"
        parts = [f"{COLLECTION} in {json.dumps(sorted(whole), ensure_ascii=False)}"] if whole else []
        return " or ".join([*parts, *([f"{DOCUMENT} in {sorted(single)}"] if single else [])])

    @cached_property
    def _collections(self) -> Sequence[str]:
        """The collection of each document by its number; empty where it is in none."""
        return [entry.collection or "" for entry in self.contents.tables.entries()]

    @cached_property
    def _sizes(self) -> Mapping[str, int]:
        return Counter(self._collections)


def allowed(positions: np.ndarray, scope: Scope) -> np.ndarray:
    """Those that may be found: all of them, unless a store does not keep to its filter."""
    there = positions[(positions >= 0) & (positions < len(scope.bm25.lengths))]
    return there if scope.bm25.within is None else there[scope.bm25.within[there]]


def word_weights(contents: Contents, counts: Mapping[str, int], length: int, mean_length: float) -> dict[int, float]:
    """What a passage's words weigh, by their numbers."""
    numbers = (contents.tables.number(PASSAGES, word) for word in counts)
    weights = saturate(np.array(list(counts.values())), np.array(length), mean_length)
    return dict(zip(numbers, weights.tolist())) or WORDLESS
