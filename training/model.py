"""The reader's network: MiniLM with three small heads, and what it is trained to say.

span       where the answer starts and ends; at the first token where there is none
answer     whether the window answers the question at all
evidence   for each sentence, whether it answers: the mean of its tokens' scores
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel

NEVER = -1e4


class ReaderNetwork(nn.Module):
    """MiniLM with a head for spans, one for no answer, and one for evidence sentences."""

    def __init__(self, folder: Path | str) -> None:
        super().__init__()
        # Dropout in the attention would keep the fast attention from being used: a third of the time on a CPU.
        self.encoder = AutoModel.from_pretrained(
            str(folder), local_files_only=True, add_pooling_layer=False, attention_probs_dropout_prob=0.0
        )
        width = self.encoder.config.hidden_size
        self.span = nn.Linear(width, 2)
        self.answer = nn.Linear(width, 1)
        self.evidence = nn.Linear(width, 1)

    def forward(self, tokens: Tensor, mask: Tensor, sentence: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Start and end logits (batch, length), answer logit (batch), token evidence logits (batch, length).

        Start and end can only be the first token or one of the window.
        """
        window = sentence > 0
        segments = (torch.cumsum(window, 1) > 0).long()  # 0 for the question, 1 from the window on
        hidden = self.encoder(input_ids=tokens, attention_mask=mask, token_type_ids=segments).last_hidden_state
        allowed = window.clone()
        allowed[:, 0] = True
        start, end = self.span(hidden).masked_fill(~allowed.unsqueeze(-1), NEVER).unbind(-1)
        return start, end, self.answer(hidden[:, 0]).squeeze(-1), self.evidence(hidden).squeeze(-1)


def sentence_scores(evidence: Tensor, sentence: Tensor, sentences: int) -> Tensor:
    """The mean of the tokens' evidence logits in each sentence: (batch, sentences); 0 where there is none."""
    hot = F.one_hot(sentence.long(), sentences + 1)[:, :, 1:].to(evidence.dtype)
    return torch.einsum("bl,bls->bs", evidence, hot) / hot.sum(1).clamp(min=1)


def loss(
    outputs: tuple[Tensor, Tensor, Tensor, Tensor], batch: dict[str, Tensor], smoothing: float
) -> dict[str, Tensor]:
    """The three objectives' losses: span, answer, evidence.

    Spans are learnt where they are known or there is none; smoothing spreads a little of the target
    over the other allowed tokens.
    """
    start, end, answer, evidence = (one.float() for one in outputs)
    known = batch["span_known"] | ~batch["answerable"]
    spans = torch.stack(
        [smooth_cross_entropy(logits, batch["span"][:, side], smoothing) for side, logits in enumerate((start, end))]
    ).mean(0)
    count = int(batch["sentence"].max())
    scores = sentence_scores(evidence, batch["sentence"], count)
    there = F.one_hot(batch["sentence"].long(), count + 1)[:, :, 1:].amax(1).bool()
    wanted = batch["evidence"][:, :count].to(scores.dtype)
    sentences = F.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
    return {
        "span": (spans * known).sum() / known.sum().clamp(min=1),
        "answer": F.binary_cross_entropy_with_logits(answer, batch["answerable"].float()),
        "evidence": (sentences * there).sum() / there.sum().clamp(min=1),
    }


def smooth_cross_entropy(logits: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Cross entropy with label smoothing over the tokens that are allowed."""
    logs = logits.log_softmax(-1)
    allowed = logits > NEVER / 2
    nll = -logs.gather(1, target.unsqueeze(1)).squeeze(1)
    spread = -(logs * allowed).sum(1) / allowed.sum(1)
    return (1 - smoothing) * nll + smoothing * spread


def best_spans(start: Tensor, end: Tensor, longest: int = 40) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The best span of each window that is not the first token: its tokens, its score, and the null score."""
    length = start.shape[1]
    scores = start.unsqueeze(2) + end.unsqueeze(1)
    fits = torch.ones(length, length, dtype=torch.bool, device=start.device).triu().tril(longest)
    fits[0] = False
    flat = scores.masked_fill(~fits, 2 * NEVER).flatten(1)
    score, at = flat.max(1)
    return at // length, at % length, score, start[:, 0] + end[:, 0]


def parameters(network: ReaderNetwork, rate: float, decay: float) -> list[dict[str, Any]]:
    """Parameter groups: no decay for biases and norms, ten times the rate for the new heads."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        head = not name.startswith("encoder.")
        plain = parameter.ndim < 2
        groups.setdefault((head, plain), []).append(parameter)
    return [
        {"params": params, "lr": rate * (5 if head else 1), "weight_decay": 0.0 if plain else decay}
        for (head, plain), params in groups.items()
    ]
