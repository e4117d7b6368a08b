"""python -m training.fit DATA: how reader and retrieval are joined, and what the confidence is.

Fitted on the gold questions' dev split and on a training article that no weights were trained on: its
paragraphs make a document, its questions, half of them without an answer, are asked of it. Both count the
same. Writes combination.json beside the reader's weights, and says what the default threshold should be.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from assistant.assistant import Assistant
from assistant.config import Config
from assistant.reader.combine import Combination, Linear, confidence_features, ranking_features, sigmoid
from assistant.reader.features import Found, find_best
from assistant.reader.load import SIMPLE_READER
from assistant.reader.network import PACKAGED, Network, OnnxNetwork
from assistant.reader.span import arrange, distinct
from eval.gold import ARTICLE_GOLD, load_gold
from eval.metrics.abstention import auroc
from index.retriever import Index
from training.examples import Row, read_rows
from training.prepare import squad2_held_out

ACCURACY = 0.9
PENALTY = 0.02  # on the squares of the ranking's weights
STRENGTH = 0.02  # scikit-learn's C, for the confidence's
RANKING = ("span", "answer", "evidence", "bm25", "dense", "rank", "support")
CONFIDENCE = ("span", "answer", "evidence", "least", "misfit", "source")


@dataclass(frozen=True, slots=True)
class Case:
    """A question asked of an index, the sentences read for it, and which of them are right."""

    question: str
    index: Index
    found: tuple[Found, ...]
    right: tuple[bool, ...]
    answerable: bool


def make_case(question: str, index: Index, network: Network, spans: Sequence[tuple[int, int]]) -> Case:
    """A question asked of an index; a sentence that shares a character with a span is right."""
    found = tuple(find_best(question, index.search(question, Config().passages), index, network))
    right = tuple(
        any(start < one.place.sentence.end and one.place.sentence.start < end for start, end in spans) for one in found
    )
    return Case(question, index, found, right, bool(spans))


def gold_cases(quoth: Assistant, network: Network) -> Iterator[Case]:
    """The gold questions of the dev split."""
    for gold in load_gold(ARTICLE_GOLD, quoth.index.documents):
        if gold.question.split == "dev":
            question = quoth.ask(gold.question.question, gold.question.history).standalone_question
            yield make_case(question, quoth.index, network, [(span.start, span.end) for span in gold.spans])


def article_cases(rows: Sequence[Row], quoth: Assistant, network: Network) -> Iterator[Case]:
    """The questions of an article, asked of its paragraphs as one document."""
    contexts = list(dict.fromkeys(row.context for row in rows))
    begins = dict(zip(contexts, np.cumsum([0] + [len(context) + 2 for context in contexts]).tolist(), strict=False))
    article = Assistant.of_text("\n\n".join(contexts), quoth.index.encoder, quoth.config, quoth.reader)
    for row in rows:
        begin = begins[row.context]
        yield make_case(row.question, article.index, network, [(begin + a, begin + b) for a, b in row.answers])


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


def fit_ranking(cases: Sequence[Case], weights: Sequence[float], names: Sequence[str] = RANKING) -> Linear:
    """The model that ranks, of the sentences read for every question that has a right one among them."""
    chosen = [(case, weight) for case, weight in zip(cases, weights, strict=True) if any(case.right)]
    tables = [np.array([[ranking_features(one)[name] for name in names] for one in case.found]) for case, _ in chosen]
    everything = np.concatenate(tables)
    mean, spread = everything.mean(0), everything.std(0) + 1e-9
    right = [np.array(case.right) for case, _ in chosen]
    scaled = fit_listwise([(table - mean) / spread for table in tables], right, [weight for _, weight in chosen])
    return in_own_units(names, scaled, mean, spread, 0.0)


def in_own_units(
    names: Sequence[str], scaled: np.ndarray, mean: np.ndarray, spread: np.ndarray, intercept: float
) -> Linear:
    """A model of standardised features as one of the features as they are."""
    weights = scaled / spread
    fitted = {name: round(float(weight), 5) for name, weight in zip(names, weights, strict=True)}
    return Linear(fitted, round(float(intercept - weights @ mean), 5))


def ranked(case: Case, ranking: Linear) -> list[tuple[Found, float]]:
    """The sentences of a case, best first, as the reader ranks them."""
    scored = [(found, ranking.score(ranking_features(found))) for found in case.found]
    return distinct(sorted(scored, key=lambda pair: -pair[1]))


def first_right(case: Case, ranking: Linear) -> bool:
    """Whether the first sentence is right, as it is quoted."""
    right = {found.place.key for found, is_right in zip(case.found, case.right, strict=True) if is_right}
    best, _ = arrange(case.question, ranked(case, ranking), case.index)
    return best[0][0].place.key in right


def fit_confidence(
    cases: Sequence[Case], weights: Sequence[float], ranking: Linear, names: Sequence[str] = CONFIDENCE
) -> Linear:
    """The model of whether the best sentence is right, of every question."""
    features = [features_of(case, ranking) for case in cases]
    table = np.array([[one[name] for name in names] for one in features])
    mean, spread = table.mean(0), table.std(0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    model.fit((table - mean) / spread, [first_right(case, ranking) for case in cases], sample_weight=weights)
    return in_own_units(names, model.coef_[0], mean, spread, float(model.intercept_[0]))


def features_of(case: Case, ranking: Linear) -> dict[str, float]:
    """What the confidence in a case's best sentence is made of."""
    return confidence_features(case.question, ranked(case, ranking)[0][0])


def find_threshold(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """The lowest confidence from which at least ACCURACY of what is answered is right."""
    for threshold in sorted(set(confidence)):
        answered = [is_right for value, is_right in zip(confidence, right, strict=True) if value >= threshold]
        if np.mean(answered) >= ACCURACY:
            return threshold
    return 1.0


def evenly(*groups: Sequence[Case]) -> list[float]:
    """A weight for each case, so that the groups count the same."""
    total = sum(len(group) for group in groups)
    return [total / len(groups) / len(group) for group in groups for _ in group]


def main() -> None:
    """Make the cases, fit, save, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--reader", type=Path, default=PACKAGED, metavar="FOLDER")
    parser.add_argument("--index-dir", type=Path, default=Path(".quoth"))
    options = parser.parse_args()
    quoth = Assistant.open(index_dir=options.index_dir, reader=SIMPLE_READER)
    network = OnnxNetwork(options.reader)
    rows = read_rows(options.data / "rows.jsonl.gz")
    article = squad2_held_out(sorted({row.article for row in rows}))[0]
    dev = list(gold_cases(quoth, network))
    others = list(article_cases([row for row in rows if row.article == article], quoth, network))
    cases, weights = dev + others, evenly(dev, others)
    ranking = fit_ranking(cases, weights)
    combination = Combination(ranking, fit_confidence(cases, weights, ranking))
    combination.save(options.reader / "combination.json")
    report(combination, dev, "dev")
    report(combination, others, article)


def report(combination: Combination, cases: Sequence[Case], name: str) -> None:
    """Print what the models do on the cases that they were fitted on, and the threshold that these ask for."""
    confidence = [sigmoid(combination.confidence.score(features_of(case, combination.ranking))) for case in cases]
    first = [first_right(case, combination.ranking) for case in cases]
    answerable = [case.answerable for case in cases]
    hits = np.mean([right for right, there in zip(first, answerable, strict=True) if there])
    print(
        f"{name}: {len(cases)} questions, first sentence right {hits:.3f}, AUROC {auroc(confidence, answerable):.3f}, "
        f"threshold {find_threshold(confidence, first):.4f}"
    )


if __name__ == "__main__":
    main()
