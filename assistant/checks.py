"""Validation of input: a question, a history, its turns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.config import MAX_HISTORY, MAX_QUESTION
from assistant.types import Turn
from index.errors import QuestionError


def check_question(question: object) -> str:
    """Return the trimmed question; raises QuestionError if it is invalid."""
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
    """Return the last MAX_HISTORY turns of a history; raises QuestionError if it is not a list of turns."""
    if history is None:
        return ()
    if isinstance(history, str) or not isinstance(history, Sequence):
        raise QuestionError("The history is a list of earlier questions, oldest first.")
    return tuple(check_turn(turn) for turn in history[-MAX_HISTORY:])


def check_turn(turn: object) -> Turn:
    """Return an earlier turn, given as a Turn, a question, or an object with the fields of a Turn."""
    if isinstance(turn, Turn):
        return replace(turn, question=check_question(turn.question))
    if isinstance(turn, Mapping):
        return Turn(
            check_question(turn.get("question")),
            check_words(turn, "answer"),
            check_words(turn, "standalone"),
            check_words(turn, "document"),
            check_offset(turn, "start"),
            check_offset(turn, "end"),
        )
    if isinstance(turn, str):
        return Turn(check_question(turn))
    raise QuestionError(f"A turn of the history is a question or an object with one, not {turn!r}.")


def check_words(turn: Mapping[str, object], name: str) -> str | None:
    """A field of an earlier turn that is a string, if it has one; raises QuestionError if it has something else."""
    value = turn.get(name)
    if not isinstance(value, str | None):
        raise QuestionError(f"A history's {name} is a string or null, not {value!r}.")
    return value.encode("utf-8", "replace").decode("utf-8") if value and value.strip() else None


def check_offset(turn: Mapping[str, object], name: str) -> int | None:
    """Return an optional offset field of a turn; raises QuestionError if it is not a whole number."""
    value = turn.get(name)
    if not isinstance(value, int | None) or isinstance(value, bool):
        raise QuestionError(f"A history's {name} is a whole number or null, not {value!r}.")
    return value
