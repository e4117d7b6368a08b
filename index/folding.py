"""Words as they are matched: case, diacritics and apostrophes folded, endings cut. Never shown."""

import re
import unicodedata
from functools import lru_cache
from threading import local

import snowballstemmer

OWN = local()
APOSTROPHES = re.compile(r"[’‘'`´ʼʻʿʾ]")
TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
POSSESSIVE = re.compile(r"(?<=\w)[’'`´ʼ]s\b")
LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i"})

# Words that carry a question's form, not its subject.
FUNCTION_WORDS = frozenset(
    """
    a about am an and any are arent as at be been being but by can cant could couldnt did didnt do does doesnt
    doing dont for from had hadnt has hasnt have havent having he her hers him his how i if im in into is isnt
    it its itself ive let me my no nor not of on or our ours out over own please s shall she should shouldnt so
    such tell than that the their theirs them then there these they theyre this those to too under up very was
    wasnt we were werent weve what whats when where wheres which while who whom whos whose why will with wont
    would wouldnt you your youre yours
    """.split()  # noqa: SIM905
)


def fold(text: str) -> str:
    """`text` in small letters, without diacritics and apostrophes: "Touré" -> "toure", "al-Qa`ida" -> "al-qaida"."""
    if text.isascii():
        return APOSTROPHES.sub("", text).lower()
    decomposed = unicodedata.normalize("NFKD", APOSTROPHES.sub("", text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(LETTERS)


def stemmer() -> "snowballstemmer.stemmer":
    """The English Snowball stemmer of this thread: it keeps the word that it works on, and cannot be shared."""
    if not hasattr(OWN, "stemmer"):
        OWN.stemmer = snowballstemmer.stemmer("english")
    return OWN.stemmer


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A folded word without its ending."""
    return str(stemmer().stemWord(word))


def words(text: str) -> list[str]:
    """The folded words and numbers of a text, in order, endings kept: "Mali’s 11,200" -> mali, 11200."""
    plain = DOTTED.sub(lambda match: match[0].replace(".", ""), POSSESSIVE.sub("", text))
    return [token.replace(",", "") for token in TOKEN.findall(fold(plain))]


def terms(text: str) -> list[str]:
    """The stems that BM25 counts: the words of a text less its function words."""
    return [stem(word) for word in words(text) if word not in FUNCTION_WORDS]
