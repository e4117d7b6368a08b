"""Retrieval metrics over passages that contain gold evidence, by ir-measures (over trec_eval).

recall@k is the share of all relevant passages among the first k, success@k whether any is, RR the
reciprocal rank of the first; nDCG: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR
techniques", TOIS 2002. MacAvaney, Macdonald and Ounis, "Streamlining Evaluation with ir-measures", ECIR 2022.
"""

from collections.abc import Mapping, Sequence

import ir_measures
from ir_measures import RR, R, Success, nDCG

MEASURES = {
    "recall@5": R @ 5,
    "recall@10": R @ 10,
    "recall@50": R @ 50,
    "success@1": Success @ 1,
    "success@5": Success @ 5,
    "success@10": Success @ 10,
    "mrr": RR,
    "ndcg@10": nDCG @ 10,
}


def score_retrieval(
    relevant: Mapping[str, Sequence[str]], ranked: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Return question id -> measure -> value, for every question that has a relevant passage.

    `ranked` holds passage ids, best first; only their order counts. A question without a run scores 0.
    """
    qrels = {question: dict.fromkeys(passages, 1) for question, passages in relevant.items() if passages}
    run = {
        question: {passage: float(len(passages) - rank) for rank, passage in enumerate(passages)}
        for question, passages in ranked.items()
        if question in qrels and passages
    }
    scores = {question: dict.fromkeys(MEASURES, 0.0) for question in qrels}
    names = {str(measure): name for name, measure in MEASURES.items()}
    if run:
        for value in ir_measures.iter_calc(list(MEASURES.values()), qrels, run):
            scores[value.query_id][names[str(value.measure)]] = float(value.value)
    return scores
