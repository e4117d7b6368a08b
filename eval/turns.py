"""Turns of mtRAG's conversations, and documents made of the passages that they need.

Of a copy of its repository are used: the turns with the passages found relevant, the standalone forms that people
wrote, and the passages that it carries itself (its collections are elsewhere). mtRAG: Katsis et al., TACL 2025; its
newer conversations, MTRAG-UN: Rosenthal et al., arXiv 2602.23184.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config import MAX_QUESTION
from eval.gold import GoldError
from eval.metrics.evidence import Offsets

DOMAINS = ("clapnq", "cloud", "fiqa", "govt")
NEWER = "mtragun-human/generation_tasks/reference.jsonl"
JUDGED = "mtrag-human/evaluations/reference_subset_with_human_evaluations.json"
RETRIEVAL = "mtrag-human/retrieval_tasks"
PASSAGES = 45  # of a document


@dataclass(frozen=True, slots=True)
class AskedTurn:
    """A turn of a conversation: the questions before it, its standalone form if there is one, and the ids of the
    relevant passages, none if it cannot be answered."""

    id: str
    domain: str
    history: tuple[str, ...]
    question: str
    standalone: str | None
    relevant: tuple[str, ...]

    @property
    def conversation(self) -> str:
        """The conversation's id."""
        return self.id.split("<")[0]


@dataclass(frozen=True, slots=True)
class TurnsDocument:
    """A document made of passages, with the places of each, and the turns that are asked of it."""

    text: str
    places: Mapping[str, Offsets]
    turns: tuple[AskedTurn, ...]


def read_turns(folder: Path) -> tuple[dict[str, str], list[AskedTurn]]:
    """Read the passages by id, and the turns, of a copy of the mtRAG repository; raises GoldError if it is not one."""
    try:
        newer = [json.loads(line) for line in (folder / NEWER).read_text(encoding="utf-8").splitlines()]
        judged = json.loads((folder / JUDGED).read_text(encoding="utf-8"))
        contexts = [*judged["documents"], *(context for task in newer for context in task["contexts"])]
        passages = {context["document_id"]: context["text"].strip() for context in contexts}
        turns = [*newer_turns(newer), *(turn for name in DOMAINS for turn in older_turns(folder, name, passages))]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise GoldError(f"{folder} is not a copy of the mtRAG repository ({error}).") from error
    return passages, [turn for turn in turns if max(map(len, (turn.question, *turn.history))) <= MAX_QUESTION]


def newer_turns(tasks: Iterable[Mapping[str, Any]]) -> Iterator[AskedTurn]:
    """Yield the turns of MTRAG-UN that can or cannot be answered, the underspecified left out."""
    for task in tasks:
        *history, question = [said["text"].strip() for said in task["input"] if said["speaker"] == "user"]
        domain = task["Collection"].removeprefix("ibm")
        relevant = tuple(context["document_id"] for context in task["contexts"])
        if task["answerability"][0] != "UNDERSPECIFIED":
            yield AskedTurn(task["task_id"], domain, tuple(history), question, None, relevant)


def older_turns(folder: Path, domain: str, passages: Mapping[str, str]) -> Iterator[AskedTurn]:
    """Yield the turns of a domain of mtRAG of which a relevant passage is at hand, with their standalone forms."""
    base = folder / RETRIEVAL / domain

    def read(kind: str) -> dict[str, list[str]]:
        rows = map(json.loads, (base / f"{domain}_{kind}.jsonl").read_text(encoding="utf-8").splitlines())
        return {row["_id"]: [part.strip() for part in row["text"].split("|user|:")[1:]] for row in rows}

    relevant: dict[str, list[str]] = {}
    for line in (base / "qrels" / "dev.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, passage, grade = line.split("\t")
        if passage in passages and int(grade) > 0:
            relevant.setdefault(question, []).append(passage)
    questions, standalone = read("questions"), read("rewrite")
    for key, found in relevant.items():
        *history, question = questions[key]
        yield AskedTurn(key, domain, tuple(history), question, standalone[key][0], tuple(found))


def make_documents(passages: Mapping[str, str], turns: Sequence[AskedTurn]) -> list[TurnsDocument]:
    """Make documents of the relevant passages of conversations of one domain each, the domains taking turns.

    What cannot be answered is asked of its domain's documents in turn.
    """
    made = []
    for domain in DOMAINS:
        answerable = [turn for turn in turns if turn.domain == domain and turn.relevant]
        others = [turn for turn in turns if turn.domain == domain and not turn.relevant]
        groups = list(group_turns(answerable))
        made.append([make_document(passages, group, others[i :: len(groups)]) for i, group in enumerate(groups)])
    return [column[i] for i in range(max(map(len, made))) for column in made if i < len(column)]


def group_turns(turns: Sequence[AskedTurn]) -> Iterator[list[AskedTurn]]:
    """Yield turns in groups of whole conversations that have about PASSAGES passages."""
    group: list[AskedTurn] = []
    for conversation in sorted({turn.conversation for turn in turns}):
        group += [turn for turn in turns if turn.conversation == conversation]
        if len({passage for turn in group for passage in turn.relevant}) >= PASSAGES:
            yield group
            group = []
    if group:
        yield group


def make_document(
    passages: Mapping[str, str], answerable: Sequence[AskedTurn], others: Sequence[AskedTurn]
) -> TurnsDocument:
    """Make a document of the passages relevant to some turns."""
    text, places = "", {}
    for passage in dict.fromkeys(passage for turn in answerable for passage in turn.relevant):
        places[passage] = (len(text), len(text) + len(passages[passage]))
        text += passages[passage] + "\n\n"
    return TurnsDocument(text, places, (*answerable, *others))
