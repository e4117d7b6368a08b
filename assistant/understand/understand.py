"""What was asked, understood once: its kind, its words put right, then completed from the conversation."""

import re
from collections.abc import Sequence

from assistant.config import MAX_QUESTION
from assistant.known import Known
from assistant.reader.question import answer_kind
from assistant.structure import is_about_document
from assistant.types import Question, Turn
from assistant.understand.anaphora import Said
from assistant.understand.conversation import Rewrite, leans, rewrite
from assistant.understand.language import ENGLISH, language_of
from assistant.understand.smalltalk import CANNOT, is_instruction, reply_to, without_greeting
from index.folding import words

# What says that it goes on from something: a connective at the beginning, or "then" and the like at the end.
CONNECTED = re.compile(r"\W*(?:so|then|but|and|or|also|what if)\b.*|.*\b(?:then|instead|too|either)\W*", re.I | re.S)
REMEMBERED = 4  # turns that a question can lean on


def understand(question: str, turns: Sequence[Turn], known: Known) -> Question:
    """What a question means after some turns of a conversation, oldest first.

    >>> from assistant import Turn
    >>> turns = [Turn("How many troops will the UN send?", "11,200")]
    >>> asked = understand("And how many police?", turns, Known.of_lexicons({}))
    >>> asked.standalone, asked.answer_kind
    ('How many police will the UN send?', 'quantity')
    """
    if reply := reply_to(question):
        return Question(question, "small_talk", question, question, reply=reply)
    asked = without_greeting(question)
    if reply := reply_to(asked):
        return Question(question, "small_talk", question, question, reply=reply)
    language = language_of(asked, known.knows)
    if language != ENGLISH:
        return Question(question, "foreign", asked, asked, language)
    corrected = known.correct(asked)
    if not makes_sense(question, corrected, known):
        return Question(question, "nonsense", question, question)
    if is_about_document(corrected):
        return Question(question, "about_document", corrected, corrected)
    leaning = bool(turns) and (leans(corrected) or bool(CONNECTED.fullmatch(asked)))
    standalone = complete(corrected, turns, known) if leaning else corrected
    reply = CANNOT if is_instruction(asked) else None
    kind = answer_kind(standalone)
    return Question(question, "question", corrected, standalone, answer_kind=kind, reply=reply, leans=leaning)


def as_written(question: str) -> Question:
    """A question that is taken as it is written: nothing is put right or completed."""
    return Question(question, "as_written", question, question, answer_kind=answer_kind(question))


def makes_sense(text: str, corrected: str, known: Known) -> bool:
    """Whether any word of a text is a number or known, or most of them are once their spelling is put right."""
    spelled = words(corrected)
    share = sum(known.knows(word) for word in spelled)
    return any(word[0].isdigit() or known.knows(word) for word in words(text)) or 2 * share > len(spelled)


def complete(question: str, turns: Sequence[Turn], known: Known) -> str:
    """A question as it would stand alone: completed by its grammar from the turns that it leans on."""
    said = remember(turns[-REMEMBERED:], known)
    readings = [one.question for one in rewrite(question, said) if len(one.question) <= MAX_QUESTION]
    return next((text for text in readings if text != said[-1].question), question)


def remember(turns: Sequence[Turn], known: Known) -> list[Said]:
    """Earlier turns as questions that stand alone, by what is known of them, else by their grammar."""
    said: list[Said] = []
    for turn in turns:
        corrected = known.correct(turn.question)
        readings = rewrite(corrected, said) or (Rewrite(corrected),)
        meant = [one for one in readings if one.question == turn.standalone]
        if turn.standalone and not meant:
            meant = [Rewrite(turn.standalone)]
        chosen = (meant or readings)[0]
        said.append(Said(chosen.question, chosen.topic, turn.answer))
    return said
