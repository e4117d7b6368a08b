"""Validation of a network: span F1, AUROC of answerability, and evidence sentences."""

import numpy as np
import torch
from torch import Tensor

from training.arrays import Arrays
from training.batches import collate
from training.model import ReaderNetwork, best_spans, sentence_scores
from training.pairs import judge_pairs

BATCH = 64


def judge(network: ReaderNetwork, arrays: Arrays, device: str) -> dict[str, float]:
    """Return mean span F1 of answerable windows, how often the best sentence is evidence, and the pairs' figures."""
    network.eval()
    lengths = np.diff(arrays.bounds)
    rows = np.argsort(lengths)
    f1 = np.full(len(arrays), np.nan)
    score = np.zeros(len(arrays))
    evidence = np.full(len(arrays), np.nan)
    for begin in range(0, len(rows), BATCH):
        chosen = rows[begin : begin + BATCH]
        batch = collate(arrays, chosen, device)
        with torch.inference_mode(), torch.autocast(device, dtype=torch.bfloat16):
            start, end, answer, tokens = network(batch["tokens"], batch["mask"], batch["sentence"])
        first, last, span, null = (tensor.float().cpu().numpy() for tensor in best_spans(start.float(), end.float()))
        score[chosen] = span - null + 2 * answer.float().cpu().numpy()
        evidence[chosen] = right_sentence(tokens.float(), batch)
        for n, row in enumerate(chosen):
            if arrays.flags[row] == 3:
                f1[row] = overlap_f1((int(first[n]), int(last[n])), tuple(int(x) for x in arrays.span[row]))
    network.train()
    figures = {"span_f1": round(float(np.nanmean(f1)), 4), "evidence": round(float(np.nanmean(evidence)), 4)}
    return figures | judge_pairs(arrays, score, f1, evidence)


def right_sentence(tokens: Tensor, batch: dict[str, Tensor]) -> np.ndarray:
    """Return 1 for each window whose best sentence is evidence, 0 if it is not, nan if the window has no evidence."""
    count = int(batch["sentence"].max())
    present = torch.stack([(batch["sentence"] == i + 1).any(1) for i in range(count)], 1)
    best = sentence_scores(tokens, batch["sentence"], count).masked_fill(~present, -1e9).argmax(1)
    right = batch["evidence"].gather(1, best.unsqueeze(1)).squeeze(1).cpu().numpy().astype(float)
    right[batch["evidence"].sum(1).cpu().numpy() == 0] = np.nan
    return right


def overlap_f1(span: tuple[int, int], other: tuple[int, ...]) -> float:
    """Return the F1 of two token spans, ends included."""
    shared = min(span[1], other[1]) - max(span[0], other[0]) + 1
    if shared <= 0:
        return 0.0
    return 2 * shared / ((span[1] - span[0] + 1) + (other[1] - other[0] + 1))
