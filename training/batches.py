"""Arrays in batches: examples of like length together, padded, as tensors."""

import random

import numpy as np
import torch
from torch import Tensor

from training.arrays import Arrays

SENTENCES = 64


def batches(arrays: Arrays, chosen: np.ndarray, batch_tokens: int, rng: random.Random) -> list[np.ndarray]:
    """The chosen examples in batches of about `batch_tokens` padded tokens, alike in length, in random order."""
    lengths = np.diff(arrays.bounds)
    noisy = sorted(chosen.tolist(), key=lambda i: lengths[i] + rng.uniform(-8, 8))
    found: list[np.ndarray] = []
    batch: list[int] = []
    longest = 0
    for i in noisy:
        longest = max(longest, int(lengths[i]))
        if batch and (len(batch) + 1) * longest > batch_tokens:
            found.append(np.array(batch))
            batch, longest = [], int(lengths[i])
        batch.append(i)
    found.append(np.array(batch))
    rng.shuffle(found)
    return found


def collate(arrays: Arrays, rows: np.ndarray, device: str) -> dict[str, Tensor]:
    """Some examples as padded tensors."""
    pieces = [slice(int(arrays.bounds[i]), int(arrays.bounds[i + 1])) for i in rows]
    length = max(piece.stop - piece.start for piece in pieces)
    tokens = np.zeros((len(rows), length), dtype=np.int64)
    sentence = np.zeros((len(rows), length), dtype=np.int64)
    mask = np.zeros((len(rows), length), dtype=np.int64)
    for n, piece in enumerate(pieces):
        size = piece.stop - piece.start
        tokens[n, :size], sentence[n, :size], mask[n, :size] = arrays.tokens[piece], arrays.sentence[piece], 1
    bits = (arrays.evidence[rows][:, None] >> np.arange(SENTENCES, dtype=np.uint64)) & np.uint64(1)
    made = {
        "tokens": tokens,
        "mask": mask,
        "sentence": sentence,
        "span": arrays.span[rows].astype(np.int64),
        "evidence": bits.astype(np.float32),
        "answerable": (arrays.flags[rows] & 1).astype(bool),
        "span_known": (arrays.flags[rows] & 2).astype(bool),
    }
    return {name: torch.from_numpy(value).to(device, non_blocking=True) for name, value in made.items()}
