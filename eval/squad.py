"""The field's own test: SQuAD 1.1 and 2.0 files, with the context given or to be found."""

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
    """A question, its paragraph, its article, and the gold answers; none where the paragraph does not answer."""

    id: str
    question: str
    article: str
    context: str
    answers: tuple[str, ...]


def read_squad(path: Path) -> tuple[SquadQuestion, ...]:
    """The questions of a SQuAD file in its order; raises GoldError if it is not one."""
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
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise GoldError(f"{path}: the id {question.id!r} is used twice.")
        seen.add(question.id)
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
    """The official figures of the first `limit` questions at the config's threshold, and the predictions behind them.

    Every question is answered at threshold 0; its chance of no answer is 1 less its confidence. With
    `find_paragraph` each article is a document, and retrieval finds the paragraph first.
    """
    articles: dict[str, dict[str, None]] = {}
    for question in questions:
        articles.setdefault(question.article, {})[question.context] = None
    questions = questions[:limit]
    always = replace(config, threshold=0)
    predictions: dict[str, Prediction] = {}
    reader = load_reader(config.reader)
    opened = ""
    for done, question in enumerate(questions, 1):
        text = "\n\n".join(articles[question.article]) if find_paragraph else question.context
        if text != opened:
            quoth, opened = Assistant.of_text(text, encoder, always, reader), text
        answer = quoth.ask(question.question[:MAX_QUESTION])
        predictions[question.id] = Prediction(answer.answer or "", 1 - answer.confidence)
        progress(done, len(questions))
    return squad_figures({q.id: q.answers for q in questions}, predictions, 1 - config.threshold), predictions
