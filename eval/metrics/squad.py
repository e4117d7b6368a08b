"""SQuAD 2.0's official figures, from 0 to 100, after the published definition.

An answer below the threshold counts as "no answer". A question without gold answers is right exactly if
none is given. Gold answers that are empty once normalised are left out. A question without a prediction
scores 0. (Rajpurkar, Jia and Liang, ACL 2018, and the evaluation script published with the data set.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.metrics.answer import exact_match, normalize, token_f1


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best answer to a question, and the probability that there is none."""

    text: str
    no_answer: float


def gold_texts(answers: Sequence[str]) -> list[str]:
    """Return the gold answers that are not empty once normalised, or [""] if there are none."""
    return [answer for answer in answers if normalize(answer)] or [""]


def score(text: str, golds: Sequence[str]) -> tuple[float, float]:
    """Exact match and F1 against the best of the gold answers."""
    return max(exact_match(text, gold) for gold in golds), max(token_f1(text, gold) for gold in golds)


def squad_figures(
    answers: Mapping[str, Sequence[str]], predictions: Mapping[str, Prediction], threshold: float
) -> dict[str, float | int]:
    """Return the official object: exact, f1, total, HasAns_*, NoAns_*, best_*.

    `answers` are the gold answers of each question id; above `threshold`, a probability of no answer, none is given.
    `best_*` are the figures at the best threshold for these questions.
    """
    golds = {question: gold_texts(texts) for question, texts in answers.items()}
    raw = {q: score(predictions[q].text, golds[q]) if q in predictions else (0.0, 0.0) for q in golds}

    def final(question: str, index: int) -> float:
        if question in predictions and predictions[question].no_answer > threshold:
            return float(not answers[question])
        return raw[question][index]

    figures: dict[str, float | int] = {}
    kinds = {
        "": list(golds),
        "HasAns_": [q for q in golds if answers[q]],
        "NoAns_": [q for q in golds if not answers[q]],
    }
    for kind, questions in kinds.items():
        if questions:
            figures[f"{kind}exact"] = 100 * sum(final(q, 0) for q in questions) / len(questions)
            figures[f"{kind}f1"] = 100 * sum(final(q, 1) for q in questions) / len(questions)
            figures[f"{kind}total"] = len(questions)
    for index, name in enumerate(("exact", "f1")):
        value, best_threshold = find_best_threshold(answers, predictions, {q: pair[index] for q, pair in raw.items()})
        figures[f"best_{name}"], figures[f"best_{name}_thresh"] = value, best_threshold
    return figures


def find_best_threshold(
    answers: Mapping[str, Sequence[str]], predictions: Mapping[str, Prediction], raw: Mapping[str, float]
) -> tuple[float, float]:
    """Return the best figure over all thresholds, and its threshold.

    Questions are answered one after the other, lowest probability of no answer first; those of equal probability
    together, since no threshold separates them.
    """
    current = best = float(sum(not answers[q] and q in predictions for q in answers))
    best_threshold = 0.0
    order = sorted((q for q in answers if q in predictions), key=lambda q: predictions[q].no_answer)
    for position, question in enumerate(order):
        current += raw[question] - float(not answers[question])
        no_answer = predictions[question].no_answer
        is_last = position + 1 == len(order) or predictions[order[position + 1]].no_answer != no_answer
        if is_last and current > best:
            best, best_threshold = current, no_answer
    return 100 * best / len(answers), best_threshold
