"""The simple reader: the sentence on which BM25 and the encoder agree best."""

from collections.abc import Sequence

from assistant.reader import Candidate, ScoredSentence, Selection
from index.folding import terms
from index.retriever import WAYS, Index, SentenceScore, reciprocal_rank_fusion
from index.types import Hit

UNRELATED_COSINE = 0.25


class SentenceReader:
    """Ranks the sentences of the passages and of their notes by BM25 and cosine, fused."""

    name = "sentence"
    reads_turns = False

    def __init__(self, ways: Sequence[str] = WAYS) -> None:
        """`ways` names what ranks them: "bm25", "dense", or both."""
        self.ways = ways
        self.fingerprint = f"sentence: {' '.join(ways)}"

    def read(self, question: str, hits: Sequence[Hit], index: Index, turns: Sequence[str] = ()) -> Selection:
        """Whole sentences, best first; quotation and short answer are the same."""
        scored = [s for s in index.score_sentences(question, index.with_notes(hits)) if not s.place.asks]
        rankings = {
            "bm25": [i for i in ranking([s.bm25 for s in scored]) if scored[i].bm25 > 0],
            "dense": ranking([s.dense for s in scored]),
        }
        fused = reciprocal_rank_fusion([rankings[way] for way in self.ways], index.config.rrf_k)
        best = sorted(fused, key=lambda i: (-fused[i], i))
        candidates = tuple(candidate(scored[i], fused[i]) for i in best)
        read = tuple(with_scores(scored[i], fused[i]) for i in best)
        return Selection(candidates, confidence(question, scored[best[0]]) if best else 0.0, scored=read)


def ranking(scores: Sequence[float]) -> list[int]:
    """Positions by score, the highest first, ties in order."""
    return sorted(range(len(scores)), key=lambda i: -scores[i])


def candidate(scored: SentenceScore, score: float) -> Candidate:
    """A scored sentence as a candidate."""
    sentence = scored.place.sentence
    return Candidate(scored.place.passage, sentence.start, sentence.end, sentence.start, sentence.end, score)


def with_scores(scored: SentenceScore, fused: float) -> ScoredSentence:
    """A scored sentence as the trace keeps it."""
    sentence = scored.place.sentence
    scores = {"score": fused, "bm25": scored.bm25, "dense": scored.dense}
    return ScoredSentence(scored.place.passage, sentence.start, sentence.end, scores)


def confidence(question: str, best: SentenceScore) -> float:
    """The mean of the cosine and of the share of the question's words that stand in the sentence; not calibrated.

    0 where no word is shared and the cosine is that of unrelated texts.
    """
    asked = set(terms(question))
    shared = len(asked & set(terms(best.place.sentence.in_context))) / len(asked) if asked else 0.0
    cosine = min(max(best.dense, 0.0), 1.0)
    return (cosine + shared) / 2 if shared > 0 or cosine >= UNRELATED_COSINE else 0.0
