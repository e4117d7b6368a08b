"""Query understanding: the kind of a question, spelling correction, and rewriting from the conversation."""

import re
from collections.abc import Sequence

from assistant.config import MAX_QUESTION
from assistant.known import Known
from assistant.structure import is_about_document
from assistant.types import Question, Turn
from assistant.understand.anaphora import ResolvedTurn
from assistant.understand.conversation import Rewrite, is_follow_up, rewrite
from assistant.understand.language import ENGLISH, language_of
from assistant.understand.smalltalk import CANNOT, is_instruction, reply_to, without_greeting
from index.folding import words

# Follow-ups by their connectives: one at the beginning, or "then" and the like at the end.
CONNECTED = re.compile(r"\W*(?:so|then|but|and|or|also|what if)\b.*|.*\b(?:then|instead|too|either)\W*", re.I | re.S)
MAX_TURNS = 4  # turns that a follow-up can refer to


def understand(question: str, turns: Sequence[Turn], known: Known) -> Question:
    """Understand a question after some turns of a conversation, oldest first.

    >>> from assistant import Turn
    >>> from assistant.understand.vocabulary import Vocabulary
    >>> turns = [Turn("How many troops will the UN send?", "11,200")]
    >>> asked = understand("And how many police?", turns, Known(Vocabulary.of([])))
    >>> asked.standalone, asked.is_follow_up
    ('How many police will the UN send?', True)
    """
    if reply := reply_to(question):
        return Question(question, "small_talk", question, question, reply=reply)
    text = without_greeting(question)
    if reply := reply_to(text):
        return Question(question, "small_talk", question, question, reply=reply)
    language = language_of(text, known.knows)
    if language != ENGLISH:
        return Question(question, "foreign", text, text, language)
    corrected = known.correct(text)
    if not makes_sense(question, corrected, known):
        return Question(question, "nonsense", question, question)
    if is_about_document(corrected):
        return Question(question, "about_document", corrected, corrected)
    follow_up = bool(turns) and (is_follow_up(corrected) or bool(CONNECTED.fullmatch(text)))
    standalone = complete_question(corrected, turns, known) if follow_up else corrected
    reply = CANNOT if is_instruction(text) else None
    return Question(question, "question", corrected, standalone, reply=reply, is_follow_up=follow_up)


def as_written(question: str) -> Question:
    """Make a question of a text as it is, without correction or rewriting."""
    return Question(question, "as_written", question, question)


def makes_sense(text: str, corrected: str, known: Known) -> bool:
    """Whether any word of a text is a number or known, or most are after spelling correction."""
    spelled = words(corrected)
    share = sum(known.knows(word) for word in spelled)
    return any(word[0].isdigit() or known.knows(word) for word in words(text)) or 2 * share > len(spelled)


def complete_question(question: str, turns: Sequence[Turn], known: Known) -> str:
    """Rewrite a follow-up as a standalone question."""
    earlier = resolve_turns(turns[-MAX_TURNS:], known)
    readings = [reading.question for reading in rewrite(question, earlier) if len(reading.question) <= MAX_QUESTION]
    return next((reading for reading in readings if reading != earlier[-1].question), question)


def resolve_turns(turns: Sequence[Turn], known: Known) -> list[ResolvedTurn]:
    """Give earlier turns their standalone form: the recorded one, else a rewrite."""
    resolved: list[ResolvedTurn] = []
    for turn in turns:
        corrected = known.correct(turn.question)
        readings = rewrite(corrected, resolved) or (Rewrite(corrected),)
        matching = [reading for reading in readings if reading.question == turn.standalone]
        if turn.standalone and not matching:
            matching = [Rewrite(turn.standalone)]
        chosen = (matching or readings)[0]
        resolved.append(ResolvedTurn(chosen.question, chosen.topic, turn.answer))
    return resolved
