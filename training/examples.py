"""Questions with spans become examples: a window of sentences, and where in it the answer stands, or that it does not.

Windows begin and end on sentence borders and the answer's place in them varies. Every question stands on both
sides, so that its wording alone does not tell whether it is answered: an answered one also with its passage less
the sentences that answer (`removed`), an unanswered one also with its twin, the same passage with a sentence that
answers it (see `training.written`). Beside these, hard negatives (see `training.negatives`): a question's own window
and these are one group, over which probabilities are normalised together.
"""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.reader.network import Network
from eval.metrics.answer import normalize
from index.document.sentences import split_sentences
from index.document.types import Span
from training.negatives import Negative, hard_negatives
from training.rows import Row

WINDOW = 640  # characters, about 150 tokens
ANSWERED = 0.5  # of the earlier questions of a conversation, that stand there with their short answer
CONVERSATIONS = 0.12  # of the public questions, that get other questions of their passage before them


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


def without_answer(row: Row) -> str | None:
    """The paragraph less the sentences that answer; None where nothing is left, or the answer stands there still."""
    sentences = split(row.context)
    kept = [s.text for s in sentences if not any(s.start < end and start < s.end for start, end in row.answers)]
    left = " ".join(kept)
    answers = {normalize(row.context[start:end]) for start, end in row.answers}
    still = any(not answer or f" {answer} " in f" {normalize(left)} " for answer in answers)
    return left if kept and not still else None


def make_examples(
    rows: Sequence[Row], seed: int, share: float = 1, network: Network | None = None, first_group: int = 1
) -> Iterator[Example]:
    """Every example of a share of the answered public rows, and of every other; groups are numbered from `first_group`.

    Some have other questions of their passage before them.
    """
    rng = random.Random(seed)
    asked: dict[str, list[str]] = {}
    for row in rows:
        answer = f" {row.context[slice(*row.answers[0])]}" if row.answers and rng.random() < ANSWERED else ""
        asked.setdefault(row.context, []).append(row.question + answer)
    chosen = [row for row in rows if not row.answers or rng.random() < share]
    negatives = hard_negatives(chosen, rows, rng, 1, network)
    for number, row in enumerate(chosen):
        group = first_group + number
        if rng.random() < CONVERSATIONS:
            others = [turn for turn in asked[row.context] if not turn.startswith(row.question)]
            row = replace(row, turns=tuple(rng.sample(others, min(len(others), rng.randint(1, 2)))))
        place = rng.choice(row.answers) if row.answers else None
        made = [make_example(row, place, "own" if row.answers else "natural", rng, group)]
        made += [make_negative(row, negative, "hard", rng, group) for negative in negatives[number]]
        if row.answers and (left := without_answer(row)):
            made.append(make_example(replace(row, context=left, answers=()), None, "removed", rng))
        yield from (example for example in made if example)


def make_negative(row: Row, negative: Negative, kind: str, rng: random.Random, group: int) -> Example | None:
    """The example of a question and a window that does not answer it."""
    return make_example(replace(row, context=negative.context, answers=()), None, kind, rng, group, negative.around)
