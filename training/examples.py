"""Questions with spans become examples: a window of sentences, and where in it the answer stands, or that it does not.

Windows begin and end on sentence borders and the answer's place in them varies. Every question stands on both
sides, so that its wording alone does not tell whether it is answered: an answered one also with its passage less
the sentences that answer (`removed`), an unanswered one also with its twin, the same passage with a sentence that
answers it (see `training.written`). Beside these, hard negatives: the passages of the same article that BM25 ranks
highest and that lack the answer. A question's own window and its hard negatives are one group,
over which probabilities are normalised together.
"""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eval.metrics.answer import normalize
from index.bm25 import Bm25
from index.document.sentences import split_sentences
from index.document.types import Span

WINDOW = 640  # characters, about 150 tokens
ANSWERED = 0.5  # of the earlier questions of a conversation, that stand there with their short answer
CONVERSATIONS = 0.12  # of the public questions, that get other questions of their passage before them
# The articles that are kept back for final tests; nothing here may come from them.
RESERVED = frozenset(
    [
        "1973_oil_crisis",
        "Computational_complexity_theory",
        "European_Union_law",
        "Force",
        "French_and_Indian_War",
        "Harvard_University",
        "Huguenot",
        "Immune_system",
        "Imperialism",
        "Islamism",
        "Normans",
        "Packet_switching",
        "Scottish_Parliament",
        "Steam_engine",
        "Warsaw",
        "Yuan_dynasty",
    ]
)


@dataclass(frozen=True, slots=True)
class Row:
    """A question, its paragraph, and where the answers stand in it; none if it does not answer."""

    question: str
    context: str
    answers: tuple[tuple[int, int], ...]
    source: str
    article: str
    turns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a window: the sentences' offsets, the answer's, and which sentences are evidence.

    `answer` is None where the window does not answer; `span_known` is False where only the sentences
    that answer are known, not the words. `turns` are earlier questions of its conversation, oldest first. Examples
    of the same `group`, from 1, are windows of one document for one question; 0 is a group of its own.
    """

    question: str
    window: str
    sentences: tuple[tuple[int, int], ...]
    answer: tuple[int, int] | None
    evidence: tuple[int, ...]
    answerable: bool
    span_known: bool
    kind: str
    article: str
    turns: tuple[str, ...] = ()
    group: int = 0


def read_rows(path: Path) -> list[Row]:
    """The rows of `rows.jsonl.gz`; raises ValueError if one is of a reserved article."""
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            item = json.loads(line)
            if item["article"].rpartition("/")[2] in RESERVED:
                raise ValueError(f"{path} has the reserved article {item['article']}")
            answers = tuple((a["start"], a["start"] + len(a["text"])) for a in item["answers"])
            rows.append(Row(item["question"].strip(), item["context"], answers, item["source"], item["article"]))
    return rows


def split(text: str) -> list[Span]:
    """The sentences of a text; its lines are parted first."""
    found: list[Span] = []
    start = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            found.extend(split_sentences(Span(start, start + len(line), line)))
        start += len(line)
    return found


def cut_window(text: str, sentences: Sequence[Span], needed: tuple[int, int], rng: random.Random) -> tuple[int, int]:
    """A run of sentences around the needed offsets, at most WINDOW characters if they fit, at a random place."""
    first = max((i for i, s in enumerate(sentences) if s.start <= needed[0]), default=0)
    last = max((i for i, s in enumerate(sentences) if s.start < needed[1]), default=first)
    room = WINDOW - (sentences[last].end - sentences[first].start)
    begin = sentences[first].start - rng.random() * room
    while first and sentences[first - 1].start >= begin:
        first -= 1
    while last + 1 < len(sentences) and sentences[last + 1].end - sentences[first].start <= WINDOW:
        last += 1
    while first and sentences[last].end - sentences[first - 1].start <= WINDOW:
        first -= 1
    return first, last


def make_example(
    row: Row,
    answer: tuple[int, int] | None,
    kind: str,
    rng: random.Random,
    group: int = 0,
    around: tuple[int, int] | None = None,
) -> Example | None:
    """The example of a row with the answer at some offsets, or with none: then `around` a place, or anywhere."""
    sentences = split(row.context)
    if not sentences:
        return None
    anywhere = rng.choice(sentences)
    needed = answer or around or (anywhere.start, anywhere.end)
    first, last = cut_window(row.context, sentences, needed, rng)
    start, end = sentences[first].start, sentences[last].end
    inside = [(s.start - start, s.end - start) for s in sentences[first : last + 1]]
    if answer and not (start <= answer[0] < answer[1] <= end):
        return None
    placed = (answer[0] - start, answer[1] - start) if answer else None
    evidence = tuple(i for i, (a, b) in enumerate(inside) if placed and a < placed[1] and placed[0] < b)
    return Example(
        row.question,
        row.context[start:end],
        tuple(inside),
        placed,
        evidence,
        answer is not None,
        True,
        kind,
        row.article,
        row.turns,
        group,
    )


def read_evidence(path: Path, rng: random.Random) -> Iterator[Example]:
    """The examples of `evidence.jsonl.gz`: sentences are known to answer, their words are not."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            item = json.loads(line)
            relevant = set(item["relevant"])
            keep = fit_sentences(item["sentences"], relevant, rng)
            window, offsets = "", []
            for i in keep:
                window += " " if window else ""
                offsets.append((len(window), len(window) + len(item["sentences"][i])))
                window += item["sentences"][i]
            evidence = tuple(n for n, i in enumerate(keep) if i in relevant)
            article = f"{item['source']}/{item['article']}"
            if window:
                yield Example(
                    item["question"], window, tuple(offsets), None, evidence, bool(evidence), False, "evidence", article
                )


def fit_sentences(sentences: Sequence[str], relevant: set[int], rng: random.Random) -> list[int]:
    """Positions of sentences that fit a window: around one that answers, or anywhere if none does."""
    centre = rng.choice(sorted(relevant)) if relevant else rng.randrange(max(len(sentences), 1))
    keep, size = [centre], len(sentences[centre]) if sentences else 0
    for distance in range(1, len(sentences)):
        for i in (centre - distance, centre + distance):
            if 0 <= i < len(sentences) and size + len(sentences[i]) <= WINDOW:
                keep.append(i)
                size += len(sentences[i]) + 1
    return sorted(keep)


def hard_negatives(rows: Sequence[Row], rng: random.Random, count: int = 1) -> list[list[str]]:
    """For each row the `count` passages of its article that BM25 ranks highest and that lack the answer.

    Where an article has none, one of another article is taken.
    """
    contexts = list(dict.fromkeys(row.context for row in rows))
    normal = {context: f" {normalize(context)} " for context in contexts}
    articles: dict[str, dict[str, None]] = {}
    for row in rows:
        articles.setdefault(row.article, {})[row.context] = None
    passages = {article: list(found) for article, found in articles.items()}
    bm25 = {article: Bm25(found) for article, found in passages.items()}
    chosen = []
    for row in rows:
        order = np.argsort(-bm25[row.article].scores(row.question), kind="stable")
        ranked = [passages[row.article][int(i)] for i in order] + [rng.choice(contexts)]
        answers = {normalize(row.context[a:b]) for a, b in row.answers}
        lacking = [
            context
            for context in ranked
            if context != row.context and not any(f" {answer} " in normal[context] for answer in answers if answer)
        ]
        chosen.append(list(dict.fromkeys(lacking[:count])))
    return chosen


def without_answer(row: Row) -> str | None:
    """The paragraph less the sentences that answer; None where nothing is left, or the answer stands there still."""
    sentences = split(row.context)
    kept = [s.text for s in sentences if not any(s.start < end and start < s.end for start, end in row.answers)]
    left = " ".join(kept)
    answers = {normalize(row.context[start:end]) for start, end in row.answers}
    still = any(not answer or f" {answer} " in f" {normalize(left)} " for answer in answers)
    return left if kept and not still else None


def make_examples(rows: Sequence[Row], seed: int) -> Iterator[Example]:
    """Every example of some public rows, in their order; some with other questions of their passage before them."""
    rng = random.Random(seed)
    negatives = hard_negatives(rows, rng)
    asked: dict[str, list[str]] = {}
    for row in rows:
        answer = f" {row.context[slice(*row.answers[0])]}" if row.answers and rng.random() < ANSWERED else ""
        asked.setdefault(row.context, []).append(row.question + answer)
    for number, row in enumerate(rows):
        if rng.random() < CONVERSATIONS:
            others = [turn for turn in asked[row.context] if not turn.startswith(row.question)]
            row = replace(row, turns=tuple(rng.sample(others, min(len(others), rng.randint(1, 2)))))
        place = rng.choice(row.answers) if row.answers else None
        made = [make_example(row, place, "own" if row.answers else "natural", rng, number + 1)]
        for context in negatives[number] if row.answers else []:
            made.append(make_example(replace(row, context=context, answers=()), None, "hard", rng, number + 1))
        if row.answers and (left := without_answer(row)):
            made.append(make_example(replace(row, context=left, answers=()), None, "removed", rng))
        yield from (example for example in made if example)
