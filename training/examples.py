"""Training examples: a question, a window of sentences, and the answer's span in it, or none.

Windows begin and end at sentence boundaries, and the answer's position in them varies. Every question occurs both
answered and unanswered, so that its wording alone does not predict the label: an answered one also with its passage
without the answering sentences (`removed`), an unanswered one also with a passage to which a sentence that answers it
was added (see `training.written`). A question's window and its hard negatives (see `training.negatives`) form one
group, over which probabilities are normalised.
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
ANSWERED = 0.5  # share of a conversation's earlier questions that come with their short answer
CONVERSATIONS = 0.12  # share of the public questions that get other questions of their passage as earlier turns


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a window, with the offsets of its sentences and answer, and which sentences are evidence.

    `answer` is None where the window does not answer; `span_known` is False where only the answering sentences are
    known, not the words. `turns` are earlier questions of the conversation, oldest first. Examples of the same `group`
    (from 1) are windows of one document for one question; 0 means no group.
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
    """Split a text into lines and those into sentences."""
    sentences: list[Span] = []
    start = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            sentences.extend(split_sentences(Span(start, start + len(line), line)))
        start += len(line)
    return sentences


def cut_window(text: str, sentences: Sequence[Span], needed: tuple[int, int], rng: random.Random) -> tuple[int, int]:
    """Return the first and last sentence of a window of at most WINDOW characters around the needed offsets.

    The window is longer only where the needed sentences are; where they stand in it is random.
    """
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
    """Make the example of a row, around the answer, else around a place, else anywhere; None if there is no window."""
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
    """Yield the examples of `evidence.jsonl.gz`, in which the answering sentences are marked, but no spans."""
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
    """Return the positions of sentences that fit a window around an answering sentence, or any if none answers."""
    centre = rng.choice(sorted(relevant)) if relevant else rng.randrange(max(len(sentences), 1))
    keep, size = [centre], len(sentences[centre]) if sentences else 0
    for distance in range(1, len(sentences)):
        for i in (centre - distance, centre + distance):
            if 0 <= i < len(sentences) and size + len(sentences[i]) <= WINDOW:
                keep.append(i)
                size += len(sentences[i]) + 1
    return sorted(keep)


def without_answer(row: Row) -> str | None:
    """Remove the answering sentences from a paragraph; None if nothing is left or the answer still occurs in it."""
    sentences = split(row.context)
    others = [s.text for s in sentences if not any(s.start < end and start < s.end for start, end in row.answers)]
    remaining = " ".join(others)
    answers = {normalize(row.context[start:end]) for start, end in row.answers}
    still = any(not answer or f" {answer} " in f" {normalize(remaining)} " for answer in answers)
    return remaining if others and not still else None


def make_examples(
    rows: Sequence[Row], seed: int, share: float = 1, network: Network | None = None, first_group: int = 1
) -> Iterator[Example]:
    """Yield the examples of a share of the answered rows and of all unanswered ones.

    CONVERSATIONS of them get other questions of their passage as earlier turns. Groups are numbered from `first_group`.
    """
    rng = random.Random(seed)
    turns: dict[str, list[str]] = {}
    for row in rows:
        answer = f" {row.context[slice(*row.answers[0])]}" if row.answers and rng.random() < ANSWERED else ""
        turns.setdefault(row.context, []).append(row.question + answer)
    chosen = [row for row in rows if not row.answers or rng.random() < share]
    negatives = hard_negatives(chosen, rows, rng, 1, network)
    for number, row in enumerate(chosen):
        group = first_group + number
        if rng.random() < CONVERSATIONS:
            other_turns = [turn for turn in turns[row.context] if not turn.startswith(row.question)]
            row = replace(row, turns=tuple(rng.sample(other_turns, min(len(other_turns), rng.randint(1, 2)))))
        place = rng.choice(row.answers) if row.answers else None
        examples = [make_example(row, place, "own" if row.answers else "natural", rng, group)]
        examples += [make_negative(row, negative, "hard", rng, group) for negative in negatives[number]]
        if row.answers and (remaining := without_answer(row)):
            examples.append(make_example(replace(row, context=remaining, answers=()), None, "removed", rng))
        yield from (example for example in examples if example)


def make_negative(row: Row, negative: Negative, kind: str, rng: random.Random, group: int) -> Example | None:
    """Make the example of a question and a window that does not answer it."""
    return make_example(replace(row, context=negative.context, answers=()), None, kind, rng, group, negative.around)
