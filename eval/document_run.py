"""Measuring documents, and an assistant's own on pairs: ask, score, keep what came of it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.config import Config
from eval.asking import ASKED, Progress, fingerprint, make_tasks, measured_on, pair_tasks
from eval.document_figures import Row, score_questions
from eval.document_results import make_document_results
from eval.documents import from_gold, load_documents
from eval.gold import Gold
from eval.harness import SystemAnswer, hashes
from eval.resuming import run_tasks
from index.dense import Encoder

RESULTS, ANSWERS = "documents.json", "documents-answers.jsonl"


def measure_documents(
    folder: Path, config: Config, encoder: Encoder, out: Path, pairs: bool, progress: Progress
) -> dict[str, Any]:
    """Ask every question of a folder's documents; the results, which are written to `out` with every answer."""
    documents = load_documents(folder)
    measured = measured_on(documents, config, encoder)
    partial = out / "documents-partial.jsonl"
    tasks = make_tasks(documents, config, encoder, pairs)
    answers = run_tasks(tasks, partial, fingerprint(measured, pairs), progress)
    questions = [question for one in documents for question in one.questions]
    results = make_document_results(questions, score_questions(questions, answers, config.threshold), config, measured)
    (out / RESULTS).write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(out / ANSWERS)
    return results


def measure_pairs(
    quoth: Assistant, gold: Sequence[Gold], records: Sequence[SystemAnswer], out: Path, progress: Progress
) -> list[Row]:
    """The gold questions as they were answered, and asked of their document less the answer."""
    questions = from_gold(gold)
    partial = out / "pairs-partial.jsonl"
    answers = run_tasks(pair_tasks(quoth, questions), partial, fingerprint(hashes(quoth, gold), True), progress)
    partial.unlink()
    asked = {(record.id, ASKED): record.answer for record in records}
    return score_questions(questions, {**asked, **answers}, quoth.config.threshold)
