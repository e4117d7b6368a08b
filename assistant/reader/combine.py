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


def confidence_scores(best: Mapping[str, float], scores: np.ndarray, evidence: np.ndarray) -> dict[str, float]:
    """What tells whether the best of some sentences answers, by name.

    `best` are its own scores, `scores` the ranking scores of all sentences, the best first, `evidence` the network's.
    Added are `top`, its ranking score, `lead`, how far that is above the second's, `share`, its share in the softmax of
    all, and `rival`, how much better the best evidence of another sentence is.
    """
    lead = float(scores[0] - scores[1]) if len(scores) > 1 else MOST_LEAD
    return {
        **best,
        "top": float(scores[0]),
        "lead": min(lead, MOST_LEAD),
        "share": float(1 / np.exp(scores - scores[0]).sum()),
        "rival": float(evidence.max()) - best["evidence"],
    }


def sigmoid(logit: float) -> float:
    """Log odds as a probability."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else 1 - 1 / (1 + math.exp(logit))
