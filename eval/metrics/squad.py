"""SQuAD 2.0's own figures, from 0 to 100, written against the published definition.

An answer below the threshold counts as "no answer". A question without gold answers is right exactly if
none is given. Gold answers that are empty once normalised are left out. A question without a prediction
scores 0. (Rajpurkar, Jia and Liang, ACL 2018, and the evaluation script published with the data set.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.metrics.answer import exact_match, normalize, token_f1


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best answer to a question and how likely it is that there is none."""

    text: str
    no_answer: float


def gold_texts(answers: Sequence[str]) -> list[str]:
    """The gold answers that count; [""] where there is none."""
    return [answer for answer in answers if normalize(answer)] or [""]


def score(text: str, golds: Sequence[str]) -> tuple[float, float]:
    """Exact match and F1 against the best of the gold answers."""
    return max(exact_match(text, gold) for gold in golds), max(token_f1(text, gold) for gold in golds)


def squad_figures(
    answers: Mapping[str, Sequence[str]], predictions: Mapping[str, Prediction], threshold: float
) -> dict[str, float | int]:
    """The official object: exact, f1, total, HasAns_*, NoAns_*, best_*.

    `answers` are the gold answers of each question id; `threshold` is the chance of no answer above which
    none is given. `best_*` are what the best threshold for these very questions would have given.
    """
    golds = {question: gold_texts(texts) for question, texts in answers.items()}
    raw = {q: score(predictions[q].text, golds[q]) if q in predictions else (0.0, 0.0) for q in golds}

    def final(question: str, which: int) -> float:
        if question in predictions and predictions[question].no_answer > threshold:
            return float(not answers[question])
        return raw[question][which]

    told: dict[str, float | int] = {}
    kinds = {
        "": list(golds),
        "HasAns_": [q for q in golds if answers[q]],
        "NoAns_": [q for q in golds if not answers[q]],
    }
    for kind, questions in kinds.items():
        if questions:
            told[f"{kind}exact"] = 100 * sum(final(q, 0) for q in questions) / len(questions)
            told[f"{kind}f1"] = 100 * sum(final(q, 1) for q in questions) / len(questions)
            told[f"{kind}total"] = len(questions)
    for which, name in enumerate(("exact", "f1")):
        value, at = find_best(answers, predictions, {q: pair[which] for q, pair in raw.items()})
        told[f"best_{name}"], told[f"best_{name}_thresh"] = value, at
    return told


def find_best(
    answers: Mapping[str, Sequence[str]], predictions: Mapping[str, Prediction], raw: Mapping[str, float]
) -> tuple[float, float]:
    """The best figure that any threshold gives, and that threshold.

    From answering nothing, questions are answered one after the other, the surest first; questions of one
    chance of no answer come together, since no threshold parts them.
    """
    current = best = float(sum(not answers[q] and q in predictions for q in answers))
    at = 0.0
    order = sorted((q for q in answers if q in predictions), key=lambda q: predictions[q].no_answer)
    for position, question in enumerate(order):
        current += raw[question] - float(not answers[question])
        chance = predictions[question].no_answer
        parted = position + 1 == len(order) or predictions[order[position + 1]].no_answer != chance
        if parted and current > best:
            best, at = current, chance
    return 100 * best / len(answers), at
