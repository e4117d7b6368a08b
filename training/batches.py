"""Batches of examples of similar length, padded, as tensors."""

import random

import numpy as np
import torch
from torch import Tensor

from training.arrays import Arrays

SENTENCES = 64
STEP = 32  # tokens


def batches(arrays: Arrays, chosen: np.ndarray, batch_tokens: int, rng: random.Random) -> list[np.ndarray]:
    """Split the chosen examples into batches of about `batch_tokens` padded tokens, in random order.

    Examples of similar length share a batch; those of one group always do.
    """
    lengths = round_up(np.diff(arrays.bounds))
    groups: dict[int, list[int]] = {}
    for i in chosen.tolist():
        group = int(arrays.groups[i])
        groups.setdefault(group or -1 - len(groups), []).append(i)
    longest = {group: max(int(lengths[i]) for i in rows) for group, rows in groups.items()}
    noisy = sorted(groups, key=lambda group: longest[group] + rng.uniform(-8, 8))
    result: list[np.ndarray] = []
    batch: list[int] = []
    length = 0
    for group in noisy:
        length = max(length, longest[group])
        if batch and (len(batch) + len(groups[group])) * length > batch_tokens:
            result.append(np.array(batch))
            batch, length = [], longest[group]
        batch.extend(groups[group])
    result.append(np.array(batch))
    rng.shuffle(result)
    return result


def round_up(lengths: np.ndarray) -> np.ndarray:
    """Lengths rounded up to STEP: oneDNN makes a kernel for every shape that it meets."""
    return -(-lengths // STEP) * STEP


def collate(arrays: Arrays, rows: np.ndarray, device: str) -> dict[str, Tensor]:
    """Return the examples at `rows` as padded tensors, each (rows, length) or (rows, ...)."""
    pieces = [slice(int(arrays.bounds[i]), int(arrays.bounds[i + 1])) for i in rows]
    length = int(round_up(np.array([piece.stop - piece.start for piece in pieces])).max())
    tokens = np.zeros((len(rows), length), dtype=np.int64)
    sentence = np.zeros((len(rows), length), dtype=np.int64)
    mask = np.zeros((len(rows), length), dtype=np.int64)
    for n, piece in enumerate(pieces):
        size = piece.stop - piece.start
        tokens[n, :size], sentence[n, :size], mask[n, :size] = arrays.tokens[piece], arrays.sentence[piece], 1
    bits = (arrays.evidence[rows][:, None] >> np.arange(SENTENCES, dtype=np.uint64)) & np.uint64(1)
    columns = {
        "tokens": tokens,
        "mask": mask,
        "sentence": sentence,
        "span": arrays.span[rows].astype(np.int64),
        "evidence": bits.astype(np.float32),
        "answerable": (arrays.flags[rows] & 1).astype(bool),
        "span_known": (arrays.flags[rows] & 2).astype(bool),
        "group": number_groups(arrays.groups[rows]),
    }
    return {name: torch.from_numpy(value).to(device, non_blocking=True) for name, value in columns.items()}


def number_groups(groups: np.ndarray) -> np.ndarray:
    """Number the groups of a batch from 0; each row without a group gets its own."""
    alone = np.where(groups == 0, -1 - np.arange(len(groups)), groups)
    return np.unique(alone, return_inverse=True)[1].astype(np.int64)
