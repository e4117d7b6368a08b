"""Quotations and citations against gold: overlap of spans, and sets of note numbers."""

from collections.abc import Collection, Sequence

Offsets = tuple[int, int]


def overlaps(a: Offsets, b: Offsets) -> bool:
    """Whether two spans of a document share a character.

    >>> overlaps((0, 5), (4, 9)), overlaps((0, 5), (5, 9))
    (True, False)
    """
    return max(a[0], b[0]) < min(a[1], b[1])


def hit_at_k(quotations: Sequence[Offsets], gold: Sequence[Offsets], k: int) -> float:
    """1 if one of the first `k` quotations overlaps a gold span, else 0."""
    return float(any(overlaps(quotation, span) for quotation in quotations[:k] for span in gold))


def covers(quotations: Sequence[Offsets], gold: Sequence[Offsets]) -> float:
    """1 if every gold span is overlapped by a quotation, else 0."""
    return float(all(any(overlaps(quotation, span) for quotation in quotations) for span in gold))


def set_precision(predicted: Collection[int], gold: Collection[int]) -> float:
    """The share of the predicted that is gold; 1 if both are empty.

    As citation precision in Gao et al., "Enabling Large Language Models to Generate Text with Citations",
    EMNLP 2023, with gold notes in place of a judge.
    """
    if not predicted:
        return float(not gold)
    return len(set(predicted) & set(gold)) / len(set(predicted))


def set_recall(predicted: Collection[int], gold: Collection[int], any_suffices: bool = False) -> float | None:
    """The share of gold that is predicted, or with `any_suffices` whether any of it is; None if there is no gold."""
    if not gold:
        return None
    shared = len(set(predicted) & set(gold))
    return float(shared > 0) if any_suffices else shared / len(set(gold))
