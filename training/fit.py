"""python -m training.fit DATA DOCUMENTS: how reader and retrieval are joined, and what the confidence is.

Fitted on the questions of a folder of documents, the article's dev questions, and those of a public article that no
weights were trained on; every document counts the same. The confidence is learnt on pairs: each question asked of its
document, and of the document less its answer. What is reported of a document, and where the borders of `likely` and
`sure` lie, comes from models fitted without it. Writes combination.json beside the reader's weights; with --folds a
reader for each document, fitted without it, for `python -m eval run`.
"""

import argparse
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from assistant.reader.combine import TOGETHER, Combination, Linear, Listwise, by_score, compared
from assistant.reader.network import PACKAGED, OnnxNetwork
from eval.metrics.abstention import auroc
from eval.metrics.statistics import clopper_pearson
from index.encoders import load_encoder
from training.cases import Case, collect, columns, evenly, load_cases, save_cases
from training.listwise import fit_listwise_network
from training.prepare import squad2_held_out
from training.rows import read_rows

SURE, LIKELY = 0.9, 0.75  # of what is answered from a border on, this share is right
EXCERPT = 12  # sentences of the longest excerpt that the network also learns from
PENALTY = 0.02  # on the squares of the ranking's weights
RANKING = (
    "span", "answer", "evidence", "bm25", "dense", "passage", "rank", "support", "least", "misfit",
    "note", "claim", "work", "reference", "heading",
)  # fmt: skip
LISTWISE = (*RANKING, "around", "code", "source", "length",
            *(f"{name} rank" for name in ("span", "evidence", "bm25", "dense", "support")),
            "span share", "evidence share", "span chance", "evidence chance", "answer chance")  # fmt: skip
SERVED, LESSENED, PUBLIC = "asked", "lessened", "squad"


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


def in_order(case: Case, ranking: Linear) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The columns of a case's table by name and which rows are right, the rows ranked."""
    order, _ = by_score(ranking, {name: case.table[:, i] for i, name in enumerate(case.names)})
    return {name: case.table[order, i] for i, name in enumerate(case.names)}, case.right[order]


def fit_listwise_part(cases: Sequence[Case], ranking: Linear) -> Listwise:
    """The network, of every question, of its document less the answer, and of as short a text as a paragraph."""
    rng = np.random.default_rng(1)
    every = [*cases, *(excerpt(case, rng) for case in cases)]
    tables, right = [], []
    for case in every:
        ranked, good = in_order(case, ranking)
        best = compared(ranked)
        tables.append(np.stack([best[name][:TOGETHER] for name in LISTWISE], 1))
        right.append(good[:TOGETHER])
    return fit_listwise_network(tables, right, evenly(every), LISTWISE, ranking)


def excerpt(case: Case, rng: np.random.Generator) -> Case:
    """A case as if a few sentences that stand together had been all there was, half the time with a right one."""
    size = min(int(rng.integers(1, EXCERPT + 1)), len(case.right))
    good = np.flatnonzero(case.right)
    start = int(rng.integers(0, len(case.right) - size + 1))
    if len(good) and rng.random() < 0.5:
        start = int(np.clip(rng.choice(good) - rng.integers(0, size), 0, len(case.right) - size))
    table = case.table[start : start + size].copy()
    ranks = table[:, case.names.index("rank")]
    for place, value in enumerate(np.unique(ranks[ranks > 0])[::-1], 1):
        ranks[ranks == value] = 1 / place
    return replace(case, table=table, right=case.right[start : start + size])


def fit(cases: Sequence[Case]) -> Combination:
    """Both models; the confidence is not calibrated yet."""
    ranking = fit_ranking([case for case in cases if case.asked.way == SERVED])
    return Combination(ranking, fit_listwise_part(cases, ranking))


def calibrated(combination: Combination, judged: Sequence[Judged]) -> Combination:
    """The same with its confidence as the share that is right of questions left out (Platt scaling)."""
    logits = np.array([[math.log(one.confidence / (1 - one.confidence))] for one in judged])
    model = LogisticRegression(C=1e6).fit(logits, [one.right for one in judged], evenly([one.case for one in judged]))
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    return replace(combination, listwise=replace(combination.listwise, slope=slope, offset=offset))


def judge(combination: Combination, cases: Sequence[Case]) -> list[Judged]:
    """What a combination makes of some cases."""
    judged = []
    for case in cases:
        ranked, good = in_order(case, combination.ranking)
        order, _, confidence = combination.choose(ranked)
        right = np.flatnonzero(good[order])
        judged.append(Judged(case, confidence, int(right[0]) + 1 if len(right) else 0))
    return judged


def left_out(cases: Sequence[Case], fitted: Callable[[Sequence[Case]], Combination] = fit
             ) -> Iterator[tuple[str, Combination, list[Judged]]]:  # fmt: skip
    """For each document the combination fitted on the others, and what that makes of it."""
    for document in dict.fromkeys(case.asked.document for case in cases):
        combination = fitted([case for case in cases if case.asked.document != document])
        yield document, combination, judge(combination, [c for c in cases if c.asked.document == document])


def left_out_calibrated(
    cases: Sequence[Case], fitted: Callable[[Sequence[Case]], Combination] = fit
) -> dict[str, tuple[Combination, list[Judged]]]:
    """The same, each combination calibrated on what the others made of the documents that they were fitted without."""
    folds = {document: (made, some) for document, made, some in left_out(cases, fitted)}
    found = {}
    for document, (made, _) in folds.items():
        others = [one for name, (_, some) in folds.items() if name != document for one in some]
        better = calibrated(made, others)
        found[document] = better, judge(better, [case for case in cases if case.asked.document == document])
    return found


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


def borders_without(asked: Sequence[Judged]) -> dict[str, tuple[float, float]]:
    """For each document the borders of `likely` and `sure` that the questions of the others set."""
    found = {}
    for document in dict.fromkeys(one.case.asked.document for one in asked):
        others = [one for one in asked if one.case.asked.document != document]
        found[document] = find_border(others, LIKELY), find_border(others, SURE)
    return found


def report(judged: Sequence[Judged], borders: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """The figures of questions left out, each judged by its document's borders; every document counting the same."""

    def zone(one: Judged) -> int:
        return sum(one.confidence >= border for border in borders[one.case.asked.document])

    asked = [one for one in judged if one.case.asked.way == SERVED]
    lessened = [one for one in judged if one.case.asked.way == LESSENED]
    there = [one for one in asked if one.case.asked.answerable]
    gone = [one for one in asked if not one.case.asked.answerable]
    answered, certain = [[one for one in asked if zone(one) >= least] for least in (1, 2)]
    pairs = auroc_by_document([*there, *lessened])
    return {
        "first": mean_over_documents(there, lambda one: one.rank == 1),
        "three": mean_over_documents(there, lambda one: 1 <= one.rank <= 3),
        "served": mean_over_documents(there, lambda one: one.right and zone(one) >= 1),
        "right": mean_over_documents(answered, lambda one: one.right),
        "sure": mean_over_documents(certain, lambda one: one.right),
        "right at least": clopper_pearson(sum(one.right for one in answered), len(answered)),
        "sure at least": clopper_pearson(sum(one.right for one in certain), len(certain)),
        "answered of": len(answered),
        "sure of": len(certain),
        "abstained": mean_over_documents(gone, lambda one: zone(one) == 0),
        "auroc": auroc_by_document(asked),
        "pairs": pairs,
        "less": mean_over_documents(lessened, lambda one: zone(one) == 0),
    }


def auroc_by_document(judged: Sequence[Judged]) -> float:
    """How well the confidence tells answerable questions from others, the mean over documents that have both."""
    documents: dict[str, list[Judged]] = {}
    for one in judged:
        documents.setdefault(one.case.asked.document, []).append(one)
    told = [
        auroc([one.confidence for one in some], [one.case.asked.answerable for one in some])
        for some in documents.values()
    ]
    return float(np.mean([one for one in told if one is not None]))


def write_folds(folder: Path, reader: Path, folds: dict[str, Combination]) -> None:
    """A reader for each document: the same network, and the models fitted without that document."""
    for document, combination in folds.items():
        path = folder / document
        path.mkdir(parents=True, exist_ok=True)
        for name in ("reader.onnx", "tokenizer.json"):
            shutil.copy(reader / name, path / name)
        (path / "combination.json").write_text(combination.as_json(), encoding="utf-8")


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
    folds = left_out_calibrated(cases)
    judged = [one for _, some in folds.values() for one in some]
    # The public article's questions are of single paragraphs: they teach, but say little of where borders should lie.
    asked = [one for one in judged if one.case.asked.way == SERVED and one.case.asked.kind != PUBLIC]
    shared = {path.stem for path in options.documents.iterdir()}
    told = report([one for one in judged if one.case.asked.document in shared], borders_without(asked))
    print(f"left out: { ({name: round(value, 3) for name, value in told.items()}) }")
    print(f"THRESHOLD = {find_border(asked, LIKELY):.4f}, SURE = {find_border(asked, SURE):.4f}")
    made = calibrated(fit(cases), judged)
    (options.reader / "combination.json").write_text(made.as_json(), encoding="utf-8")
    if options.folds:
        write_folds(options.folds, options.reader, {document: made for document, (made, _) in folds.items()})


if __name__ == "__main__":
    main()
