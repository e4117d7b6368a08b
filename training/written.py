"""Examples, in pairs, of the questions that language models wrote for this project.

Their wording gives away whether they are answered, so each occurs on both sides. An answered question is paired with
its passage without the answering sentences; an unanswered one with its twin, the same passage with one more sentence,
which answers it. Both windows of a pair are cut around the same place. The kind of a question without a pair ends in
"-alone".
"""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.reader.features import best_span
from assistant.reader.network import Network
from training.examples import ANSWERED, Example, make_example, make_negative
from training.negatives import hard_negatives
from training.rows import Row

HARD = 2  # other passages of the article beside a question's own


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """A written question as a row, with the offsets of the answering sentences, its kind and its passage's id."""

    row: Row
    relevant: tuple[tuple[int, int], ...]
    kind: str
    passage: str

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """The key that a question shares with its twin."""
        return self.passage, self.row.question, self.row.turns


def read_written(path: Path) -> list[WrittenQuestion]:
    """Read the lines of `written.jsonl.gz` or `twins.jsonl.gz`."""
    questions = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            item = json.loads(line)
            answers = tuple((a["start"], a["start"] + len(a["text"])) for a in item["answers"])
            row = Row(
                item["question"].strip(), item["context"], answers, "written", item["article"], tuple(item["turns"])
            )
            relevant = tuple(tuple(item["sentences"][i]) for i in item["relevant"])
            questions.append(WrittenQuestion(row, relevant, item["kind"], item["passage"]))
    return questions


def answer_turns(questions: Sequence[WrittenQuestion], network: Network, seed: int) -> list[WrittenQuestion]:
    """Append to a share of ANSWERED of the earlier turns the short answer that an earlier network finds for them.

    A conversation at run time has answers, and these data do not. A question and its twin keep the same turns.
    """
    answers: dict[tuple[str, str], str] = {}
    for question in questions:
        for turn in question.row.turns:
            if (question.passage, turn) not in answers:
                chosen = random.Random(f"{seed} {question.passage} {turn}").random() < ANSWERED
                answers[question.passage, turn] = short_answer(turn, question.row.context, network) if chosen else ""
    turns = [tuple(turn + answers[question.passage, turn] for turn in question.row.turns) for question in questions]
    return [
        replace(question, row=replace(question.row, turns=answered)) for question, answered in zip(questions, turns)
    ]


def short_answer(question: str, context: str, network: Network) -> str:
    """Return a blank and the best span, or "" if the network prefers no answer."""
    (reading,) = network.read(question, [context])
    first, last, score = best_span(reading.start, reading.end)
    if score < reading.null:
        return ""
    return " " + context[int(reading.offsets[first, 0]) : int(reading.offsets[last, 1])]


def remove_answer(written: WrittenQuestion) -> tuple[str, int] | None:
    """Remove the answering sentences from the passage; return it and the first one's offset, or None if it is empty."""
    context, cut = written.row.context, min(start for start, _ in written.relevant)
    parts, position = [], 0
    for start, end in sorted(written.relevant):
        parts.append(context[position:start].strip())
        position = end
    parts.append(context[position:].strip())
    remaining = " ".join(part for part in parts if part)
    return (remaining, min(cut, len(remaining) - 1)) if remaining else None


def mark_evidence(example: Example | None, written: WrittenQuestion, context: str) -> Example | None:
    """Mark as evidence every sentence that the writer named, not only the one with the short answer."""
    if example is None:
        return None
    relevant = [context[start:end] for start, end in written.relevant]
    evidence = {
        number
        for number, (start, end) in enumerate(example.sentences)
        if any(example.window[start:end] in text or text in example.window[start:end] for text in relevant)
    }
    return replace(example, evidence=tuple(sorted(evidence | set(example.evidence))))


def make_written(
    questions: Sequence[WrittenQuestion],
    twins: Sequence[WrittenQuestion],
    seed: int,
    first_group: int,
    network: Network | None = None,
) -> Iterator[Example]:
    """Yield both sides of every question, and its hard negatives; groups are numbered from `first_group`."""
    rng = random.Random(seed)
    rows = [question.row for question in questions]
    negatives = hard_negatives(rows, rows, rng, HARD, network)
    by_key = {twin.key: twin for twin in twins}
    for number, question in enumerate(questions):
        group, twin = first_group + number, by_key.get(question.key)
        examples: list[Example | None] = []
        if question.relevant:
            examples = [make_answered(question, question.kind, rng, group), make_removed(question, rng)]
        elif twin:
            (start, _), *_ = twin.relevant
            unanswered = make_example(question.row, None, question.kind, rng, around=(max(start - 1, 0), max(start, 1)))
            examples = [unanswered, make_answered(twin, twin.kind, rng, group)]
        else:
            examples = [make_example(question.row, None, f"{question.kind}-alone", rng)]
        if question.relevant or twin:
            examples += [
                make_negative(question.row, negative, "written-hard", rng, group) for negative in negatives[number]
            ]
        yield from (example for example in examples if example)


def make_answered(question: WrittenQuestion, kind: str, rng: random.Random, group: int) -> Example | None:
    """Make the example of a question that its passage answers."""
    return mark_evidence(
        make_example(question.row, question.row.answers[0], kind, rng, group), question, question.row.context
    )


def make_removed(question: WrittenQuestion, rng: random.Random) -> Example | None:
    """Make the example of the question and its passage without the answering sentences."""
    removed = remove_answer(question)
    if removed is None:
        return None
    remaining, position = removed
    return make_example(
        replace(question.row, context=remaining, answers=()),
        None,
        "written-removed",
        rng,
        around=(position, position + 1),
    )
