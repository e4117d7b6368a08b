"""The simple reader: the sentence on which BM25 and the encoder agree best."""

from collections.abc import Sequence

from assistant.reader import Candidate
from index.folding import terms
from index.retriever import WAYS, Index, SentenceScore, reciprocal_rank_fusion
from index.types import Hit

UNRELATED_COSINE = 0.25


class SentenceReader:
    """Ranks the sentences of the passages and of their notes by BM25 and cosine, fused."""

    def __init__(self, ways: Sequence[str] = WAYS) -> None:
        """`ways` names what ranks them: "bm25", "dense", or both."""
        self.ways = ways

    def read(self, question: str, hits: Sequence[Hit], index: Index) -> tuple[Candidate, ...]:
        """Whole sentences, best first; quotation and short answer are the same.

        The confidence is the mean of the cosine and of the share of the question's words that stand in
        the sentence; 0 where no word is shared and the cosine is that of unrelated texts. It is not calibrated.
        """
        scored = index.score_sentences(question, index.with_notes(hits))
        rankings = {
            "bm25": [i for i in ranking([s.bm25 for s in scored]) if scored[i].bm25 > 0],
            "dense": ranking([s.dense for s in scored]),
        }
        fused = reciprocal_rank_fusion([rankings[way] for way in self.ways], index.config.rrf_k)
        asked = set(terms(question))
        best = sorted(fused, key=lambda i: (-fused[i], i))
        return tuple(candidate(scored[i], fused[i], asked) for i in best)


def ranking(scores: Sequence[float]) -> list[int]:
    """Positions by score, the highest first, ties in order."""
    return sorted(range(len(scores)), key=lambda i: -scores[i])


def candidate(scored: SentenceScore, score: float, asked: set[str]) -> Candidate:
    """A scored sentence as a candidate."""
    sentence, passage = scored.place.sentence, scored.place.passage
    shared = len(asked & set(terms(sentence.plain))) / len(asked) if asked else 0.0
    cosine = min(max(scored.dense, 0.0), 1.0)
    related = shared > 0 or cosine >= UNRELATED_COSINE
    confidence = (cosine + shared) / 2 if related else 0.0
    return Candidate(passage, sentence.start, sentence.end, sentence.start, sentence.end, score, confidence)
