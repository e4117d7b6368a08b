"""The listwise network that rescores a question's best sentences from their feature scores; trains in seconds.

The loss is that of Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007; its target
are the right sentences together, or "none of these" where none is right.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from assistant.reader.combine import LISTWISE_DEPTH, Linear, Listwise

HIDDEN = 16
MEMBERS = 5
EPOCHS = 15
BATCH = 64
RATE, DECAY, DROPOUT = 3e-3, 0.1, 0.2
NEVER = -1e4


class ListwiseNetwork(nn.Module):
    """`assistant.reader.combine.Listwise` with gradients, initialised as the linear ranking."""

    def __init__(self, start: np.ndarray) -> None:
        super().__init__()
        self.own, self.list = nn.Linear(len(start), HIDDEN), nn.Linear(2 * HIDDEN, HIDDEN)
        self.out, self.none = nn.Linear(HIDDEN, 1), nn.Linear(2 * HIDDEN, 1)
        self.direct = nn.Parameter(torch.tensor(start, dtype=torch.float32))
        self.dropout = nn.Dropout(DROPOUT)
        nn.init.zeros_(self.out.weight)

    def forward(self, table: Tensor, present: Tensor) -> Tensor:
        """Score (batch, sentences, features) as (batch, sentences + 1); the last score is "none of these"."""
        hidden = self.dropout(torch.relu(self.own(table)))
        maximum = hidden.masked_fill(~present[..., None], NEVER).amax(1)
        mean = (hidden * present[..., None]).sum(1) / present.sum(1, keepdim=True)
        pooled = torch.cat([mean, maximum], -1)
        mixed = self.dropout(torch.relu(hidden + self.list(pooled)[:, None]))
        scores = table @ self.direct + self.out(mixed)[..., 0]
        return torch.cat([scores.masked_fill(~present, NEVER), self.none(pooled)], 1)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the weights under the names that `Listwise` uses."""
        tensors = {"direct": self.direct}
        for name in ("own", "list", "out", "none"):
            layer = getattr(self, name)
            tensors |= {name: layer.weight.T if layer.out_features > 1 else layer.weight[0]}
            tensors |= {f"{name}_bias": layer.bias if layer.out_features > 1 else layer.bias[0]}
        return {name: value.detach().numpy().astype(float) for name, value in tensors.items()}


def fit_listwise_network(
    tables: Sequence[np.ndarray],
    right: Sequence[np.ndarray],
    weights: Sequence[float],
    names: tuple[str, ...],
    ranking: Linear,
) -> Listwise:
    """Train an ensemble of MEMBERS networks on tables (sentences, features), and which of their rows are right."""
    rows = np.concatenate(tables)
    mean, spread = rows.mean(0), rows.std(0) + 1e-9
    start = np.array([ranking.weights.get(name, 0.0) for name in names]) * spread
    batch = pad_tables([(table - mean) / spread for table in tables], right, weights)
    return Listwise(names, mean, spread, tuple(train(start, *batch, seed) for seed in range(MEMBERS)))


def pad_tables(
    tables: Sequence[np.ndarray], right: Sequence[np.ndarray], weights: Sequence[float]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pad tables to one length; return them, the mask of their rows, the targets (last: none), and the weights."""
    table = np.zeros((len(tables), LISTWISE_DEPTH, tables[0].shape[1]), dtype=np.float32)
    present = np.zeros((len(tables), LISTWISE_DEPTH), dtype=bool)
    target = np.zeros((len(tables), LISTWISE_DEPTH + 1), dtype=bool)
    for i, (rows, good) in enumerate(zip(tables, right, strict=True)):
        table[i, : len(rows)], present[i, : len(rows)] = rows, True
        target[i, : len(rows)], target[i, -1] = good, not good.any()
    return (
        torch.from_numpy(table), torch.from_numpy(present), torch.from_numpy(target),
        torch.tensor(weights, dtype=torch.float32),
    )  # fmt: skip


def train(
    start: np.ndarray, table: Tensor, present: Tensor, target: Tensor, weights: Tensor, seed: int
) -> dict[str, np.ndarray]:
    """Train one network and return its weights."""
    torch.manual_seed(seed)
    network = ListwiseNetwork(start)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(table) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(table)).split(BATCH):
            logs = network(table[rows], present[rows]).log_softmax(1)
            loss = -(logs.masked_fill(~target[rows], NEVER).logsumexp(1) * weights[rows]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.arrays()
