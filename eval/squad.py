"""Evaluation on SQuAD 1.1 and 2.0 files, with the paragraph given or retrieved."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.config import MAX_QUESTION, Config
from assistant.reader.load import load_reader
from eval.gold import GoldError
from eval.metrics.squad import Prediction, squad_figures
from index.dense import Encoder


@dataclass(frozen=True, slots=True)
class SquadQuestion:
    """A question, its article and paragraph, and the gold answers, none if it is unanswerable."""

    id: str
    question: str
    article: str
    context: str
    answers: tuple[str, ...]


def read_squad(path: Path) -> tuple[SquadQuestion, ...]:
    """Read the questions of a SQuAD file in order; raises GoldError if it is not one."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GoldError(f"{path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise GoldError(f"{path} is not UTF-8 (byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise GoldError(f"{path}, line {error.lineno}: not whole JSON ({error.msg}). Is the file cut off?") from error
    try:
        questions = [
            SquadQuestion(
                str(item["id"]),
                item["question"].strip(),
                str(article.get("title", number)),
                paragraph["context"] + "",
                tuple(answer["text"] for answer in item.get("answers", ())),
            )
            for number, article in enumerate(data["data"])
            for paragraph in article["paragraphs"]
            for item in paragraph["qas"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise GoldError(
            f"{path} is not a SQuAD file: it lacks data, paragraphs, qas, or one of their fields ({error})."
        ) from error
    if not questions:
        raise GoldError(f"{path} has no questions in it.")
    ids: set[str] = set()
    for question in questions:
        if question.id in ids:
            raise GoldError(f"{path}: the id {question.id!r} is used twice.")
        ids.add(question.id)
        if not question.question or not question.context.strip():
            raise GoldError(f"{path}: the question {question.id} or its context is empty.")
    return tuple(questions)


def run_squad(
    questions: Sequence[SquadQuestion],
    encoder: Encoder,
    config: Config,
    limit: int | None = None,
    find_paragraph: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[dict[str, Any], dict[str, Prediction]]:
    """Return the official figures of the first `limit` questions at the config's threshold, and the predictions.

    Every question is answered at threshold 0; its probability of no answer is 1 minus its confidence. With
    `find_paragraph` each article is one document, and retrieval finds the paragraph.
    """
    articles: dict[str, dict[str, None]] = {}
    for question in questions:
        articles.setdefault(question.article, {})[question.context] = None
    questions = questions[:limit]
    always_answer = replace(config, threshold=0)
    predictions: dict[str, Prediction] = {}
    reader = load_reader(config.reader)
    current_text = ""
    for done, question in enumerate(questions, 1):
        text = "\n\n".join(articles[question.article]) if find_paragraph else question.context
        if text != current_text:
            quoth, current_text = Assistant.of_text(text, encoder, always_answer, reader), text
        answer = quoth.ask(question.question[:MAX_QUESTION])
        predictions[question.id] = Prediction(answer.answer or "", 1 - answer.confidence)
        progress(done, len(questions))
    return squad_figures({q.id: q.answers for q in questions}, predictions, 1 - config.threshold), predictions
