"""The names that documents use, and their short forms: learned from the documents, used in both directions."""

import re

from rapidfuzz import fuzz

from assistant.understand.vocabulary import Vocabulary
from index.folding import fold, terms, words
from index.patterns import CAPITALISED, LINK

SHORT = re.compile(r"\((?P<short>[A-Z][\w&-]{1,9})\)")
LONG = re.compile(rf"(?:\b(?:al|el)-)?\b{CAPITALISED}(?:[ \n](?:{LINK}[ \n]){{0,2}}{CAPITALISED})*(?=[ \n]$)")
NAME = re.compile(rf"\b{CAPITALISED}(?:[ \n](?:{LINK}[ \n])?{CAPITALISED})+")
WHO_IS = re.compile(rf"\s*[Ww]ho(?: is| was|[’']s) (?P<name>{CAPITALISED})\s*\?*\s*$")
ALIKE = 84  # rapidfuzz's ratio, of 100, from which two spellings are one name


class Names:
    """The names of some documents in both directions: short forms and long ones, surnames and whole names."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def expand(self, question: str) -> str:
        """A question as a query: behind it the other form of each name in it: "the NRC? National Rivers Council"."""
        spoken = words(question)
        folded = " ".join(spoken)
        pairs = self.vocabulary.short_forms(spoken)
        added = [long for short, long in pairs if fold(short) in spoken and " ".join(words(long)) not in folded]
        added += [short for short, long in pairs if " ".join(words(long)) in folded and fold(short) not in spoken]
        return " ".join([question, *added])

    def respell(self, question: str) -> str:
        """A question with its names of several words spelled as the documents do."""
        surname = WHO_IS.match(question)
        full = self.vocabulary.called(fold(surname["name"])) if surname else []
        if surname and len(full) == 1:
            return question.replace(surname["name"], full[0])
        for found in NAME.finditer(question):
            name = re.sub(r"^(?:Who|What|When|Where|Why|Which|How|Is|Are|Was|Were|Did|Does|Do|The) ", "", found[0])
            if " " not in name or all(self.vocabulary.knows_stem(term, True) for term in terms(name)):
                continue
            alike = self.vocabulary.sharing(words(name))
            best = max(alike, key=lambda known: fuzz.ratio(fold(known), fold(name)), default="")
            if fuzz.ratio(fold(best), fold(name)) >= ALIKE:
                question = question.replace(name, best)
        return question


def learn_names(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The short forms of a text with what they stand for, and its names of several words."""
    short: dict[str, str] = {}
    for found in SHORT.finditer(text):
        long = long_form(found["short"], text[max(0, found.start() - 150) : found.start()])
        if long:
            short.setdefault(found["short"], long)
    return short, tuple(dict.fromkeys(" ".join(name[0].split()) for name in NAME.finditer(text)))


def long_form(short: str, before: str) -> str | None:
    """What a short form in brackets stands for, in the text before it; None where nothing fits.

    The letters of the short form are looked for from the end (Schwartz and Hearst, "A simple algorithm for
    identifying abbreviation definitions in biomedical text", PSB 2003); else the name before it, if it begins alike.

    >>> long_form("NRC", "It was the National Rivers Council ")
    'National Rivers Council'
    """
    named = LONG.search(before)
    most = min(len(short) + 5, 2 * len(short))
    candidate = " ".join(before.split()[-most:])
    at = len(candidate)
    for number in range(len(short) - 1, -1, -1):
        letter = short[number].lower()
        if not letter.isalnum():
            continue
        at -= 1
        while at >= 0 and (candidate[at].lower() != letter or (number == 0 and at > 0 and candidate[at - 1].isalnum())):
            at -= 1
        if at < 0:
            break
    name = re.sub(r"^The ", "", " ".join(named[0].split())) if named else ""
    if at >= 0 and " " in candidate[at:]:
        return name if name.endswith(candidate[at:]) and len(name.split()) <= most else candidate[at:]
    starts = [word.start() for word in re.finditer(CAPITALISED, name) if fold(word[0])[0] == fold(short)[0]]
    return name[starts[0] :] if starts and " " in name[starts[0] :] else None
