"""Reading for a question in another language than the documents', where names, numbers or vectors can carry it."""

import re

from assistant.reader import Selection
from assistant.reader.sentence import SentenceReader
from index.folding import fold
from index.retriever import Index

NAME = re.compile(r"(?<!^)\b[^\W\d_a-z][\w’'-]+|\d[\d.,]*\d|\d")


def shares_names(question: str, selection: Selection) -> bool:
    """Whether the best quotation has every name and number of the question, which has at least one."""
    names = [fold(name) for name in NAME.findall(question.strip(" ¿¡"))]
    quote = fold(" ".join(sentence.plain for sentence in selection.candidates[0].passage.sentences))
    return bool(names) and all(name in quote for name in names)


def read_across(question: str, index: Index, passages: int) -> Selection:
    """The sentences nearest to a question by an encoder that knows its language; none by one that does not."""
    if not index.encoder.multilingual:
        return Selection((), 0.0)
    return SentenceReader(("dense",)).read(question, index.search(question, passages, ("dense",)), index)
