"""Validation on pairs: each question with a window that answers it and with one that does not."""

import numpy as np
from sklearn.metrics import roc_auc_score

from training.arrays import Arrays

ANSWERED = ("paraphrase", "follow", "why", "list", "who", "fact", "yesno", "keyword", "how", "definition", "short",
            "comparison", "where", "number", "topic", "switch", "date")  # fmt: skip
TWINNED = ("no-near", "no-swap", "no-false", "no-follow")
# Kinds of examples: (answerable, unanswerable).
PAIRS = {
    "near misses": (tuple(f"twin-{kind}" for kind in TWINNED), TWINNED),
    "less the answer": (ANSWERED, ("written-removed",)),
    "public": (("own",), ("natural",)),
}


def judge_pairs(arrays: Arrays, score: np.ndarray, f1: np.ndarray, evidence: np.ndarray) -> dict[str, float]:
    """Return for each of PAIRS the AUROC, mean span F1 and how often the best sentence is right."""
    kinds = arrays.names[arrays.kinds]
    figures = {}
    for name, sides in PAIRS.items():
        answered, not_answered = (np.isin(kinds, side) for side in sides)
        both = answered | not_answered
        if answered.any() and not_answered.any():
            figures[f"{name}: AUROC"] = round(float(roc_auc_score(answered[both], score[both])), 4)
            figures[f"{name}: span F1"] = round(float(np.nanmean(f1[answered])), 4)
            figures[f"{name}: best sentence"] = round(float(np.nanmean(evidence[answered])), 4)
    for kind in sorted(set(kinds[np.isin(kinds, ANSWERED)])):
        figures[f"{kind}: best sentence"] = round(float(np.nanmean(evidence[kinds == kind])), 4)
    return figures
