"""What network and retrieval say of a sentence, joined: two linear models, fitted by `training.fit`.

The first ranks sentences. The second is logistic and tells how likely the best one is to be right: it is the
confidence (Platt, "Probabilistic outputs for support vector machines", 1999).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from assistant.reader.features import Found
from assistant.reader.question import asks_for_source, is_misfit


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


def ranking_features(found: Found) -> dict[str, float]:
    """What is known of a sentence, by name."""
    return {
        "span": found.span,
        "answer": found.answer,
        "evidence": found.evidence,
        "bm25": found.bm25,
        "dense": found.dense,
        "rank": 1 / found.rank,
        "support": mean(found.support),
    }


def mean(support: Mapping[str, float]) -> float:
    """How much of a question a sentence has something on; 0 where nothing is known."""
    return float(np.mean(list(support.values()))) if support else 0.0


def confidence_features(question: str, best: Found) -> dict[str, float]:
    """What tells whether the best sentence answers a question, by name."""
    answer = best.place.sentence.plain[best.start : best.end]
    return {
        "span": best.span,
        "answer": best.answer,
        "evidence": best.evidence,
        "least": min(best.support.values(), default=0.0),
        "misfit": float(is_misfit(question, answer)),
        "source": float(asks_for_source(question)),
    }


def sigmoid(logit: float) -> float:
    """Log odds as a probability."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else 1 - 1 / (1 + math.exp(logit))
