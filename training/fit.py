"""python -m training.fit DATA DOCUMENTS: fit how reader and retrieval scores are combined, and the confidence.

The data are the questions of a folder of documents, the article's dev questions, those of a public article that no
weights were trained on, and questions written for passages held out; every document has the same weight, those made of
passages less. The confidence is fitted on pairs: each question asked of
its document, and of the document without its answer. Reported figures and the thresholds of `likely` and `sure` come
from leave-one-document-out cross-validation. Writes combination.json beside the reader's weights; with --folds also a
reader for each document, fitted without it, for `python -m eval run`.
"""

import argparse
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from assistant.reader.combine import LISTWISE_DEPTH, Combination, Linear, Listwise, add_comparisons
from assistant.reader.network import PACKAGED, UPPER, OnnxNetwork
from index.encoders import load_encoder
from training.cases import Case, balanced_weights, collect, columns, is_made, load_cases, save_cases
from training.listwise import fit_listwise_network
from training.outcomes import (
    ELSEWHERE,
    LESSENED,
    LIKELY,
    PUBLIC,
    SERVED,
    SURE,
    Outcome,
    find_threshold,
    judge_folds,
    rank_rows,
    report,
    thresholds_without,
)
from training.prepare import squad2_held_out
from training.rows import read_rows
from training.written_documents import written_documents

EXCERPT = 12  # sentences of the longest excerpt that the network also learns from
PENALTY = 0.02  # L2, on the ranking's weights
RANKING = (
    "span", "answer", "evidence", "bm25", "dense", "passage", "rank", "support", "least", "misfit",
    "note", "claim", "work", "reference", "heading",
)  # fmt: skip
LISTWISE = (*RANKING, "around", "code", "source", "length", "follows", "count",
            *(f"{name} rank" for name in ("span", "evidence", "bm25", "dense", "support")),
            "span share", "evidence share", "span chance", "evidence chance", "answer chance")  # fmt: skip


def fit_listwise(tables: Sequence[np.ndarray], right: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Fit linear weights by a softmax over each table's rows, whose target are the right rows.

    The listwise loss of Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007,
    with the log of the right rows' sum where there are several.
    """

    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = 0.0, np.zeros_like(vector)
        for table, good, weight in zip(tables, right, weights, strict=True):
            scores = table @ vector
            log_all, log_right = logsumexp(scores), logsumexp(scores[good])
            share = np.exp(scores - log_all) - np.where(good, np.exp(scores - log_right), 0)
            total, slope = total + weight * (log_all - log_right), slope + weight * (table.T @ share)
        return total / sum(weights) + PENALTY * vector @ vector, slope / sum(weights) + 2 * PENALTY * vector

    return np.asarray(minimize(loss, np.zeros(tables[0].shape[1]), jac=True, method="L-BFGS-B").x)


def fit_ranking(cases: Sequence[Case], names: Sequence[str] = RANKING) -> Linear:
    """Fit the linear ranking on the cases that have a right sentence."""
    chosen = [case for case in cases if case.right.any()]
    tables = [columns(case, names) for case in chosen]
    rows = np.concatenate(tables)
    mean, spread = rows.mean(0), rows.std(0) + 1e-9
    right = [case.right for case in chosen]
    scaled = fit_listwise([(table - mean) / spread for table in tables], right, balanced_weights(chosen))
    return unscale(names, scaled, mean, spread, 0.0)


def unscale(names: Sequence[str], scaled: np.ndarray, mean: np.ndarray, spread: np.ndarray, intercept: float) -> Linear:
    """Turn weights of standardised features into a model of the raw features."""
    weights = scaled / spread
    fitted = {name: round(float(weight), 5) for name, weight in zip(names, weights, strict=True)}
    return Linear(fitted, round(float(intercept - weights @ mean), 5))


def fit_listwise_model(cases: Sequence[Case], ranking: Linear) -> Listwise:
    """Fit the listwise network on every case and on an excerpt of each, as short as a paragraph."""
    rng = np.random.default_rng(1)
    examples = [*cases, *(excerpt(case, rng) for case in cases)]
    tables, right = [], []
    for case in examples:
        ranked, good = rank_rows(case, ranking)
        features = add_comparisons(ranked)
        tables.append(np.stack([features[name][:LISTWISE_DEPTH] for name in LISTWISE], 1))
        right.append(good[:LISTWISE_DEPTH])
    return fit_listwise_network(tables, right, balanced_weights(examples), LISTWISE, ranking)


def excerpt(case: Case, rng: np.random.Generator) -> Case:
    """Cut a case to 1 to EXCERPT adjoining sentences, half of the time around a right one."""
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
    """Fit ranking and listwise network; the confidence is not calibrated yet."""
    ranking = fit_ranking([case for case in cases if case.question.way == SERVED])
    return Combination(ranking, fit_listwise_model(cases, ranking))


def calibrate_confidence(combination: Combination, outcomes: Sequence[Outcome]) -> Combination:
    """Calibrate the confidence on outcomes of held-out questions (Platt scaling)."""
    logits = np.array([[math.log(outcome.confidence / (1 - outcome.confidence))] for outcome in outcomes])
    model = LogisticRegression(C=1e6).fit(
        logits, [outcome.right for outcome in outcomes], balanced_weights([outcome.case for outcome in outcomes])
    )
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    return replace(combination, listwise=replace(combination.listwise, slope=slope, offset=offset))


def cross_validate(cases: Sequence[Case], fitted: Callable[[Sequence[Case]], Combination] = fit
             ) -> Iterator[tuple[str, Combination, list[Outcome]]]:  # fmt: skip
    """For each document, fit on the others and judge it: yields the document, the combination and its outcomes.

    Made documents are never left out.
    """
    for document in dict.fromkeys(case.question.document for case in cases if not is_made(case)):
        combination = fitted([case for case in cases if case.question.document != document])
        yield document, combination, judge_folds({document: combination}, cases)


def cross_validate_calibrated(
    cases: Sequence[Case], fitted: Callable[[Sequence[Case]], Combination] = fit
) -> dict[str, tuple[Combination, list[Outcome]]]:
    """Cross-validate, calibrating each combination on the outcomes of the other folds."""
    folds = {document: (combination, outcomes) for document, combination, outcomes in cross_validate(cases, fitted)}
    calibrated = {}
    for document, (combination, _) in folds.items():
        others = [outcome for name, (_, outcomes) in folds.items() if name != document for outcome in outcomes]
        recalibrated = calibrate_confidence(combination, others)
        calibrated[document] = recalibrated, judge_folds({document: recalibrated}, cases)
    return calibrated


def write_folds(folder: Path, reader: Path, folds: dict[str, Combination]) -> None:
    """Write a reader's folder for each document: the same network, and the combination fitted without it."""
    for document, combination in folds.items():
        path = folder / document
        path.mkdir(parents=True, exist_ok=True)
        for name in ("reader.onnx", UPPER, "tokenizer.json"):
            if (reader / name).exists():
                shutil.copy(reader / name, path / name)
        (path / "combination.json").write_text(combination.as_json(), encoding="utf-8")


def read_cases(options: argparse.Namespace) -> list[Case]:
    """Load the cases, or read them with the reader and keep them; those that are fitted or judged on."""
    if options.cases and options.cases.exists():
        cases = load_cases(options.cases)
    else:
        rows = read_rows(options.data / "rows.jsonl.gz")
        article = squad2_held_out(sorted({row.article for row in rows}))[0]
        network, public = OnnxNetwork(options.reader), [row for row in rows if row.article == article]
        made = written_documents(options.data)
        cases = list(collect(options.documents, public, made, load_encoder(), network, options.index_dir))
        if options.cases:
            save_cases(cases, options.cases)
    return [case for case in cases if case.question.way in (SERVED, LESSENED, ELSEWHERE)]


def print_figures(outcomes: Sequence[Outcome], documents: Path) -> None:
    """Print the figures of the documents of a folder, and both thresholds."""
    # The public article's questions are of single paragraphs: good to fit on, but not to choose thresholds on.
    asked = [
        outcome for outcome in outcomes if outcome.case.question.way == SERVED and outcome.case.question.kind != PUBLIC
    ]
    shared = {path.stem for path in documents.iterdir()}
    figures = report(
        [outcome for outcome in outcomes if outcome.case.question.document in shared], thresholds_without(asked)
    )
    print(f"left out: { ({name: round(value, 3) for name, value in figures.items()}) }")
    print(f"THRESHOLD = {find_threshold(asked, LIKELY):.4f}, SURE = {find_threshold(asked, SURE):.4f}")


def main() -> None:
    """Make or load the cases, fit, save, and print the cross-validated figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--reader", type=Path, default=PACKAGED, metavar="FOLDER")
    parser.add_argument("--index-dir", type=Path, default=Path(".quoth"))
    parser.add_argument("--cases", type=Path, metavar="FILE", help="keep what was read here, and read it from here")
    parser.add_argument("--judged", type=Path, metavar="FILE", help="judge on these kept cases, of another reading")
    parser.add_argument("--folds", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    torch.set_num_threads(1)  # the networks are small: several threads take many times the CPU
    cases = read_cases(options)
    folds = cross_validate_calibrated(cases)
    combinations = {document: combination for document, (combination, _) in folds.items()}
    outcomes = [outcome for _, fold in folds.values() for outcome in fold]
    judged = judge_folds(combinations, load_cases(options.judged)) if options.judged else outcomes
    print_figures(judged, options.documents)
    combination = calibrate_confidence(fit(cases), outcomes)
    (options.reader / "combination.json").write_text(combination.as_json(), encoding="utf-8")
    if options.folds:
        write_folds(options.folds, options.reader, combinations)


if __name__ == "__main__":
    main()
