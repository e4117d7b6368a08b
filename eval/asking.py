"""Asking the questions of documents: as they are, on their own, and of the document less its answer."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.config import Config
from assistant.reader import Reader
from assistant.reader.load import load_reader
from eval.documents import DocumentQuestion, QuestionedDocument
from eval.harness import source_code
from eval.lessened import find_removed, remove, sha256
from eval.metrics.evidence import Offsets
from eval.remembering import RememberingEncoder, remembering_reader
from eval.resuming import Key, Task
from index.dense import Encoder
from index.document.sources import SourceFile
from index.retriever import Index
from index.store import make_index, open_index

ASKED, STANDALONE, LESSENED = "asked", "standalone", "lessened"  # the ways in which a question is asked
FOLD = "{document}"  # in a reader's name: the reader of that document, fitted without it
Progress = Callable[[int, int], None]  # done, of how many
NOTHING: dict[str, Any] = {
    "confidence": 0.0,
    "answer": None,
    "evidence": [],
}  # what a document without a sentence answers


class PairedAssistant:
    """An assistant that always answers, and those of its documents less some sentences, each made once."""

    def __init__(self, index: Index, config: Config, reader: Reader) -> None:
        self.config, self.reader = replace(config, threshold=0), remembering_reader(reader)
        self.index = index
        self.encoder = RememberingEncoder(index.encoder)
        self.encoder.remember(index)
        self.whole = Assistant(index, self.config, self.reader)
        self._lessened = cache(self._lessen)

    def ask(self, question: DocumentQuestion, way: str) -> dict[str, Any]:
        """The answer to a question asked in one of the ways."""
        if way == STANDALONE:
            return compact(self.whole.ask(question.standalone or question.question).to_dict())
        assistant: Assistant | None = self.whole
        if way == LESSENED:
            document = self.index.documents[question.document]
            assistant = self._lessened(document.id, find_removed(document, question.spans))
        return compact(assistant.ask(question.question, question.turns).to_dict()) if assistant else NOTHING

    def _lessen(self, name: str, removed: tuple[Offsets, ...]) -> Assistant | None:
        """The assistant of the documents, one of them without some spans; None if nothing is left to read."""
        texts = {document.id: document.text for document in self.index.documents.values()}
        texts[name] = remove(texts[name], removed)
        files = [
            SourceFile(document.id, Path(f"{document.id}.txt"), text, sha256(text), document.metadata)
            for document, text in zip(self.index.documents.values(), texts.values())
            if text.strip()
        ]
        if not files:
            return None
        return Assistant(make_index(files, self.encoder, self.index.config), self.config, self.reader)


def compact(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer as a record keeps it: without its trace, which is larger than all of the rest."""
    return {name: value for name, value in answer.items() if name != "trace"}


def ways(question: DocumentQuestion, pairs: bool = True) -> Iterator[str]:
    """How a question is asked; those that are not answered, of the document alone."""
    yield ASKED
    if question.standalone and question.turns:
        yield STANDALONE
    if pairs and question.answerable:
        yield LESSENED


def make_tasks(
    documents: Sequence[QuestionedDocument], config: Config, encoder: Encoder, pairs: bool = True
) -> dict[Key, Task]:
    """What there is to ask of every document, each of which is an index of its own, opened when it is its turn.

    With `{document}` in the reader's name each document is read by its own reader, which was fitted without it.
    """
    opened: dict[str, PairedAssistant] = {}
    load = cache(load_reader)

    def open_document(one: QuestionedDocument) -> PairedAssistant:
        if one.document.id not in opened:
            opened.clear()  # one at a time is held
            name = config.reader.replace(FOLD, one.document.id)
            index = open_index(one.path, config.index_dir, config.index, encoder)
            opened[one.document.id] = PairedAssistant(index, config, load(name))
        return opened[one.document.id]

    def task(one: QuestionedDocument, question: DocumentQuestion, way: str) -> Task:
        return lambda: open_document(one).ask(question, way)

    return {
        (question.id, way): task(one, question, way)
        for one in documents
        for question in one.questions
        for way in ways(question, pairs)
    }


def pair_tasks(quoth: Assistant, questions: Sequence[DocumentQuestion]) -> dict[Key, Task]:
    """Each answerable question, to be asked of an assistant's documents less its answer."""
    paired = PairedAssistant(quoth.index, quoth.config, quoth.reader)

    def task(question: DocumentQuestion) -> Task:
        return lambda: paired.ask(question, LESSENED)

    return {(question.id, LESSENED): task(question) for question in questions if question.answerable}


def measured_on(documents: Sequence[QuestionedDocument], config: Config, encoder: Encoder) -> dict[str, Any]:
    """What a run over documents was of: their texts, questions, models and settings."""
    questions = json.dumps([asdict(question) for one in documents for question in one.questions], sort_keys=True)
    names = dict.fromkeys(config.reader.replace(FOLD, one.document.id) for one in documents)
    return {
        "documents": {one.document.id: one.document.sha256 for one in documents},
        "gold": sha256(questions),
        "index": asdict(config.index),
        "encoder": encoder.fingerprint,
        "reader": [load_reader(name).fingerprint for name in names],
        "settings": {
            "threshold": config.threshold,
            "passages": config.passages,
            "quotations": config.quotations,
        },
    }


def fingerprint(measured: dict[str, Any], pairs: bool) -> str:
    """What must be the same for a stopped run to go on."""
    return hashlib.sha256(json.dumps([measured, pairs, source_code()], sort_keys=True).encode()).hexdigest()
