"""The network over the best sentences of a question: trained on tables of their scores, in a second a member.

The loss is the listwise one of Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007,
of the right sentences together, or of "none of these" where none is right.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from assistant.reader.combine import TOGETHER, Linear, Listwise

HIDDEN = 16
MEMBERS = 3
EPOCHS = 25
BATCH = 64
RATE, DECAY, DROPOUT = 3e-3, 0.1, 0.2
NEVER = -1e4


class ListwiseNetwork(nn.Module):
    """What `assistant.reader.combine.Listwise` computes, with gradients; it starts as the linear ranking."""

    def __init__(self, start: np.ndarray) -> None:
        super().__init__()
        self.own, self.list = nn.Linear(len(start), HIDDEN), nn.Linear(2 * HIDDEN, HIDDEN)
        self.out, self.none = nn.Linear(HIDDEN, 1), nn.Linear(2 * HIDDEN, 1)
        self.direct = nn.Parameter(torch.tensor(start, dtype=torch.float32))
        self.dropout = nn.Dropout(DROPOUT)
        nn.init.zeros_(self.out.weight)

    def forward(self, table: Tensor, there: Tensor) -> Tensor:
        """Scores of (batch, sentences, features), and of none behind: (batch, sentences + 1)."""
        seen = self.dropout(torch.relu(self.own(table)))
        most = seen.masked_fill(~there[..., None], NEVER).amax(1)
        mean = (seen * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        everything = torch.cat([mean, most], -1)
        mixed = self.dropout(torch.relu(seen + self.list(everything)[:, None]))
        scores = table @ self.direct + self.out(mixed)[..., 0]
        return torch.cat([scores.masked_fill(~there, NEVER), self.none(everything)], 1)

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights as `Listwise` has them."""
        told = {"direct": self.direct}
        for name in ("own", "list", "out", "none"):
            layer = getattr(self, name)
            told |= {name: layer.weight.T if layer.out_features > 1 else layer.weight[0]}
            told |= {f"{name}_bias": layer.bias if layer.out_features > 1 else layer.bias[0]}
        return {name: value.detach().numpy().astype(float) for name, value in told.items()}


def fit_listwise_network(
    tables: Sequence[np.ndarray],
    right: Sequence[np.ndarray],
    weights: Sequence[float],
    names: tuple[str, ...],
    ranking: Linear,
) -> Listwise:
    """MEMBERS networks, trained on each question's best sentences: a table of features, and which are right."""
    everything = np.concatenate(tables)
    mean, spread = everything.mean(0), everything.std(0) + 1e-9
    start = np.array([ranking.weights.get(name, 0.0) for name in names]) * spread
    batch = padded([(one - mean) / spread for one in tables], right, weights)
    return Listwise(names, mean, spread, tuple(train(start, *batch, seed) for seed in range(MEMBERS)))


def padded(
    tables: Sequence[np.ndarray], right: Sequence[np.ndarray], weights: Sequence[float]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Tables of one length, which rows are there, which columns are right (the last is none), and the weights."""
    table = np.zeros((len(tables), TOGETHER, tables[0].shape[1]), dtype=np.float32)
    there = np.zeros((len(tables), TOGETHER), dtype=bool)
    wanted = np.zeros((len(tables), TOGETHER + 1), dtype=bool)
    for i, (rows, good) in enumerate(zip(tables, right, strict=True)):
        table[i, : len(rows)], there[i, : len(rows)] = rows, True
        wanted[i, : len(rows)], wanted[i, -1] = good, not good.any()
    return (
        torch.from_numpy(table), torch.from_numpy(there), torch.from_numpy(wanted),
        torch.tensor(weights, dtype=torch.float32),
    )  # fmt: skip


def train(
    start: np.ndarray, table: Tensor, there: Tensor, wanted: Tensor, weights: Tensor, seed: int
) -> dict[str, np.ndarray]:
    """One network's weights."""
    torch.manual_seed(seed)
    network = ListwiseNetwork(start)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(table) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(table)).split(BATCH):
            logs = network(table[rows], there[rows]).log_softmax(1)
            loss = -(logs.masked_fill(~wanted[rows], NEVER).logsumexp(1) * weights[rows]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.arrays()
