"""The questions written for this project, and their twins, as examples in pairs.

What language models wrote gives itself away by its wording: a question that is not answered sounds like one. So each
stands on both sides. An answered one is asked of its passage and of the passage less the sentences that answer; an
unanswered one of its passage and of its twin, the same passage with one sentence more, which answers it. Each side of
a pair is cut around the same place. What has no other side keeps its kind's name with "-alone" behind it.
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
class Written:
    """A written question as a row, the offsets of the sentences that answer, its kind and its passage."""

    row: Row
    relevant: tuple[tuple[int, int], ...]
    kind: str
    passage: str

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """What a question shares with its twin."""
        return self.passage, self.row.question, self.row.turns


def read_written(path: Path) -> list[Written]:
    """The lines of `written.jsonl.gz` or `twins.jsonl.gz`."""
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            item = json.loads(line)
            answers = tuple((a["start"], a["start"] + len(a["text"])) for a in item["answers"])
            row = Row(
                item["question"].strip(), item["context"], answers, "written", item["article"], tuple(item["turns"])
            )
            relevant = tuple(tuple(item["sentences"][i]) for i in item["relevant"])
            found.append(Written(row, relevant, item["kind"], item["passage"]))
    return found


def answer_turns(questions: Sequence[Written], network: Network, seed: int) -> list[Written]:
    """The same questions, half of the earlier turns with the short answer that an earlier network finds for them.

    Nobody wrote down what the turns were answered with; a conversation at run time has it. A question and its twin
    keep the same turns.
    """
    given: dict[tuple[str, str], str] = {}
    for one in questions:
        for turn in one.row.turns:
            if (one.passage, turn) not in given:
                lucky = random.Random(f"{seed} {one.passage} {turn}").random() < ANSWERED
                given[one.passage, turn] = short_answer(turn, one.row.context, network) if lucky else ""
    turns = [tuple(turn + given[one.passage, turn] for turn in one.row.turns) for one in questions]
    return [replace(one, row=replace(one.row, turns=said)) for one, said in zip(questions, turns)]


def short_answer(question: str, context: str, network: Network) -> str:
    """The best span behind a blank, or nothing where the network would rather not answer."""
    (reading,) = network.read(question, [context])
    first, last, score = best_span(reading.start, reading.end)
    if score < reading.null:
        return ""
    return " " + context[int(reading.offsets[first, 0]) : int(reading.offsets[last, 1])]


def less_its_answer(written: Written) -> tuple[str, int] | None:
    """The passage less the sentences that answer, and where the first of them stood; None where nothing is left."""
    context, cut = written.row.context, min(start for start, _ in written.relevant)
    kept, at = [], 0
    for start, end in sorted(written.relevant):
        kept.append(context[at:start].strip())
        at = end
    kept.append(context[at:].strip())
    left = " ".join(part for part in kept if part)
    return (left, min(cut, len(left) - 1)) if left else None


def with_evidence(example: Example | None, written: Written, context: str) -> Example | None:
    """An example whose evidence is every sentence that the writer named, not only the one with the short answer."""
    if example is None:
        return None
    named = [context[start:end] for start, end in written.relevant]
    evidence = {
        number
        for number, (start, end) in enumerate(example.sentences)
        if any(example.window[start:end] in text or text in example.window[start:end] for text in named)
    }
    return replace(example, evidence=tuple(sorted(evidence | set(example.evidence))))


def make_written(
    questions: Sequence[Written], twins: Sequence[Written], seed: int, first_group: int, network: Network | None = None
) -> Iterator[Example]:
    """Both sides of every question, and its hard negatives; groups are numbered from `first_group`."""
    rng = random.Random(seed)
    rows = [one.row for one in questions]
    negatives = hard_negatives(rows, rows, rng, HARD, network)
    by_key = {twin.key: twin for twin in twins}
    for number, one in enumerate(questions):
        group, twin = first_group + number, by_key.get(one.key)
        made: list[Example | None] = []
        if one.relevant:
            made = [answered(one, one.kind, rng, group), lessened(one, rng)]
        elif twin:
            (start, _), *_ = twin.relevant
            unanswered = make_example(one.row, None, one.kind, rng, around=(max(start - 1, 0), max(start, 1)))
            made = [unanswered, answered(twin, twin.kind, rng, group)]
        else:
            made = [make_example(one.row, None, f"{one.kind}-alone", rng)]
        if one.relevant or twin:
            made += [make_negative(one.row, negative, "written-hard", rng, group) for negative in negatives[number]]
        yield from (example for example in made if example)


def answered(one: Written, kind: str, rng: random.Random, group: int) -> Example | None:
    """The window of a question that its passage answers."""
    return with_evidence(make_example(one.row, one.row.answers[0], kind, rng, group), one, one.row.context)


def lessened(one: Written, rng: random.Random) -> Example | None:
    """The same question asked of what is left without the sentences that answer."""
    less = less_its_answer(one)
    if less is None:
        return None
    left, at = less
    return make_example(replace(one.row, context=left, answers=()), None, "written-removed", rng, around=(at, at + 1))
