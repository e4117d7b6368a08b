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
        for match in NAME.finditer(question):
            name = re.sub(r"^(?:Who|What|When|Where|Why|Which|How|Is|Are|Was|Were|Did|Does|Do|The) ", "", match[0])
            if " " not in name or all(self.vocabulary.knows_stem(term, True) for term in terms(name)):
                continue
            alike = self.vocabulary.sharing(words(name))
            best = max(alike, key=lambda known: fuzz.ratio(fold(known), fold(name)), default="")
            if fuzz.ratio(fold(best), fold(name)) >= ALIKE:
                question = question.replace(name, best)
        return question


def learn_names(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Find the abbreviations of a text with their long forms, and its names of several words."""
    short: dict[str, str] = {}
    for match in SHORT.finditer(text):
        long = long_form(match["short"], text[max(0, match.start() - 150) : match.start()])
        if long:
            short.setdefault(match["short"], long)
    return short, tuple(dict.fromkeys(" ".join(name[0].split()) for name in NAME.finditer(text)))


def long_form(short: str, before: str) -> str | None:
    """Find the long form of a parenthesised abbreviation in the text before it; None if nothing fits.

    Matches the abbreviation's letters from the end (Schwartz and Hearst, "A simple algorithm for identifying
    abbreviation definitions in biomedical text", PSB 2003); else takes the name before it, if the first letter agrees.

    >>> long_form("NRC", "It was the National Rivers Council ")
    'National Rivers Council'
    """
    name_match = LONG.search(before)
    max_words = min(len(short) + 5, 2 * len(short))
    candidate = " ".join(before.split()[-max_words:])
    position = len(candidate)
    for number in range(len(short) - 1, -1, -1):
        letter = short[number].lower()
        if not letter.isalnum():
            continue
        position -= 1
        while position >= 0 and (
            candidate[position].lower() != letter
            or (number == 0 and position > 0 and candidate[position - 1].isalnum())
        ):
            position -= 1
        if position < 0:
            break
    name = re.sub(r"^The ", "", " ".join(name_match[0].split())) if name_match else ""
    if position >= 0 and " " in candidate[position:]:
        return name if name.endswith(candidate[position:]) and len(name.split()) <= max_words else candidate[position:]
    starts = [word.start() for word in re.finditer(CAPITALISED, name) if fold(word[0])[0] == fold(short)[0]]
    return name[starts[0] :] if starts and " " in name[starts[0] :] else None
