"""Measuring over a folder of documents, and on pairs with and without the answer: ask, score, save."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.config import Config
from eval.asking import ASKED, Progress, describe_run, fingerprint, make_pair_tasks, make_tasks
from eval.document_figures import Row, score_questions
from eval.document_results import make_document_results
from eval.documents import DocumentQuestion, from_gold, load_documents
from eval.gold import Gold
from eval.harness import SystemAnswer, hashes
from eval.report import write_document_report
from eval.resuming import run_tasks
from index.dense import Encoder

RESULTS, ANSWERS, REPORT = "documents.json", "documents-answers.jsonl", "documents.html"


def measure_documents(
    folder: Path, config: Config, encoder: Encoder, out: Path, pairs: bool, progress: Progress, limit: int | None = None
) -> dict[str, Any]:
    """Ask a folder's documents their questions; returns the results, and writes them to `out` with answers and report.

    With `limit` that many questions of each document are asked. Answers in `out` from the same run are reused.
    """
    documents = load_documents(folder)
    description = describe_run(documents, config, encoder)
    if limit is not None:
        documents = tuple(replace(source, questions=spread_out(source.questions, limit)) for source in documents)
    tasks = make_tasks(documents, config, encoder, pairs)
    answers = run_tasks(tasks, out / ANSWERS, fingerprint(description), progress)
    questions = [question for source in documents for question in source.questions]
    results = make_document_results(
        questions, score_questions(questions, answers, config.threshold), config, description
    )
    (out / RESULTS).write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_document_report(out / REPORT, results, documents, answers)
    return results


def spread_out(questions: Sequence[DocumentQuestion], count: int) -> tuple[DocumentQuestion, ...]:
    """Pick `count` evenly spaced questions of a document, or all."""
    chosen = range(len(questions)) if count >= len(questions) else (i * len(questions) // count for i in range(count))
    return tuple(questions[i] for i in chosen)


def measure_pairs(
    quoth: Assistant, gold: Sequence[Gold], records: Sequence[SystemAnswer], out: Path, progress: Progress
) -> list[Row]:
    """Score the recorded answers to gold questions together with those given with the answer removed."""
    questions = from_gold(gold)
    partial = out / "pairs-partial.jsonl"
    answers = run_tasks(make_pair_tasks(quoth, questions), partial, fingerprint(hashes(quoth, gold)), progress)
    partial.unlink()
    answered = {(record.id, ASKED): record.answer for record in records}
    return score_questions(questions, {**answered, **answers}, quoth.config.threshold)
