"""Documents made of passages that questions were written for and no network was trained on: more to fit on."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.documents import DocumentQuestion
from training.prepare import held_out, squad2_held_out, written_held_out
from training.rows import read_rows
from training.written import WrittenQuestion, read_written

PREFIX = "written/"  # of their names
PASSAGES = 12  # of a document, about

Made = tuple[str, str, list[DocumentQuestion]]  # name, text, questions


def written_documents(data: Path) -> Iterator[Made]:
    """Yield documents of PASSAGES held-out passages of one source each; SQuAD 2.0 dev is left to report on."""
    articles = sorted({row.article for row in read_rows(data / "rows.jsonl.gz")})
    questions = read_written(data / "written.jsonl.gz")
    kept, passages = held_out(articles), written_held_out(questions)
    reported = squad2_held_out(articles)[0].split("/")[0]
    sources: dict[str, dict[str, list[WrittenQuestion]]] = defaultdict(lambda: defaultdict(list))
    for question in questions:
        source = question.row.article.split("/")[0]
        if source != reported and (question.passage in passages or question.row.article in kept):
            sources[source][question.passage].append(question)
    for source, groups in sources.items():
        names = list(groups)
        random.Random(7).shuffle(names)
        number = max(1, round(len(names) / PASSAGES))
        for i in range(number):
            name = f"{PREFIX}{source}-{i}"
            yield name, *join_passages(name, [groups[passage] for passage in names[i::number]])


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
