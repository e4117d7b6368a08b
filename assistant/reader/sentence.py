"""The simple reader: ranks sentences by BM25 and the encoder, fused."""

from collections.abc import Sequence

from assistant.reader import Candidate, ScoredSentence, Selection
from index.folding import terms
from index.ranking import WAYS, reciprocal_rank_fusion
from index.retriever import Index, SentenceScore
from index.types import Hit

UNRELATED_COSINE = 0.25


class SentenceReader:
    """Ranks the sentences of the passages and of their notes by BM25 and cosine, fused."""

    name = "sentence"

    def __init__(self, methods: Sequence[str] = WAYS) -> None:
        """`methods` are "bm25", "dense", or both."""
        self.methods = methods
        self.fingerprint = f"sentence: {' '.join(methods)}"

    def read(self, question: str, hits: Sequence[Hit], index: Index, turns: Sequence[str] = ()) -> Selection:
        """Select whole sentences, best first; quotation and short answer are the same.

        With earlier turns they are also ranked by the last of these and the question together; the confidence is that
        of the question alone.
        """
        passages = index.with_notes(hits)

        def score(asked: str) -> list[SentenceScore]:
            return [scores for scores in index.score_sentences(asked, passages) if not scores.place.asks]

        scored = score(question)
        ways = [scored, *(score(f"{turn} {question}") for turn in turns[-1:])]
        rankings = [ranking(scores, method) for scores in ways for method in self.methods]
        fused = reciprocal_rank_fusion(rankings, index.config.rrf_k)
        best = sorted(fused, key=lambda i: (-fused[i], i))
        candidates = tuple(make_candidate(scored[i], fused[i]) for i in best)
        sentences = tuple(with_scores(scored[i], fused[i]) for i in best)
        return Selection(candidates, confidence(question, scored[best[0]]) if best else 0.0, scored=sentences)


def ranking(scored: Sequence[SentenceScore], method: str) -> list[int]:
    """Return positions by a method's score, highest first, ties in order; without those that share no word, by BM25."""
    scores = [sentence.bm25 if method == "bm25" else sentence.dense for sentence in scored]
    return [i for i in sorted(range(len(scores)), key=lambda i: -scores[i]) if method != "bm25" or scores[i] > 0]


def make_candidate(scored: SentenceScore, score: float) -> Candidate:
    """Convert a scored sentence to a candidate."""
    sentence = scored.place.sentence
    return Candidate(scored.place.passage, sentence.start, sentence.end, sentence.start, sentence.end, score)


def with_scores(scored: SentenceScore, fused: float) -> ScoredSentence:
    """Convert a scored sentence for the trace."""
    sentence = scored.place.sentence
    scores = {"score": fused, "bm25": scored.bm25, "dense": scored.dense}
    return ScoredSentence(scored.place.passage, sentence.start, sentence.end, scores)


def confidence(question: str, best: SentenceScore) -> float:
    """Return the mean of the cosine and the share of the question's words in the sentence; not calibrated.

    0 if no word is shared and the cosine is below UNRELATED_COSINE.
    """
    needed = set(terms(question))
    shared = len(needed & set(terms(best.place.sentence.in_context))) / len(needed) if needed else 0.0
    cosine = min(max(best.dense, 0.0), 1.0)
    return (cosine + shared) / 2 if shared > 0 or cosine >= UNRELATED_COSINE else 0.0
