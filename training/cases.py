"""Questions asked of documents, with every score of every sentence read for them: what rankings are fitted on.

A case is one reading: of a question as it was asked, with its conversation read along, rewritten or in its standalone
form, or of the document less its answer. Tables are kept in one .npz file, since reading takes minutes and fitting
seconds.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from assistant.assistant import Assistant
from assistant.config import Config
from assistant.reader.features import find_sentences
from assistant.reader.load import SIMPLE_READER
from assistant.reader.network import Network
from eval.documents import DocumentQuestion, QuestionedDocument, from_gold, load_documents
from eval.gold import ARTICLE_GOLD, load_gold
from eval.lessened import find_removed, remove
from eval.metrics.evidence import overlaps
from eval.remembering import RememberingEncoder, RememberingNetwork
from index.dense import Encoder
from index.retriever import Index
from index.store import open_index
from training.rows import Row


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: of which document, in which way (asked, rewritten, standalone or lessened), and whether it is
    answered there."""

    document: str
    id: str
    kind: str
    way: str
    answerable: bool


@dataclass(frozen=True, slots=True)
class Case:
    """What was asked and the sentences read for it: a row of scores each, and whether it is right."""

    asked: Asked
    names: tuple[str, ...]
    table: np.ndarray
    right: np.ndarray


def save_cases(cases: Sequence[Case], path: Path) -> None:
    """Write cases as one .npz file."""
    bounds = np.cumsum([0, *(len(case.right) for case in cases)])
    np.savez_compressed(
        path,
        table=np.concatenate([case.table for case in cases]).astype(np.float32),
        right=np.concatenate([case.right for case in cases]),
        bounds=bounds,
        names=np.array(cases[0].names),
        asked=np.array(json.dumps([asdict(case.asked) for case in cases])),
    )


def load_cases(path: Path) -> list[Case]:
    """Read what `save_cases` wrote."""
    with np.load(path, allow_pickle=False) as file:
        names, bounds = tuple(str(name) for name in file["names"]), file["bounds"]
        table, right, asked = file["table"].astype(float), file["right"], json.loads(str(file["asked"]))
    return [
        Case(Asked(**one), names, table[a:b], right[a:b])
        for one, a, b in zip(asked, bounds[:-1], bounds[1:], strict=True)
    ]


def evenly(cases: Sequence[Case]) -> list[float]:
    """A weight for each case, so that every document counts the same."""
    counts = Counter(case.asked.document for case in cases)
    return [len(cases) / len(counts) / counts[case.asked.document] for case in cases]


def columns(case: Case, names: Sequence[str]) -> np.ndarray:
    """Some columns of a case's table."""
    return case.table[:, [case.names.index(name) for name in names]]


def read_case(
    asked: Asked,
    question: str,
    turns: Sequence[str],
    quoth: Assistant,
    network: Network,
    spans: Sequence[tuple[int, int]],
) -> Case | None:
    """One reading; a sentence that shares a character with a span is right. None where there is nothing to read."""
    query = quoth.known.query(question)
    hits = quoth.index.search(query, quoth.config.passages, context=turns[-1] if turns else None)
    found = find_sentences(question, hits, quoth.index, network, turns)
    if not found:
        return None
    names = tuple(found[0].scores)
    right = [any(overlaps((one.place.sentence.start, one.place.sentence.end), span) for span in spans) for one in found]
    return Case(asked, names, np.array([[one.scores[name] for name in names] for one in found]), np.array(right))


class Examiner:
    """Asks the questions of some documents with one network."""

    def __init__(self, encoder: Encoder, network: Network, index_dir: Path) -> None:
        self.encoder, self.network = RememberingEncoder(encoder), RememberingNetwork(network)
        self.config = Config(index_dir=index_dir, reader=SIMPLE_READER)

    def of(self, index: Index) -> Assistant:
        """An assistant of an index, which this finds the passages with."""
        return Assistant(index, self.config)

    def ask_document(self, document: QuestionedDocument) -> Iterator[Case]:
        """Every question of a document, in every way."""
        index = open_index(document.path, self.config.index_dir, self.config.index, self.encoder)
        self.encoder.remember(index)
        quoth = self.of(index)
        lessened: dict[tuple[tuple[int, int], ...], Assistant | None] = {}
        for question in document.questions:
            yield from self.ask(question, quoth)
            if question.answerable:
                removed = find_removed(document.document, question.spans)
                if removed not in lessened:
                    text = remove(document.document.text, removed)
                    lessened[removed] = Assistant.of_text(text, self.encoder, self.config) if text.strip() else None
                if rest := lessened[removed]:
                    yield from self.ask(question, rest, lessened=True)

    def ask(self, question: DocumentQuestion, quoth: Assistant, lessened: bool = False) -> Iterator[Case]:
        """One question of an assistant's document in every way."""
        spans = () if lessened else question.spans
        turns = [turn if isinstance(turn, str) else " ".join(filter(None, [turn["question"], turn.get("answer")]))
                 for turn in question.turns]  # fmt: skip
        corrected = quoth.known.correct(question.question)
        forms = {"lessened" if lessened else "asked": (corrected, turns)}
        if turns and not lessened:
            rewritten = quoth.ask(question.question, question.turns).standalone_question
            forms |= {"rewritten": (rewritten, []), "both": (rewritten, turns)}
            if question.standalone:
                forms["standalone"] = (question.standalone, [])
        for way, (text, earlier) in forms.items():
            asked = Asked(question.document, question.id, question.kind, way, bool(spans))
            if case := read_case(asked, text, earlier, quoth, self.network, spans):
                yield case


def article_questions(rows: Sequence[Row]) -> tuple[str, list[DocumentQuestion]]:
    """The paragraphs of an article as one text, and its questions with the places of their answers in it."""
    contexts = list(dict.fromkeys(row.context for row in rows))
    begins = dict(zip(contexts, np.cumsum([0] + [len(context) + 2 for context in contexts]).tolist(), strict=False))
    questions = [
        DocumentQuestion(row.article, f"{row.article}-{n}", "squad", row.question, (), None, bool(row.answers),
                         tuple((begins[row.context] + a, begins[row.context] + b) for a, b in row.answers), (), ())
        for n, row in enumerate(rows)
    ]  # fmt: skip
    return "\n\n".join(contexts), questions


def collect(
    documents: Path, rows: Sequence[Row], encoder: Encoder, network: Network, index_dir: Path
) -> Iterator[Case]:
    """Every case: of a folder of documents, of the article's dev questions, and of a public article's rows."""
    examiner = Examiner(encoder, network, index_dir)
    for document in load_documents(documents):
        yield from examiner.ask_document(document)
    article = open_index(Config().source, index_dir, examiner.config.index, examiner.encoder)
    gold = [one for one in load_gold(ARTICLE_GOLD, article.documents) if one.question.split == "dev"]
    path = Config().source
    (only,) = article.documents.values()
    yield from examiner.ask_document(QuestionedDocument(path, only, from_gold(gold)))
    text, questions = article_questions(rows)
    public = Assistant.of_text(text, examiner.encoder, examiner.config)
    for question in questions:
        yield from examiner.ask(question, public)
