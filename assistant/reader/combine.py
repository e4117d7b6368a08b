"""What network and retrieval say of a sentence, joined: two linear models, fitted by `training.fit`.

The first ranks sentences. The second is logistic and tells how likely the best one is to be right: it is the
confidence (Platt, "Probabilistic outputs for support vector machines", 1999).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from assistant.reader.features import Found
from assistant.reader.question import asks_for_source, is_misfit

MOST_LEAD = 5.0


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted model: a weight for each feature that it uses."""

    weights: Mapping[str, float]
    intercept: float

    def score(self, features: Mapping[str, float]) -> float:
        """What it makes of some features."""
        return self.intercept + sum(weight * features[name] for name, weight in self.weights.items())


@dataclass(frozen=True, slots=True)
class Combination:
    """How a reader's scores are joined: what ranks, and what the confidence is."""

    ranking: Linear
    confidence: Linear

    @classmethod
    def load(cls, path: Path) -> "Combination":
        """Read what `save` wrote."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{name: Linear(**kept[name]) for name in ("ranking", "confidence")})

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def ranking_features(found: Found) -> Mapping[str, float]:
    """What is known of a sentence, by name."""
    return found.scores


def confidence_features(question: str, ranked: Sequence[tuple[Found, float]]) -> dict[str, float]:
    """What tells whether the first of some ranked sentences answers a question, by name.

    Its own scores; `lead`, how far its ranking score is above the second's; `share` of it in the softmax of all;
    `misfit`, whether its short answer is of another kind than what is asked for; `source`, whether a work is asked for.
    """
    best, score = ranked[0]
    scores = np.array([one for _, one in ranked])
    plain = best.place.sentence.plain[best.start : best.end]
    return {
        **best.scores,
        "lead": min(float(score - scores[1]), MOST_LEAD) if len(scores) > 1 else MOST_LEAD,
        "share": float(1 / np.exp(scores - score).sum()),
        "top": score,
        "rival": float(max(one.scores["evidence"] for one, _ in ranked) - best.scores["evidence"]),
        "misfit": float(is_misfit(question, plain)),
        "source": float(asks_for_source(question)),
    }


def sigmoid(logit: float) -> float:
    """Log odds as a probability."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else 1 - 1 / (1 + math.exp(logit))
