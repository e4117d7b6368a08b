"""Query understanding: the kind of a question, spelling correction, and whether it leans on the conversation."""

from collections.abc import Sequence

from assistant.known import Known
from assistant.structure import is_about_document
from assistant.types import Question, Turn
from assistant.understand.follow_up import is_follow_up
from assistant.understand.language import ENGLISH, language_of
from assistant.understand.smalltalk import CANNOT, is_instruction, reply_to, without_greeting
from index.folding import words


def understand(question: str, turns: Sequence[Turn], known: Known) -> Question:
    """Understand a question after some turns of a conversation, oldest first.

    >>> from assistant import Turn
    >>> from assistant.understand.vocabulary import Vocabulary
    >>> turns = [Turn("How many troops will the UN send?", "11,200")]
    >>> asked = understand("And how many police?", turns, Known(Vocabulary.of([])))
    >>> asked.corrected, asked.is_follow_up
    ('And how many police?', True)
    """
    if reply := reply_to(question):
        return Question(question, "small_talk", question, reply=reply)
    text = without_greeting(question)
    if reply := reply_to(text):
        return Question(question, "small_talk", question, reply=reply)
    language = language_of(text, known.knows)
    if language != ENGLISH:
        return Question(question, "foreign", text, language)
    corrected = known.correct(text)
    if not makes_sense(question, corrected, known):
        return Question(question, "nonsense", question)
    if is_about_document(corrected):
        return Question(question, "about_document", corrected)
    follow_up = bool(turns) and is_follow_up(corrected)
    reply = CANNOT if is_instruction(text) else None
    return Question(question, "question", corrected, reply=reply, is_follow_up=follow_up)


def as_written(question: str) -> Question:
    """Make a question of a text as it is, without correction; it leans on nothing."""
    return Question(question, "as_written", question)


def makes_sense(text: str, corrected: str, known: Known) -> bool:
    """Whether any word of a text is a number or known, or most are after spelling correction."""
    spelled = words(corrected)
    share = sum(known.knows(word) for word in spelled)
    return any(word[0].isdigit() or known.knows(word) for word in words(text)) or 2 * share > len(spelled)
