"""Short answers against gold ones: exact match, token F1, and a strict form for numbers and dates.

Normalisation, exact match and F1 follow the official SQuAD scorers (Rajpurkar et al., "SQuAD: 100,000+
Questions for Machine Comprehension of Text", EMNLP 2016; Rajpurkar, Jia and Liang, "Know What You Don't
Know: Unanswerable Questions for SQuAD", ACL 2018).
"""

import re
import string
from collections import Counter

ARTICLES = re.compile(r"\b(a|an|the)\b")
PUNCTUATION = frozenset(string.punctuation)
NUMBER = re.compile(
    r"[$€£]?\d+(?:[.,]\d+)*(?:\s?%|\s(?:per ?cent|thousand|million|billion|trillion)\b)?", re.IGNORECASE
)
MONTH = re.compile(
    r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b"
)


def normalize(text: str) -> str:
    """SQuAD's normalisation: lower case, no ASCII punctuation, no articles, single spaces.

    >>> normalize("The  U.S. army")
    'us army'
    """
    small = "".join(c for c in text.lower() if c not in PUNCTUATION)
    return " ".join(ARTICLES.sub(" ", small).split())


def exact_match(predicted: str, gold: str) -> float:
    """1 if the two are the same once normalised, else 0."""
    return float(normalize(predicted) == normalize(gold))


def token_f1(predicted: str, gold: str) -> float:
    """F1 of the bags of normalised words; 1 if both are empty, 0 if just one is."""
    predicted_words, gold_words = normalize(predicted).split(), normalize(gold).split()
    if not predicted_words or not gold_words:
        return float(predicted_words == gold_words)
    shared = sum((Counter(predicted_words) & Counter(gold_words)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted_words), shared / len(gold_words)
    return 2 * precision * recall / (precision + recall)


def figures(text: str) -> Counter[str]:
    """The numbers of a text, with their currency, per cent sign and magnitude, and its months.

    >>> sorted(figures("$1,440 million on 3 March: 3.5 percent"))
    ['$1440million', '3', '3.5%', 'Mar']
    """
    numbers = [re.sub(r"[\s,]", "", number.lower()) for number in NUMBER.findall(text)]
    numbers = [re.sub(r"percent$", "%", number) for number in numbers]
    return Counter(numbers + [month[:3] for month in MONTH.findall(text)])


def strict_match(predicted: str, gold: str) -> float:
    """1 if both have exactly the same numbers and months, else 0: "3.5%" is not "35"."""
    gold_figures = figures(gold)
    return float(gold_figures == figures(predicted)) if gold_figures else exact_match(predicted, gold)
