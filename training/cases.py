"""Cases: questions with the feature scores of every sentence read for them, on which the rankings are fitted.

A question gives several cases: as it was asked, together with its conversation, in its standalone form, and on the
document without its answer. Some that ask for a source are also asked of another document, which does not answer
them: gold has few of these. All are saved in one .npz file, since reading takes minutes and fitting seconds.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from assistant.assistant import Assistant
from assistant.config import Config
from assistant.reader.features import find_sentences
from assistant.reader.load import SIMPLE_READER
from assistant.reader.network import Network
from assistant.reader.question import asks_for_source
from eval.caching import CachingEncoder, CachingNetwork
from eval.documents import DocumentQuestion, QuestionedDocument, from_gold, load_documents
from eval.gold import ARTICLE_GOLD, load_gold
from eval.metrics.evidence import overlaps
from eval.removal import find_removed, remove
from index.dense import Encoder
from index.document.types import Document
from index.retriever import Index
from index.store import open_index
from training.rows import Row
from training.written_documents import PREFIX, Made

ELSEWHERE = 8  # questions of other documents that a document is asked
MADE_WEIGHT = 0.3  # of a document made of passages, beside 1 for any other


@dataclass(frozen=True, slots=True)
class CaseQuestion:
    """The question of a case: the document it was asked of, its form (`way`: asked, standalone, lessened for the
    document without its answer, or elsewhere for another document than its own; older files have others, which are
    not looked at), and whether the document answers it."""

    document: str
    id: str
    kind: str
    way: str
    answerable: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A question and the sentences read for it: scores (sentences, features), and which sentences are right."""

    question: CaseQuestion
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
        asked=np.array(json.dumps([asdict(case.question) for case in cases])),
    )


def load_cases(path: Path) -> list[Case]:
    """Read what `save_cases` wrote."""
    with np.load(path, allow_pickle=False) as file:
        names, bounds = tuple(str(name) for name in file["names"]), file["bounds"]
        table, right, questions = file["table"].astype(float), file["right"], json.loads(str(file["asked"]))
    return [
        Case(CaseQuestion(**entry), names, table[a:b], right[a:b])
        for entry, a, b in zip(questions, bounds[:-1], bounds[1:], strict=True)
    ]


def is_made(case: Case) -> bool:
    """Whether a case is of a document that was made for fitting alone, on which nothing is reported."""
    return case.question.document.startswith(PREFIX)


def balanced_weights(cases: Sequence[Case]) -> list[float]:
    """Return a weight for each case, such that every document has the same total, and made ones MADE_WEIGHT of it."""
    counts = Counter(case.question.document for case in cases)
    return [
        len(cases) / len(counts) / counts[case.question.document] * (MADE_WEIGHT if is_made(case) else 1)
        for case in cases
    ]


def columns(case: Case, names: Sequence[str]) -> np.ndarray:
    """Return the named columns of a case's table."""
    return case.table[:, [case.names.index(name) for name in names]]


def read_case(
    case_question: CaseQuestion,
    question: str,
    turns: Sequence[str],
    quoth: Assistant,
    network: Network,
    spans: Sequence[tuple[int, int]],
) -> Case | None:
    """Retrieve and score sentences for a question; those that overlap a span are right. None if nothing was found."""
    query = quoth.known.query(question)
    hits = quoth.index.search(query, quoth.config.passages, context=turns[-1] if turns else None)
    candidates = find_sentences(question, hits, quoth.index, network, turns)
    if not candidates:
        return None
    names = tuple(candidates[0].scores)
    right = [
        any(overlaps((candidate.place.sentence.start, candidate.place.sentence.end), span) for span in spans)
        for candidate in candidates
    ]
    return Case(
        case_question,
        names,
        np.array([[candidate.scores[name] for name in names] for candidate in candidates]),
        np.array(right),
    )


class Examiner:
    """Asks documents their questions with one network, caching what encoder and network compute."""

    def __init__(self, encoder: Encoder, network: Network, index_dir: Path) -> None:
        self.encoder, self.network = CachingEncoder(encoder), CachingNetwork(network)
        self.config = Config(index_dir=index_dir, reader=SIMPLE_READER)

    def assistant_of(self, index: Index) -> Assistant:
        """Return an assistant over an index."""
        return Assistant(index, self.config)

    def ask_document(self, document: QuestionedDocument, others: Sequence[DocumentQuestion] = ()) -> Iterator[Case]:
        """Yield the cases of every question of a document, and of some of other documents."""
        index = open_index(document.path, self.config.index_dir, self.config.index, self.encoder)
        self.encoder.add_index(index)
        quoth = self.assistant_of(index)
        yield from self.ask_pairs(document.document, document.questions, quoth)
        for question in others:
            way = CaseQuestion(document.document.id, question.id, question.kind, "elsewhere", False)
            if case := read_case(way, question.question, (), quoth, self.network, ()):
                yield case

    def ask_text(self, text: str, questions: Sequence[DocumentQuestion]) -> Iterator[Case]:
        """Yield the cases of every question of a text."""
        quoth = Assistant.of_text(text, self.encoder, self.config)
        yield from self.ask_pairs(quoth.index.documents["text"], questions, quoth)

    def ask_pairs(self, document: Document, questions: Sequence[DocumentQuestion], quoth: Assistant) -> Iterator[Case]:
        """Yield the cases of questions on their document, and on the document without the answer."""
        lessened: dict[tuple[tuple[int, int], ...], Assistant | None] = {}
        for question in questions:
            yield from self.ask(question, quoth)
            if question.answerable:
                removed = find_removed(document, question.spans)
                if removed not in lessened:
                    text = remove(document.text, removed)
                    lessened[removed] = Assistant.of_text(text, self.encoder, self.config) if text.strip() else None
                if remaining := lessened[removed]:
                    yield from self.ask(question, remaining, lessened=True)

    def ask(self, question: DocumentQuestion, quoth: Assistant, lessened: bool = False) -> Iterator[Case]:
        """Yield the cases of one question."""
        spans = () if lessened else question.spans
        turns = [turn if isinstance(turn, str) else " ".join(filter(None, [turn["question"], turn.get("answer")]))
                 for turn in question.turns]  # fmt: skip
        corrected = quoth.known.correct(question.question)
        forms = {"lessened" if lessened else "asked": (corrected, turns)}
        if turns and not lessened and question.standalone:
            forms["standalone"] = (question.standalone, [])
        for way, (text, earlier) in forms.items():
            case_question = CaseQuestion(question.document, question.id, question.kind, way, bool(spans))
            if case := read_case(case_question, text, earlier, quoth, self.network, spans):
                yield case


def article_questions(rows: Sequence[Row]) -> tuple[str, list[DocumentQuestion]]:
    """Join the paragraphs of an article into one text; return it and its questions with their answers' offsets."""
    contexts = list(dict.fromkeys(row.context for row in rows))
    begins = dict(zip(contexts, np.cumsum([0] + [len(context) + 2 for context in contexts]).tolist(), strict=False))
    questions = [
        DocumentQuestion(row.article, f"{row.article}-{n}", "squad", row.question, (), None, bool(row.answers),
                         tuple((begins[row.context] + a, begins[row.context] + b) for a, b in row.answers), (), ())
        for n, row in enumerate(rows)
    ]  # fmt: skip
    return "\n\n".join(contexts), questions


def paragraphs_alone(rows: Sequence[Row]) -> Iterator[tuple[str, list[DocumentQuestion]]]:
    """Yield each paragraph of an article as a text of its own with its questions, under one name."""
    for context in dict.fromkeys(row.context for row in rows):
        text, questions = article_questions([row for row in rows if row.context == context])
        yield text, [replace(question, document=f"{question.document} alone") for question in questions]


def source_questions(documents: Sequence[QuestionedDocument], asked_of: str) -> list[DocumentQuestion]:
    """Draw ELSEWHERE answerable questions that ask for a source from the documents but the one they are asked of."""
    questions = [
        question
        for document in documents
        for question in document.questions
        if document.document.id != asked_of and question.answerable and not question.turns
        if asks_for_source(question.question)
    ]
    return random.Random(asked_of).sample(questions, min(ELSEWHERE, len(questions)))


def collect(
    documents: Path,
    rows: Sequence[Row],
    made: Iterable[Made],
    encoder: Encoder,
    network: Network,
    index_dir: Path,
) -> Iterator[Case]:
    """Yield the cases of a folder of documents, of the article's dev questions, of a public article's rows and of its
    paragraphs alone, and of made documents."""
    examiner = Examiner(encoder, network, index_dir)
    questioned = list(load_documents(documents))
    for document in questioned:
        yield from examiner.ask_document(document, source_questions(questioned, document.document.id))
    article = open_index(Config().source, index_dir, examiner.config.index, examiner.encoder)
    gold = [item for item in load_gold(ARTICLE_GOLD, article.documents) if item.question.split == "dev"]
    path = Config().source
    (only,) = article.documents.values()
    asked = QuestionedDocument(path, only, from_gold(gold))
    yield from examiner.ask_document(asked, source_questions(questioned, only.id))
    text, questions = article_questions(rows)
    public = Assistant.of_text(text, examiner.encoder, examiner.config)
    for question in questions:
        yield from examiner.ask(question, public)
    for text, questions in paragraphs_alone(rows):
        yield from examiner.ask_text(text, questions)
    for _, text, written in made:
        yield from examiner.ask_text(text, written)
