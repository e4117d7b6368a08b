"""python -m training.fit DATA DOCUMENTS: how reader and retrieval are joined, and what the confidence is.

Fitted on the questions of a folder of documents, the article's dev questions, and those of a public article that no
weights were trained on; every document counts the same. The confidence is learnt on pairs: each question asked of its
document, and of the document less its answer. What is reported of a document, and where the borders of `likely` and
`sure` lie, comes from models fitted without it. Writes combination.json beside the reader's weights; with --folds a
reader for each document, fitted without it, for `python -m eval run`.
"""

import argparse
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from assistant.reader.combine import Combination, Linear, confidence_scores, sigmoid
from assistant.reader.network import PACKAGED, OnnxNetwork
from eval.metrics.abstention import auroc
from index.encoders import load_encoder
from training.cases import Case, collect, load_cases, save_cases
from training.examples import read_rows
from training.prepare import squad2_held_out

SURE, LIKELY = 0.9, 0.75  # of what is answered from a border on, this share is right
PENALTY = 0.02  # on the squares of the ranking's weights
STRENGTH = 0.05  # scikit-learn's C, for the confidence's
RANKING = (
    "span", "answer", "evidence", "around", "bm25", "dense", "passage", "rank", "support", "least", "code", "misfit",
    "note", "claim", "work",
)  # fmt: skip
CONFIDENCE = (
    "span", "answer", "evidence", "dense", "support", "least", "code", "misfit", "source", "claim", "work",
    "top", "lead", "share", "rival",
)  # fmt: skip
SERVED, LESSENED = "asked", "lessened"


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a case: the confidence in its first sentence, whether that is right, and where the first right
    one stands (from 1; 0 where none does)."""

    case: Case
    confidence: float
    rank: int

    @property
    def right(self) -> bool:
        """Whether the first sentence is right."""
        return self.rank == 1


def fit_listwise(tables: Sequence[np.ndarray], right: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Weights that make the softmax over each table's rows fall on its right ones.

    The listwise loss of Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007,
    with the log of the right rows' sum where there are several.
    """

    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = 0.0, np.zeros_like(vector)
        for table, good, weight in zip(tables, right, weights, strict=True):
            scores = table @ vector
            everything, wanted = logsumexp(scores), logsumexp(scores[good])
            share = np.exp(scores - everything) - np.where(good, np.exp(scores - wanted), 0)
            total, slope = total + weight * (everything - wanted), slope + weight * (table.T @ share)
        return total / sum(weights) + PENALTY * vector @ vector, slope / sum(weights) + 2 * PENALTY * vector

    return np.asarray(minimize(loss, np.zeros(tables[0].shape[1]), jac=True, method="L-BFGS-B").x)


def evenly(cases: Sequence[Case]) -> list[float]:
    """A weight for each case, so that every document counts the same."""
    counts = Counter(case.asked.document for case in cases)
    return [len(cases) / len(counts) / counts[case.asked.document] for case in cases]


def columns(case: Case, names: Sequence[str]) -> np.ndarray:
    """Some columns of a case's table."""
    return case.table[:, [case.names.index(name) for name in names]]


def fit_ranking(cases: Sequence[Case], names: Sequence[str] = RANKING) -> Linear:
    """The model that ranks, of the sentences read for every question that has a right one among them."""
    chosen = [case for case in cases if case.right.any()]
    tables = [columns(case, names) for case in chosen]
    everything = np.concatenate(tables)
    mean, spread = everything.mean(0), everything.std(0) + 1e-9
    right = [case.right for case in chosen]
    scaled = fit_listwise([(table - mean) / spread for table in tables], right, evenly(chosen))
    return in_own_units(names, scaled, mean, spread, 0.0)


def in_own_units(
    names: Sequence[str], scaled: np.ndarray, mean: np.ndarray, spread: np.ndarray, intercept: float
) -> Linear:
    """A model of standardised features as one of the features as they are."""
    weights = scaled / spread
    fitted = {name: round(float(weight), 5) for name, weight in zip(names, weights, strict=True)}
    return Linear(fitted, round(float(intercept - weights @ mean), 5))


def rank(case: Case, ranking: Linear) -> tuple[np.ndarray, dict[str, float]]:
    """The rows of a case, best first, and what the confidence in the first is made of."""
    weights = np.array(list(ranking.weights.values()))
    scores = columns(case, tuple(ranking.weights)) @ weights + ranking.intercept
    order = np.argsort(-scores, kind="stable")
    best = dict(zip(case.names, case.table[order[0]].tolist(), strict=True))
    return order, confidence_scores(best, scores[order], case.table[:, case.names.index("evidence")])


def fit_confidence(cases: Sequence[Case], ranking: Linear, names: Sequence[str] = CONFIDENCE) -> Linear:
    """The model of whether the first sentence is right, of every question and of its document less the answer."""
    found = [rank(case, ranking) for case in cases]
    table = np.array([[scores[name] for name in names] for _, scores in found])
    mean, spread = table.mean(0), table.std(0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    right = [bool(case.right[order[0]]) for case, (order, _) in zip(cases, found, strict=True)]
    model.fit((table - mean) / spread, right, sample_weight=evenly(cases))
    return in_own_units(names, model.coef_[0], mean, spread, float(model.intercept_[0]))


def fit(cases: Sequence[Case]) -> Combination:
    """Both models."""
    ranking = fit_ranking([case for case in cases if case.asked.way == SERVED])
    return Combination(ranking, fit_confidence(cases, ranking))


def judge(combination: Combination, cases: Sequence[Case]) -> list[Judged]:
    """What a combination makes of some cases."""
    judged = []
    for case in cases:
        order, scores = rank(case, combination.ranking)
        right = np.flatnonzero(case.right[order])
        confidence = sigmoid(combination.confidence.score(scores))
        judged.append(Judged(case, confidence, int(right[0]) + 1 if len(right) else 0))
    return judged


def left_out(cases: Sequence[Case], fitted: Callable[[Sequence[Case]], Combination] = fit
             ) -> Iterator[tuple[str, Combination, list[Judged]]]:  # fmt: skip
    """For each document the combination fitted on the others, and what that makes of it."""
    for document in dict.fromkeys(case.asked.document for case in cases):
        combination = fitted([case for case in cases if case.asked.document != document])
        yield document, combination, judge(combination, [c for c in cases if c.asked.document == document])


def find_border(judged: Sequence[Judged], accuracy: float) -> float:
    """The lowest confidence from which on at least that share of what is answered is right; 1 where there is none.

    Of the questions as they are asked; every document counts the same.
    """
    weights = np.array(evenly([one.case for one in judged]))
    confidence = np.array([one.confidence for one in judged])
    right = np.array([one.right for one in judged])
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(weights[order] * right[order]) / np.cumsum(weights[order])
    enough = np.flatnonzero(shares >= accuracy)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


def mean_over_documents(judged: Sequence[Judged], value: Callable[[Judged], float]) -> float:
    """The mean of a value over each document's cases, then over the documents; nan where there is none."""
    values: dict[str, list[float]] = {}
    for one in judged:
        values.setdefault(one.case.asked.document, []).append(value(one))
    return float(np.mean([np.mean(some) for some in values.values()])) if values else float("nan")


def report(judged: Sequence[Judged], likely: float, sure: float) -> dict[str, float]:
    """The figures of questions left out, every document counting the same."""
    asked = [one for one in judged if one.case.asked.way == SERVED]
    lessened = [one for one in judged if one.case.asked.way == LESSENED]
    there = [one for one in asked if one.case.asked.answerable]
    gone = [one for one in asked if not one.case.asked.answerable]
    answered = [one for one in asked if one.confidence >= likely]
    certain = [one for one in asked if one.confidence >= sure]
    pairs = {one.case.asked.document for one in lessened}
    told = [
        auroc([one.confidence for one in both], [one.case.asked.answerable for one in both])
        for name in pairs
        if (both := [one for one in [*there, *lessened] if one.case.asked.document == name])
    ]
    every = [
        auroc([one.confidence for one in some], [one.case.asked.answerable for one in some])
        for name in dict.fromkeys(one.case.asked.document for one in gone)
        if (some := [one for one in asked if one.case.asked.document == name])
    ]
    return {
        "first": mean_over_documents(there, lambda one: one.rank == 1),
        "three": mean_over_documents(there, lambda one: 1 <= one.rank <= 3),
        "served": mean_over_documents(there, lambda one: one.right and one.confidence >= likely),
        "right": mean_over_documents(answered, lambda one: one.right),
        "sure": mean_over_documents(certain, lambda one: one.right),
        "sure of": float(len(certain)),
        "abstained": mean_over_documents(gone, lambda one: one.confidence < likely),
        "auroc": float(np.mean([one for one in every if one is not None])),
        "pairs": float(np.mean([one for one in told if one is not None])),
        "less": mean_over_documents(lessened, lambda one: one.confidence < likely),
    }


def write_folds(folder: Path, reader: Path, folds: dict[str, Combination]) -> None:
    """A reader for each document: the same network, and the models fitted without that document."""
    for document, combination in folds.items():
        path = folder / document
        path.mkdir(parents=True, exist_ok=True)
        for name in ("reader.onnx", "tokenizer.json"):
            shutil.copy(reader / name, path / name)
        combination.save(path / "combination.json")


def main() -> None:
    """Make or load the cases, fit, save, and say what came of it on documents left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--reader", type=Path, default=PACKAGED, metavar="FOLDER")
    parser.add_argument("--index-dir", type=Path, default=Path(".quoth"))
    parser.add_argument("--cases", type=Path, metavar="FILE", help="keep what was read here, and read it from here")
    parser.add_argument("--folds", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if options.cases and options.cases.exists():
        cases = load_cases(options.cases)
    else:
        rows = read_rows(options.data / "rows.jsonl.gz")
        article = squad2_held_out(sorted({row.article for row in rows}))[0]
        network, public = OnnxNetwork(options.reader), [row for row in rows if row.article == article]
        cases = list(collect(options.documents, public, load_encoder(), network, options.index_dir))
        if options.cases:
            save_cases(cases, options.cases)
    cases = [case for case in cases if case.asked.way in (SERVED, LESSENED)]
    folds = list(left_out(cases))
    judged = [one for _, _, some in folds for one in some]
    asked = [one for one in judged if one.case.asked.way == SERVED]
    likely, sure = find_border(asked, LIKELY), find_border(asked, SURE)
    print(f"left out: { ({name: round(value, 3) for name, value in report(judged, likely, sure).items()}) }")
    print(f"THRESHOLD = {likely:.4f}, SURE = {sure:.4f}")
    fit(cases).save(options.reader / "combination.json")
    if options.folds:
        write_folds(options.folds, options.reader, {document: made for document, made, _ in folds})


if __name__ == "__main__":
    main()
