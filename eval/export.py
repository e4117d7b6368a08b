"""Exports of a run in standard formats, for other tools to score.

    qrels.txt, run.txt               TREC: question, passage, relevance or rank and score
    squad.json, predictions.json, na_prob.json    SQuAD 2.0
    beir/corpus.jsonl, queries.jsonl, qrels/test.tsv

Exported scores fall strictly with rank, since trec_eval breaks ties by id.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from assistant.assistant import Assistant
from eval.gold import Gold, GoldError
from eval.harness import DEFAULT, answer_gold, relevant_passages

RUN = "quoth"


def export(quoth: Assistant, gold: Sequence[Gold], out: Path) -> list[Path]:
    """Write every format under `out`; returns the files."""
    passages = quoth.index.passages
    records = [answer_gold(quoth, item, DEFAULT) for item in gold]
    relevant = {g.question.id: [p.id for p in relevant_passages(g, passages)] for g in gold if g.spans}
    qrels = [
        f"{replace_spaces(question)} 0 {replace_spaces(passage)} 1"
        for question, ids in relevant.items()
        for passage in ids
    ]
    run = [
        f"{replace_spaces(record.id)} Q0 {replace_spaces(hit['passage'])} {rank} {1 / rank:.8f} {RUN}"
        for record in records
        for rank, hit in enumerate(record.ranked, 1)
    ]
    corpus = [{"_id": p.id, "title": p.section or "", "text": p.text} for p in passages]
    queries = [
        {"_id": g.question.id, "text": " ".join([*record.answer["read_with"], record.answer["standalone_question"]])}
        for g, record in zip(gold, records)
    ]
    tsv = ["query-id\tcorpus-id\tscore", *(f"{q}\t{p}\t1" for q, ids in relevant.items() for p in ids)]
    files = {
        "qrels.txt": "\n".join(qrels),
        "run.txt": "\n".join(run),
        "squad.json": json.dumps(squad_file(quoth, gold), ensure_ascii=False, indent=1),
        "predictions.json": json.dumps({r.id: r.answer["answer"] or "" for r in records}, ensure_ascii=False, indent=1),
        "na_prob.json": json.dumps({r.id: 1 - r.answer["confidence"] for r in records}, indent=1),
        "beir/corpus.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in corpus),
        "beir/queries.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in queries),
        "beir/qrels/test.tsv": "\n".join(tsv),
    }
    try:
        for name, text in files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise GoldError(f"{out} cannot be written ({error.strerror}). Name another folder with --out.") from error
    return [out / name for name in files]


def squad_file(quoth: Assistant, gold: Sequence[Gold]) -> dict[str, object]:
    """Convert the gold questions to a SQuAD 2.0 file; each document is one paragraph."""
    data = []
    for document in quoth.index.documents.values():
        items = [item for item in gold if item.question.document == document.id]
        qas = [
            {
                "id": item.question.id,
                "question": item.question.standalone or item.question.question,
                "is_impossible": not item.question.answerable,
                "answers": squad_answers(item, document.text),
            }
            for item in items
        ]
        data.append({"title": document.id, "paragraphs": [{"context": document.text, "qas": qas}]})
    return {"version": "v2.0", "data": data}


def squad_answers(gold: Gold, text: str) -> list[dict[str, object]]:
    """Return the answers and their aliases, each with the offset of the answer inside its evidence."""
    answers: list[dict[str, object]] = []
    for answer in gold.question.answers:
        places = [text.find(answer.text, span.start, span.end) for span in gold.spans]
        start = next((place for place in places if place >= 0), max(text.find(answer.text), 0))
        answers += [{"text": words, "answer_start": start} for words in (answer.text, *answer.aliases)]
    return answers


def replace_spaces(identity: str) -> str:
    """Make an id fit for TREC's columns, which are separated by white space."""
    return re.sub(r"\s", "_", identity)
