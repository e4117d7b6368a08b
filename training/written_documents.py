"""Passages that questions were written for and no network was trained on, joined to documents and alone, to fit on.

A passage alone is the shortest text that is asked: its rivals are few, and its questions' twins stand in it too.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from eval.documents import DocumentQuestion
from training.prepare import held_out, squad2_held_out, written_held_out
from training.rows import read_rows
from training.written import WrittenQuestion, read_written

PREFIX = "written/"  # of their names
PASSAGES = 12  # of a document, about

Made = tuple[str, str, list[DocumentQuestion]]  # name, text, questions


def written_documents(data: Path) -> Iterator[Made]:
    """Yield documents of PASSAGES held-out passages of one source each, then each passage, and each of a twin, alone.

    SQuAD 2.0 dev is left to report on.
    """
    questions, twins = (group_by_source(held_out_questions(data, name)) for name in ("written", "twins"))
    for source, passages in questions.items():
        groups = list(passages)
        random.Random(7).shuffle(groups)
        number = max(1, round(len(groups) / PASSAGES))
        for i in range(number):
            name = f"{PREFIX}{source}-{i}"
            yield name, *join_passages(name, groups[i::number])
    for source, passages in [*questions.items(), *twins.items()]:
        name = f"{PREFIX}{source} alone"
        for passage in passages:
            text, asked = join_passages(name, [passage])
            yield name, text, [replace(question, id=f"{question.id} of {passage[0].passage}") for question in asked]


def held_out_questions(data: Path, name: str) -> list[WrittenQuestion]:
    """Return the written questions, or their twins, of passages held out."""
    articles = sorted({row.article for row in read_rows(data / "rows.jsonl.gz")})
    kept, passages = held_out(articles), written_held_out(read_written(data / "written.jsonl.gz"))
    reported = source_of(squad2_held_out(articles)[0])
    return [
        question
        for question in read_written(data / f"{name}.jsonl.gz")
        if source_of(question.row.article) != reported
        if question.passage in passages or question.row.article in kept
    ]


def source_of(article: str) -> str:
    """Return the set that an article is of."""
    return article.split("/")[0]


def group_by_source(questions: Sequence[WrittenQuestion]) -> dict[str, list[list[WrittenQuestion]]]:
    """Group questions by source, then by the text of their passage, which in a twin is one sentence longer."""
    groups: dict[str, dict[str, list[WrittenQuestion]]] = defaultdict(lambda: defaultdict(list))
    for question in questions:
        groups[source_of(question.row.article)][question.row.context].append(question)
    return {source: list(passages.values()) for source, passages in groups.items()}


def join_passages(name: str, passages: Sequence[Sequence[WrittenQuestion]]) -> tuple[str, list[DocumentQuestion]]:
    """Join passages to one text; return it and their questions, with the offsets of what answers them."""
    questions: list[DocumentQuestion] = []
    texts, begin = [], 0
    for passage in passages:
        for written in passage:
            spans = tuple((begin + start, begin + end) for start, end in written.relevant)
            questions.append(
                DocumentQuestion(name, f"{name}-{len(questions)}", written.kind, written.row.question,
                                 tuple(written.row.turns), None, bool(spans), spans, (), ())
            )  # fmt: skip
        texts.append(passage[0].row.context)
        begin += len(texts[-1]) + 2
    return "\n\n".join(texts), questions
