"""The reader's network: MiniLM, or a teacher, with three heads, and its losses.

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
INNER_LAYERS = (3, 4)

Outputs = tuple[Tensor, Tensor, Tensor, Tensor]


class Heads(nn.Module):
    """The three heads over one layer's hidden states."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.span = nn.Linear(width, 2)
        self.answer = nn.Linear(width, 1)
        self.evidence = nn.Linear(width, 1)

    def forward(self, hidden: Tensor, allowed: Tensor) -> Outputs:
        """Start and end logits (batch, length), answer logit (batch), token evidence logits (batch, length)."""
        start, end = self.span(hidden).masked_fill(~allowed.unsqueeze(-1), NEVER).unbind(-1)
        return start, end, self.answer(hidden[:, 0]).squeeze(-1), self.evidence(hidden).squeeze(-1)


class ReaderNetwork(nn.Module):
    """An encoder with a head for spans, one for no answer, and one for evidence sentences.

    In training, inner layers have such heads too (deep supervision; Lee et al., AISTATS 2015). The word embeddings are
    frozen. `folder` holds a BERT (MiniLM) or an MPNet; token ids are BERT's for both.
    """

    def __init__(self, folder: Path | str) -> None:
        super().__init__()
        # Dropout in the attention would keep the fast attention from being used: a third of the time on a CPU.
        self.encoder = AutoModel.from_pretrained(
            str(folder), local_files_only=True, add_pooling_layer=False, attention_probs_dropout_prob=0.0
        )
        self.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        width = self.encoder.config.hidden_size
        self.heads = Heads(width)
        self.inner = nn.ModuleDict({str(layer): Heads(width) for layer in INNER_LAYERS})

    def forward(self, tokens: Tensor, mask: Tensor, sentence: Tensor) -> Outputs:
        """Return the last layer's logits: start, end, answer and evidence."""
        return self.heads(self.layers(tokens, mask, sentence)[-1], allowed_tokens(sentence))

    def read_layers(self, tokens: Tensor, mask: Tensor, sentence: Tensor) -> dict[int, Outputs]:
        """Return the logits of each layer that has heads, the last layer last."""
        hidden, allowed = self.layers(tokens, mask, sentence), allowed_tokens(sentence)
        outputs = {int(layer): heads(hidden[int(layer)], allowed) for layer, heads in self.inner.items()}
        return {**outputs, len(hidden) - 1: self.heads(hidden[-1], allowed)}

    def layers(self, tokens: Tensor, mask: Tensor, sentence: Tensor) -> tuple[Tensor, ...]:
        """Return the hidden states of the embeddings, then of each layer."""
        if self.encoder.config.model_type == "mpnet":
            output = self.encoder(input_ids=mpnet_ids(tokens), attention_mask=mask, output_hidden_states=True)
        else:
            segments = (torch.cumsum(sentence > 0, 1) > 0).long()  # 0 for the question, 1 from the window on
            output = self.encoder(
                input_ids=tokens, attention_mask=mask, token_type_ids=segments, output_hidden_states=True
            )
        return tuple(output.hidden_states)


def mpnet_ids(tokens: Tensor) -> Tensor:
    """Map BERT's token ids to MPNet's, whose vocabulary is `<s>`, `<pad>`, `</s>`, `<unk>` and then BERT's."""
    shifted = tokens + 4
    for bert, mpnet in ((0, 1), (101, 0), (102, 2)):  # [PAD], [CLS], [SEP]
        shifted = shifted.masked_fill(tokens == bert, mpnet)
    return shifted


def allowed_tokens(sentence: Tensor) -> Tensor:
    """Mask the tokens where a span can start or end: the first, which means none, and those of the window."""
    allowed = sentence > 0
    allowed[:, 0] = True
    return allowed


def sentence_scores(evidence: Tensor, sentence: Tensor, sentences: int) -> Tensor:
    """Average the tokens' evidence logits over each sentence: (batch, sentences); 0 for absent sentences."""
    hot = F.one_hot(sentence.long(), sentences + 1)[:, :, 1:].to(evidence.dtype)
    return torch.einsum("bl,bls->bs", evidence, hot) / hot.sum(1).clamp(min=1)


def loss(outputs: Outputs, batch: dict[str, Tensor], smoothing: float) -> dict[str, Tensor]:
    """Return the loss of each objective: span, answer, evidence; sentences and words over a question's windows.

    The span loss counts where the span is known or there is none, with label smoothing over the allowed tokens.
    """
    start, end, answer, evidence = (output.float() for output in outputs)
    known = batch["span_known"] | ~batch["answerable"]
    spans = torch.stack(
        [smooth_cross_entropy(logits, batch["span"][:, side], smoothing) for side, logits in enumerate((start, end))]
    ).mean(0)
    count = int(batch["sentence"].max())
    scores = sentence_scores(evidence, batch["sentence"], count)
    present = F.one_hot(batch["sentence"].long(), count + 1)[:, :, 1:].amax(1).bool()
    target = batch["evidence"][:, :count].to(scores.dtype)
    sentences = F.binary_cross_entropy_with_logits(scores, target, reduction="none")
    inside, spanned = batch["sentence"] > 0, (batch["span"][:, 0] > 0).unsqueeze(1)
    words = [
        shared_cross_entropy(logits, F.one_hot(batch["span"][:, side], logits.shape[1]).bool() & spanned, inside,
                             batch["group"])
        for side, logits in enumerate((start, end))
    ]  # fmt: skip
    return {
        "span": (spans * known).sum() / known.sum().clamp(min=1),
        "answer": F.binary_cross_entropy_with_logits(answer, batch["answerable"].float()),
        "evidence": (sentences * present).sum() / present.sum().clamp(min=1),
        "shared_sentence": shared_cross_entropy(scores, target.bool(), present, batch["group"]),
        "shared_words": torch.stack(words).mean(),
    }


def shared_cross_entropy(scores: Tensor, right: Tensor, present: Tensor, group: Tensor) -> Tensor:
    """Cross entropy of the right columns against all present columns in the rows of the same group.

    Shared normalisation: Clark and Gardner, "Simple and Effective Multi-Paragraph Reading Comprehension", ACL 2018.
    Groups without a right column are left out.
    """
    groups = int(group.max()) + 1
    log_all = group_logsumexp(scores.masked_fill(~present, NEVER), group, groups)
    log_right = group_logsumexp(scores.masked_fill(~(right & present), NEVER), group, groups)
    counts = log_right > NEVER / 2
    return ((log_all - log_right) * counts).sum() / counts.sum().clamp(min=1)


def group_logsumexp(scores: Tensor, group: Tensor, groups: int) -> Tensor:
    """Return the logsumexp of all scores in each group's rows: (groups,)."""
    rows = scores.logsumexp(1)
    maxima = torch.full((groups,), NEVER, device=rows.device).scatter_reduce(0, group, rows.detach(), "amax")
    summed = torch.zeros(groups, device=rows.device).index_add(0, group, (rows - maxima[group]).exp())
    return maxima + summed.log()


def smooth_cross_entropy(logits: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Cross entropy with label smoothing over the tokens that are allowed."""
    logs = logits.log_softmax(-1)
    allowed = logits > NEVER / 2
    nll = -logs.gather(1, target.unsqueeze(1)).squeeze(1)
    spread = -(logs * allowed).sum(1) / allowed.sum(1)
    return (1 - smoothing) * nll + smoothing * spread


def best_spans(start: Tensor, end: Tensor, longest: int = 40) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return each window's best span: first and last token, score, and the score of no answer (the first token)."""
    length = start.shape[1]
    scores = start.unsqueeze(2) + end.unsqueeze(1)
    fits = torch.ones(length, length, dtype=torch.bool, device=start.device).triu().tril(longest)
    fits[0] = False
    flat = scores.masked_fill(~fits, 2 * NEVER).flatten(1)
    score, at = flat.max(1)
    return at // length, at % length, score, start[:, 0] + end[:, 0]


def parameters(network: ReaderNetwork, rate: float, decay: float) -> list[dict[str, Any]]:
    """Return parameter groups: no decay for biases and norms, five times the rate for the new heads."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        head = not name.startswith("encoder.")
        plain = parameter.ndim < 2
        groups.setdefault((head, plain), []).append(parameter)
    return [
        {"params": params, "lr": rate * (5 if head else 1), "weight_decay": 0.0 if plain else decay}
        for (head, plain), params in groups.items()
    ]
