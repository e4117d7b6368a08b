"""Combining the scores of network and retrieval: ranking the sentences, and the confidence in the best one.

A linear model ranks all sentences. A small listwise network then rescores the best of them together, with "none of
these" as an alternative. Both are fitted by `training.fit`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

LISTWISE_DEPTH = 16  # sentences that the listwise network rescores

Columns = Mapping[str, np.ndarray]  # feature -> (sentences,)


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear model: a weight for each feature."""

    weights: Mapping[str, float]
    intercept: float

    def score(self, features: Columns) -> np.ndarray:
        """Score each sentence."""
        return np.asarray(self.intercept + sum(weight * features[name] for name, weight in self.weights.items()))


def add_comparisons(features: Columns) -> dict[str, np.ndarray]:
    """Add features that compare a sentence with the others: reciprocal ranks, softmax shares, and probabilities.

    `count` is the logarithm of how many there are: a paragraph alone has few rivals for a wrong answer to win against.
    """
    ranks = {
        f"{name} rank": reciprocal_ranks(features[name]) for name in ("span", "evidence", "bm25", "dense", "support")
    }
    shares = {f"{name} share": np.exp(log_softmax(features[name])) for name in ("span", "evidence")}
    odds = {f"{name} chance": sigmoid(features[name]) for name in ("span", "evidence", "answer")}
    count = len(features["span"])
    return {**features, **ranks, **shares, **odds, "count": np.full(count, np.log(count))}


def reciprocal_ranks(values: np.ndarray) -> np.ndarray:
    """1 / each value's rank, the highest first, ties in order."""
    ranks = np.empty(len(values))
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return 1 / ranks


def sigmoid(logits: np.ndarray | float) -> np.ndarray:
    """Convert log odds to probabilities."""
    return np.asarray(0.5 + 0.5 * np.tanh(np.asarray(logits) / 2))


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Convert scores to log probabilities."""
    lower = scores - scores.max()
    return np.asarray(lower - np.log(np.exp(lower).sum()))


@dataclass(frozen=True, slots=True)
class Listwise:
    """A listwise network: an ensemble whose logits are averaged.

    `members` hold each network's arrays by name: `own` (features, hidden) encodes a sentence, `list` (2 * hidden,
    hidden) the mean and maximum over all sentences, `out` scores their sum, `direct` the features, and `none`
    (2 * hidden) scores "no answer". The confidence's log odds are `slope` times the lead of the first sentence over "no
    answer", plus `offset` (Platt, "Probabilistic outputs for support vector machines", 1999). Features in `ignored` are
    masked.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    spread: np.ndarray
    members: tuple[Mapping[str, np.ndarray], ...]
    slope: float = 1.0
    offset: float = 0.0
    ignored: frozenset[str] = field(default_factory=frozenset)

    def logits(self, features: Columns) -> np.ndarray:
        """Score each sentence, and "no answer" last: (sentences + 1,)."""
        table = (np.stack([features[name] for name in self.names], 1) - self.mean) / self.spread
        table[:, [name.split()[0] in self.ignored for name in self.names]] = 0
        return np.mean([member_logits(member, table) for member in self.members], axis=0)


def member_logits(member: Mapping[str, np.ndarray], table: np.ndarray) -> np.ndarray:
    """Return one network's scores of standardised features (sentences, features): (sentences + 1,)."""
    own = table @ member["own"] + member["own_bias"]
    hidden = np.maximum(own, 0)
    pooled = np.concatenate([hidden.mean(0), hidden.max(0)])
    mixed = np.maximum(hidden + pooled @ member["list"] + member["list_bias"], 0)
    scores = table @ member["direct"] + mixed @ member["out"] + member["out_bias"]
    return np.append(scores, pooled @ member["none"] + member["none_bias"])


def rank_by_score(ranking: Linear, features: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Rank sentences by a linear model; return their positions, best first, ties in order, and their scores."""
    scores = ranking.score(features)
    order = np.argsort(-scores, kind="stable")
    return order, scores[order]


@dataclass(frozen=True, slots=True)
class Combination:
    """The fitted models of a reader: the ranking of all sentences, and the listwise network over the best."""

    ranking: Linear
    listwise: Listwise

    def choose(self, features: Columns) -> tuple[np.ndarray, np.ndarray, float]:
        """Rescore linearly ranked sentences; return positions, best first, scores, and the confidence in the first.

        Scores are log probabilities for the best LISTWISE_DEPTH; the others keep their order below them.
        """
        top = {name: values[:LISTWISE_DEPTH] for name, values in add_comparisons(features).items()}
        logits = self.listwise.logits(top)
        order = np.argsort(-logits[:-1], kind="stable")
        scores = log_softmax(logits)[:-1][order]
        rest = np.arange(len(order), len(next(iter(features.values()))))
        confidence = sigmoid(self.listwise.slope * (logits[order[0]] - logits[-1]) + self.listwise.offset)
        below = scores[-1] - np.arange(1, len(rest) + 1)
        return np.concatenate([order, rest]), np.concatenate([scores, below]), float(confidence)

    def without(self, names: Sequence[str]) -> "Combination":
        """Return the combination with some features masked."""
        weights = {name: weight for name, weight in self.ranking.weights.items() if name not in names}
        return Combination(replace(self.ranking, weights=weights), replace(self.listwise, ignored=frozenset(names)))

    @classmethod
    def load(cls, path: Path) -> "Combination":
        """Load what `as_json` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        listwise = data["listwise"]
        members = tuple({name: np.array(values) for name, values in member.items()} for member in listwise["members"])
        model = Listwise(tuple(listwise["names"]), np.array(listwise["mean"]), np.array(listwise["spread"]), members,
                         listwise["slope"], listwise["offset"])  # fmt: skip
        return cls(Linear(**data["ranking"]), model)

    def as_json(self) -> str:
        """Convert to JSON, with rounded numbers."""
        listwise = self.listwise
        data = {
            "ranking": asdict(self.ranking),
            "listwise": {
                "names": list(listwise.names),
                "mean": listwise.mean.tolist(),
                "spread": listwise.spread.tolist(),
                "slope": listwise.slope,
                "offset": listwise.offset,
                "members": [
                    {name: np.round(v, 4).tolist() for name, v in member.items()} for member in listwise.members
                ],
            },
        }
        return json.dumps(data) + "\n"
