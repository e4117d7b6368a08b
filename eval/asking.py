"""Asking documents their questions: as written, in their standalone form, and with the answer removed."""

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
from eval.caching import CachingEncoder, cache_reader
from eval.documents import DocumentQuestion, QuestionedDocument
from eval.harness import source_code
from eval.metrics.evidence import Offsets
from eval.removal import find_removed, remove, sha256
from eval.resuming import Key, Task
from index.dense import Encoder
from index.document.sources import SourceFile
from index.retriever import Index
from index.store import make_index, open_index

ASKED, STANDALONE, ANSWER_REMOVED = "asked", "standalone", "lessened"  # the conditions a question is asked under
FOLD = "{document}"  # in a reader's name: the id of the document that the reader was fitted without
Progress = Callable[[int, int], None]  # done, total
NO_ANSWER: dict[str, Any] = {
    "confidence": 0.0,
    "answer": None,
    "evidence": [],
}  # the answer from a document without sentences


class PairedAssistant:
    """An assistant at threshold 0, and cached ones over its documents with the answering sentences removed."""

    def __init__(self, index: Index, config: Config, reader: Reader) -> None:
        self.config, self.reader = replace(config, threshold=0), cache_reader(reader)
        self.index = index
        self.encoder = CachingEncoder(index.encoder)
        self.encoder.add_index(index)
        self.whole = Assistant(index, self.config, self.reader)
        self._assistant_without = cache(self._remove_spans)

    def ask(self, question: DocumentQuestion, way: str) -> dict[str, Any]:
        """Answer a question under one of the conditions."""
        if way == STANDALONE:
            return drop_trace(self.whole.ask(question.standalone or question.question).to_dict())
        assistant: Assistant | None = self.whole
        if way == ANSWER_REMOVED:
            document = self.index.documents[question.document]
            assistant = self._assistant_without(document.id, find_removed(document, question.spans))
        return drop_trace(assistant.ask(question.question, question.turns).to_dict()) if assistant else NO_ANSWER

    def _remove_spans(self, name: str, removed: tuple[Offsets, ...]) -> Assistant | None:
        """Make an assistant over the documents with some spans of one removed; None if no text is left."""
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


def drop_trace(answer: dict[str, Any]) -> dict[str, Any]:
    """Remove the trace from an answer, since it is larger than all of the rest."""
    return {name: value for name, value in answer.items() if name != "trace"}


def ways(question: DocumentQuestion, pairs: bool = True) -> Iterator[str]:
    """Yield the conditions that apply to a question."""
    yield ASKED
    if question.standalone and question.turns:
        yield STANDALONE
    if pairs and question.answerable:
        yield ANSWER_REMOVED


def make_tasks(
    documents: Sequence[QuestionedDocument], config: Config, encoder: Encoder, pairs: bool = True
) -> dict[Key, Task]:
    """Make the tasks of asking every document its questions; each document's index is opened when it is needed.

    With `{document}` in the reader's name each document gets its own reader, which was fitted without it.
    """
    opened: dict[str, PairedAssistant] = {}
    load = cache(load_reader)

    def open_document(source: QuestionedDocument) -> PairedAssistant:
        if source.document.id not in opened:
            opened.clear()  # one at a time is kept
            name = config.reader.replace(FOLD, source.document.id)
            index = open_index(source.path, config.index_dir, config.index, encoder)
            opened[source.document.id] = PairedAssistant(index, config, load(name))
        return opened[source.document.id]

    def task(source: QuestionedDocument, question: DocumentQuestion, way: str) -> Task:
        return lambda: open_document(source).ask(question, way)

    return {
        (question.id, way): task(source, question, way)
        for source in documents
        for question in source.questions
        for way in ways(question, pairs)
    }


def make_pair_tasks(quoth: Assistant, questions: Sequence[DocumentQuestion]) -> dict[Key, Task]:
    """Make the tasks of asking each answerable question with its answer removed from the document."""
    paired = PairedAssistant(quoth.index, quoth.config, quoth.reader)

    def task(question: DocumentQuestion) -> Task:
        return lambda: paired.ask(question, ANSWER_REMOVED)

    return {(question.id, ANSWER_REMOVED): task(question) for question in questions if question.answerable}


def describe_run(documents: Sequence[QuestionedDocument], config: Config, encoder: Encoder) -> dict[str, Any]:
    """Describe a run over documents: hashes of texts and questions, models and settings."""
    questions = json.dumps([asdict(question) for source in documents for question in source.questions], sort_keys=True)
    names = dict.fromkeys(config.reader.replace(FOLD, source.document.id) for source in documents)
    return {
        "documents": {source.document.id: source.document.sha256 for source in documents},
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


def fingerprint(description: dict[str, Any]) -> str:
    """Hash what must be unchanged for a stopped run to be resumed."""
    return hashlib.sha256(json.dumps([description, source_code()], sort_keys=True).encode()).hexdigest()
