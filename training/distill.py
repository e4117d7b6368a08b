"""Soft answers: what a student learns from its teachers beside the labels.

Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from training.model import NEVER, Outputs, ReaderNetwork, group_logsumexp, sentence_scores

TEMPERATURE = 2.0


def soft_answers(teachers: Sequence[ReaderNetwork], batch: dict[str, Tensor]) -> Outputs:
    """Return the mean of the teachers' logits."""
    with torch.no_grad():
        outputs = [teacher(batch["tokens"], batch["mask"], batch["sentence"]) for teacher in teachers]
    start, end, answer, evidence = (
        torch.stack([logits.float() for logits in column]).mean(0) for column in zip(*outputs, strict=True)
    )
    return start, end, answer, evidence


def soft_loss(outputs: Outputs, soft: Outputs, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the loss of each objective of `training.model.loss`, with the teachers' answers in the labels' place."""
    student, teacher = ([logits.float() for logits in one] for one in (outputs, soft))
    count = int(batch["sentence"].max())
    present = F.one_hot(batch["sentence"].long(), count + 1)[:, :, 1:].amax(1).bool()
    scores, targets = (sentence_scores(logits[3], batch["sentence"], count) for logits in (student, teacher))
    alone = torch.arange(len(scores), device=scores.device)
    inside, allowed = batch["sentence"] > 0, student[0] > NEVER / 2
    sentences = F.binary_cross_entropy_with_logits(scores, targets.sigmoid(), reduction="none")
    return {
        "span": mean([divergence(student[i], teacher[i], allowed, alone) for i in (0, 1)]),
        "answer": F.binary_cross_entropy_with_logits(student[2], teacher[2].sigmoid()),
        "evidence": (sentences * present).sum() / present.sum().clamp(min=1),
        "shared_sentence": divergence(scores, targets, present, batch["group"]),
        "shared_words": mean([divergence(student[i], teacher[i], inside, batch["group"]) for i in (0, 1)]),
    }


def divergence(student: Tensor, teacher: Tensor, present: Tensor, group: Tensor) -> Tensor:
    """Return how far the student's distribution over a group's present columns is from the teacher's, at TEMPERATURE.

    The Kullback-Leibler divergence, mean over groups, times the temperature's square, which keeps the gradients' size.
    """
    groups = int(group.max()) + 1
    logs = []
    for scores in (student, teacher):
        cooled = (scores / TEMPERATURE).masked_fill(~present, NEVER)
        logs.append(cooled - group_logsumexp(cooled, group, groups)[group].unsqueeze(1))
    terms = logs[1].exp() * (logs[1] - logs[0])
    return TEMPERATURE**2 * (terms * present).sum() / groups


def mean(losses: list[Tensor]) -> Tensor:
    """Return the mean of some losses."""
    return torch.stack(losses).mean()
