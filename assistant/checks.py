"""Whether what was sent can be asked: a question, a history, its turns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.config import MAX_HISTORY, MAX_QUESTION
from assistant.types import Turn
from index.errors import QuestionError


def check_question(question: object) -> str:
    """The question, trimmed; raises QuestionError if it cannot be asked."""
    if not isinstance(question, str):
        raise QuestionError(f"A question is a string, not {type(question).__name__}.")
    question = question.strip()
    if not question:
        raise QuestionError("The question is empty. Ask something about the document.")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {MAX_QUESTION:,} can be asked. Shorten it."
        )
    return question.encode("utf-8", "replace").decode("utf-8")


def check_history(history: object) -> tuple[Turn, ...]:
    """The last turns of a history; raises QuestionError if it is not a list of them."""
    if history is None:
        return ()
    if isinstance(history, str) or not isinstance(history, Sequence):
        raise QuestionError("The history is a list of earlier questions, oldest first.")
    return tuple(check_turn(turn) for turn in history[-MAX_HISTORY:])


def check_turn(turn: object) -> Turn:
    """One earlier turn: a Turn, a question, or {"question": ..., "answer": ... or null}."""
    if isinstance(turn, Turn):
        return replace(turn, question=check_question(turn.question))
    if isinstance(turn, Mapping):
        answer = turn.get("answer")
        if not isinstance(answer, str | None):
            raise QuestionError(f"A history's answer is a string or null, not {answer!r}.")
        return Turn(check_question(turn.get("question")), answer)
    if isinstance(turn, str):
        return Turn(check_question(turn))
    raise QuestionError(f"A turn of the history is a question or an object with one, not {turn!r}.")
