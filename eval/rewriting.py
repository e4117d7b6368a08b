"""Evaluation of follow-up rewriting on public conversations with manual rewrites.

A rewrite is *needed* if the manual one has content words that the question lacks and earlier questions have; it is
*made* if ours differs from the question. Conversations: TREC CAsT 2019 and 2020 (Dalton et al., SIGIR 2020) and mtRAG
(Katsis et al., TACL 2025).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from assistant.assistant import CONTEXT_TURNS
from assistant.understand.anaphora import ResolvedTurn
from assistant.understand.conversation import rewrite
from eval.gold import GoldError
from eval.metrics.retrieval import score_retrieval
from eval.metrics.statistics import Figure, estimate
from index.bm25 import Bm25
from index.dense import Encoder
from index.folding import terms, words
from index.nearest import Nearest
from index.ranking import reciprocal_rank_fusion

DOMAINS = ("clapnq", "cloud", "fiqa", "govt")
DEPTH = 100
SHOWN = ("success@1", "success@10", "recall@10", "ndcg@10")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up question, the questions before it, and its manual rewrite."""

    id: str
    history: tuple[str, ...]
    question: str
    manual: str

    @property
    def needed(self) -> frozenset[str]:
        """The content words of earlier questions that a rewrite has to add."""
        earlier = {term for question in self.history for term in terms(question)}
        return frozenset((set(terms(self.manual)) - set(terms(self.question))) & earlier)


def read_conversations(folder: Path) -> dict[str, list[FollowUp]]:
    """Read the follow-ups of CAsT 2019, CAsT 2020 and mtRAG; raises GoldError if a file is missing or broken."""
    try:
        cast = {f"{t['number']}_{u['number']}": u for t in read_json(folder, "2019") for u in t["turn"]}
        tsv = (folder / "cast" / "evaluation_topics_annotated_resolved_v1.0.tsv").read_text(encoding="utf-8")
        manual = dict(line.split("\t", 1) for line in tsv.splitlines() if "\t" in line)
        topics_2019 = [[(k, u["raw_utterance"], manual[k]) for k, u in cast.items() if k.split("_")[0] == topic]
                       for topic in dict.fromkeys(k.split("_")[0] for k in cast if k in manual)]  # fmt: skip
        topics_2020 = [
            [(f"{t['number']}_{u['number']}", u["raw_utterance"], u["manual_rewritten_utterance"]) for u in t["turn"]]
            for t in read_json(folder, "2020")
        ]
        mtrag = [item for domain in DOMAINS for item in read_domain(folder / "mtrag", domain)]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise GoldError(f"{folder} does not hold the conversations of CAsT and mtRAG ({error}).") from error
    return {"CAsT 2019": follow_ups(topics_2019), "CAsT 2020": follow_ups(topics_2020), "mtRAG": mtrag}


def read_json(folder: Path, year: str) -> list[dict[str, list[dict[str, str]]]]:
    """Read the topics of one year of CAsT."""
    name = "evaluation_topics_v1.0.json" if year == "2019" else "2020_manual_evaluation_topics_v1.0.json"
    return list(json.loads((folder / "cast" / name).read_text(encoding="utf-8")))


def follow_ups(topics: Iterable[Sequence[tuple[str, str, str]]]) -> list[FollowUp]:
    """Return every question of some topics but the first ones."""
    return [
        FollowUp(identity, tuple(raw for _, raw, _ in topic[:number]), question, manual)
        for topic in topics
        for number, (identity, question, manual) in enumerate(topic)
        if number
    ]


def read_domain(folder: Path, domain: str) -> list[FollowUp]:
    """Read the follow-ups of one domain of mtRAG."""

    def read(kind: str) -> dict[str, list[str]]:
        lines = (folder / f"{domain}_{kind}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        return {row["_id"]: [part.strip() for part in row["text"].split("|user|:")[1:]] for row in rows}

    questions, manual = read("questions"), read("rewrite")
    return [FollowUp(k, tuple(turns[:-1]), turns[-1], manual[k][0]) for k, turns in questions.items() if len(turns) > 1]


def rewrite_follow_up(follow_up: FollowUp) -> str:
    """Rewrite a follow-up from the questions before it, taking the first reading, since there is no document."""
    turns: list[ResolvedTurn] = []
    for question in follow_up.history:
        readings = rewrite(question, turns)
        turns.append(ResolvedTurn(readings[0].question, readings[0].topic) if readings else ResolvedTurn(question))
    readings = rewrite(follow_up.question, turns)
    return readings[0].question if readings else follow_up.question


def score_rewrites(items: Sequence[FollowUp]) -> dict[str, float]:
    """Count the rewrites that were needed and made; return the mean share of needed words that were added, and the mean
    ROUGE-1 recall of the manual form by the question as asked, by ours, and by question and earlier questions."""
    counts = dict.fromkeys(("needed, made", "needed, not made", "not needed, not made", "not needed, made"), 0.0)
    brought = []
    for item in items:
        ours = rewrite_follow_up(item)
        outcome = "made" if ours != item.question else "not made"
        counts[f"{'needed' if item.needed else 'not needed'}, {outcome}"] += 1
        if item.needed and outcome == "made":
            brought.append(len(item.needed & set(terms(ours))) / len(item.needed))
    recalled = {
        "as asked": [rouge_1_recall(item.question, item.manual) for item in items],
        "ours": [rouge_1_recall(rewrite_follow_up(item), item.manual) for item in items],
        "read along": [
            rouge_1_recall(" ".join([*item.history[-CONTEXT_TURNS:], item.question]), item.manual) for item in items
        ],
    }
    recalls = {f"ROUGE-1 recall, {form}": fmean(values) for form, values in recalled.items()}
    return {"n": float(len(items)), **counts, "words brought": fmean(brought or [0.0]), **recalls}


def rouge_1_recall(text: str, reference: str) -> float:
    """Return the share of a reference's words that a text has, each as often as it has it.

    Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004.

    >>> rouge_1_recall("What did he write?", "What did Lacher write?")
    0.75
    """
    wanted = Counter(words(reference))
    return (wanted & Counter(words(text))).total() / max(wanted.total(), 1)


def read_relevant(folder: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Read passages by id, and the relevant ones of each question, from a copy of the mtRAG repository.

    The collections themselves are not needed: the passages are those that its newer conversations rest on.
    """
    try:
        passages = {}
        for line in (
            (folder / "mtragun-human/generation_tasks/reference.jsonl").read_text(encoding="utf-8").splitlines()
        ):
            passages.update(
                {context["document_id"]: context["text"].strip() for context in json.loads(line)["contexts"]}
            )
        relevant: dict[str, list[str]] = {}
        for domain in DOMAINS:
            table = (folder / f"mtrag-human/retrieval_tasks/{domain}/qrels/dev.tsv").read_text(encoding="utf-8")
            for line in table.splitlines()[1:]:
                question, passage, grade = line.split("\t")
                if passage in passages and int(grade) > 0:
                    relevant.setdefault(question, []).append(passage)
    except (OSError, ValueError, KeyError) as error:
        raise GoldError(f"{folder} is not a copy of the mtRAG repository ({error}).") from error
    return passages, relevant


def score_rewritten_retrieval(
    items: Sequence[FollowUp], passages: Mapping[str, str], relevant: Mapping[str, Sequence[str]], encoder: Encoder
) -> dict[str, dict[str, Figure]]:
    """Return the retrieval figures of the questions as asked, as we rewrite them, and as rewritten by hand."""
    ids, texts = list(passages), list(passages.values())
    bm25, vectors = Bm25.of(texts), Nearest(encoder.encode_passages(texts))

    def rank(question: str) -> list[str]:
        scores_bm25 = bm25.scores(question)
        by_words = sorted((i for i in range(len(ids)) if scores_bm25[i] > 0), key=lambda i: -scores_bm25[i])[:DEPTH]
        positions, _ = vectors.search(encoder.encode_questions([question])[0], DEPTH)
        fused = reciprocal_rank_fusion([by_words, positions.tolist()])
        return [ids[i] for i in sorted(fused, key=lambda i: -fused[i])]

    judged = [item for item in items if item.id in relevant]
    judged_relevant = {item.id: list(relevant[item.id]) for item in judged}
    forms = {"as asked": lambda item: item.question, "ours": rewrite_follow_up, "by hand": lambda item: item.manual}
    table: dict[str, dict[str, Figure]] = {}
    for name, form in forms.items():
        scores = score_retrieval(judged_relevant, {item.id: rank(form(item)) for item in judged})
        for group, members in (("", judged), (", rewrite needed", [item for item in judged if item.needed])):
            conversations = [item.id.split("<")[0] for item in members]
            figures = {key: estimate([scores[item.id][key] for item in members], conversations) for key in SHOWN}
            table[name + group] = {key: figure for key, figure in figures.items() if figure}
    return table
