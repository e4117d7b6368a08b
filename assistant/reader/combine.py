"""What network and retrieval say of each sentence, joined: which sentence is best, and how likely it is right.

A linear model ranks all sentences that were read. A small network then sees the best of them together, and "none of
these" beside them: of each it knows its own scores and what the others look like. Both are fitted by `training.fit`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

TOGETHER = 16  # sentences that the network sees together

Columns = Mapping[str, np.ndarray]  # each feature's values, one for each sentence


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted model: a weight for each feature that it uses."""

    weights: Mapping[str, float]
    intercept: float

    def score(self, features: Columns) -> np.ndarray:
        """What it makes of each sentence."""
        return np.asarray(self.intercept + sum(weight * features[name] for name, weight in self.weights.items()))


def compared(features: Columns) -> dict[str, np.ndarray]:
    """The features, and how those of a sentence stand against the others': ranks, shares and probabilities."""
    ranks = {f"{name} rank": ranked(features[name]) for name in ("span", "evidence", "bm25", "dense", "support")}
    shares = {f"{name} share": np.exp(log_softmax(features[name])) for name in ("span", "evidence")}
    odds = {f"{name} chance": sigmoid(features[name]) for name in ("span", "evidence", "answer")}
    return {**features, **ranks, **shares, **odds}


def ranked(values: np.ndarray) -> np.ndarray:
    """1 / each value's rank, the highest first, ties in order."""
    places = np.empty(len(values))
    places[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return 1 / places


def sigmoid(logits: np.ndarray | float) -> np.ndarray:
    """Log odds as probabilities."""
    return np.asarray(0.5 + 0.5 * np.tanh(np.asarray(logits) / 2))


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Scores as log probabilities that sum to 1."""
    lower = scores - scores.max()
    return np.asarray(lower - np.log(np.exp(lower).sum()))


@dataclass(frozen=True, slots=True)
class Listwise:
    """A network over some sentences together, the mean of several that were trained alike.

    `members` hold each one's arrays by name: `own` (features, hidden) reads a sentence, `list` (2 * hidden, hidden) the
    mean and the most over all, `out` scores both together, `direct` the features; `none` (2 * hidden) scores that there
    is no answer. The confidence is `slope` times the lead of the first over that, plus `offset`, as log odds (Platt,
    "Probabilistic outputs for support vector machines", 1999).
    """

    names: tuple[str, ...]
    mean: np.ndarray
    spread: np.ndarray
    members: tuple[Mapping[str, np.ndarray], ...]
    slope: float = 1.0
    offset: float = 0.0
    ignored: frozenset[str] = field(default_factory=frozenset)

    def logits(self, features: Columns) -> np.ndarray:
        """The score of each sentence, and of none of them behind: (sentences + 1,)."""
        table = (np.stack([features[name] for name in self.names], 1) - self.mean) / self.spread
        table[:, [name.split()[0] in self.ignored for name in self.names]] = 0
        return np.mean([member_logits(member, table) for member in self.members], axis=0)


def member_logits(member: Mapping[str, np.ndarray], table: np.ndarray) -> np.ndarray:
    """One network's scores of standardised sentences, and of none of them."""
    own = table @ member["own"] + member["own_bias"]
    seen = np.maximum(own, 0)
    everything = np.concatenate([seen.mean(0), seen.max(0)])
    mixed = np.maximum(seen + everything @ member["list"] + member["list_bias"], 0)
    scores = table @ member["direct"] + mixed @ member["out"] + member["out_bias"]
    return np.append(scores, everything @ member["none"] + member["none_bias"])


def by_score(ranking: Linear, features: Columns) -> tuple[np.ndarray, np.ndarray]:
    """The sentences' positions, the best first, ties in order, and their scores in that order."""
    scores = ranking.score(features)
    order = np.argsort(-scores, kind="stable")
    return order, scores[order]


@dataclass(frozen=True, slots=True)
class Combination:
    """How a reader's scores are joined: what ranks all sentences, and what the best of them."""

    ranking: Linear
    listwise: Listwise

    def choose(self, features: Columns) -> tuple[np.ndarray, np.ndarray, float]:
        """The positions of linearly ranked sentences, the best first, their scores, and the confidence in the first.

        Scores are log probabilities among the best few; the others keep their order below them.
        """
        best = {name: values[:TOGETHER] for name, values in compared(features).items()}
        logits = self.listwise.logits(best)
        order = np.argsort(-logits[:-1], kind="stable")
        scores = log_softmax(logits)[:-1][order]
        rest = np.arange(len(order), len(next(iter(features.values()))))
        confidence = sigmoid(self.listwise.slope * (logits[order[0]] - logits[-1]) + self.listwise.offset)
        below = scores[-1] - np.arange(1, len(rest) + 1)
        return np.concatenate([order, rest]), np.concatenate([scores, below]), float(confidence)

    def without(self, names: Sequence[str]) -> "Combination":
        """The same, blind to some features."""
        weights = {name: weight for name, weight in self.ranking.weights.items() if name not in names}
        return Combination(replace(self.ranking, weights=weights), replace(self.listwise, ignored=frozenset(names)))

    @classmethod
    def load(cls, path: Path) -> "Combination":
        """Read what `as_json` made."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        listwise = kept["listwise"]
        members = tuple({name: np.array(values) for name, values in one.items()} for one in listwise["members"])
        made = Listwise(tuple(listwise["names"]), np.array(listwise["mean"]), np.array(listwise["spread"]), members,
                        listwise["slope"], listwise["offset"])  # fmt: skip
        return cls(Linear(**kept["ranking"]), made)

    def as_json(self) -> str:
        """What `load` reads, numbers rounded."""
        listwise = self.listwise
        kept = {
            "ranking": asdict(self.ranking),
            "listwise": {
                "names": list(listwise.names),
                "mean": listwise.mean.tolist(),
                "spread": listwise.spread.tolist(),
                "slope": listwise.slope,
                "offset": listwise.offset,
                "members": [{name: np.round(v, 4).tolist() for name, v in one.items()} for one in listwise.members],
            },
        }
        return json.dumps(kept) + "\n"
