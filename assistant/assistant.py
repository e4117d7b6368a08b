"""Assistant.ask: complete the question, retrieve, read, then cite or abstain."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assistant.config import DEFAULT_READER, MAX_HISTORY, MAX_QUESTION, THRESHOLD, Config
from assistant.conversation import stand_alone
from assistant.reader import Candidate, Reader, Selection
from assistant.reader.load import load_reader
from assistant.structure import read_structure
from assistant.types import Abstention, Answer, Citation, Evidence, SourceWork, Turn
from index.dense import DEFAULT_ENCODER, Encoder, Progress
from index.errors import QuestionError, SourceError
from index.retriever import Index
from index.sources import SourceFile
from index.store import Say, make_index, open_index
from index.types import Document, Hit, IndexConfig, Metadata, Passage

NOTHING_MATCHES = "Nothing in the document matches this question."
NOT_SURE = "The document does not seem to say."


class Assistant:
    """Answers questions about the documents of an index, in their own words."""

    def __init__(self, index: Index, config: Config = Config(), reader: Reader | None = None) -> None:
        self.index = index
        self.config = config
        self.reader = reader or load_reader(config.reader)

    @classmethod
    def open(
        cls,
        source: str | Path = "source_docs",
        *,
        index_dir: str | Path = ".quoth",
        encoder: str = DEFAULT_ENCODER,
        reader: str = DEFAULT_READER,
        threshold: float = THRESHOLD,
    ) -> "Assistant":
        """The assistant of a document or a folder of them; the index is loaded, or made.

        Raises SourceError, EncoderError, ReaderError or StoreError.
        """
        return cls.from_config(Config(Path(source), Path(index_dir), IndexConfig(encoder), threshold, reader))

    @classmethod
    def from_config(
        cls,
        config: Config,
        encoder: Encoder | None = None,
        say: Say = lambda message: None,
        progress: Progress | None = None,
    ) -> "Assistant":
        """The same, with every setting, and told what goes on."""
        reader = load_reader(config.reader)  # before the index, which may take minutes to make
        return cls(open_index(config.source, config.index_dir, config.index, encoder, say, progress), config, reader)

    def suggest(self, count: int = 3) -> tuple[str, ...]:
        """Questions drawn from the documents."""
        headings = [s.heading for d in self.index.documents.values() for s in d.sections if s.heading]
        return tuple(f"What is said under “{heading}”?" for heading in headings[:count])

    def ask(
        self, question: str, history: Sequence[Turn | str | Mapping[str, object]] = (), complete: bool = True
    ) -> Answer:
        """The answer to a question, after the earlier turns of its conversation, oldest first.

        Raises QuestionError if the question is empty or too long, or the history is not one.
        """
        began = time.perf_counter()
        question = check_question(question)
        turns = [check_turn(turn) for turn in check_history(history)]
        standalone = stand_alone(question, turns) if complete else question
        hits = self.index.search(standalone, self.config.passages)
        retrieved = time.perf_counter()
        answer = self.answer(question, standalone, hits)
        if answer.abstention:
            answer = replace(answer, abstention=replace(answer.abstention, suggestions=self.suggest()))
        ended = time.perf_counter()
        return replace(
            answer, timings_ms=milliseconds(retrieve=retrieved - began, read=ended - retrieved, total=ended - began)
        )

    def answer(self, question: str, standalone: str, hits: Sequence[Hit]) -> Answer:
        """The answer to a question, once it stands alone and its passages are found."""
        about = read_structure(standalone, hits[0].passage.document, self.index) if hits else None
        selection = about or self.reader.read(standalone, hits, self.index)
        evidence = tuple(cite(one, self.index.documents) for one in selection.candidates[: self.config.quotations])
        confidence = round(selection.confidence, 4)
        if not evidence or confidence < self.config.threshold:
            nothing = abstain(selection, evidence)
            return Answer(question, standalone, False, confidence, None, (), 0, nothing, {})
        first = evidence[0]
        short = first.quote[first.answer_start - first.start : first.answer_end - first.start]
        return Answer(question, standalone, True, confidence, short, evidence, selection.needed, None, {})

    def read(self, question: str, text: str) -> Answer:
        """The answer to a question out of a text given with it; the text's document is called "text"."""
        check_question(question)
        return Assistant.of_text(text, self.index.encoder, self.config, self.reader).ask(question)

    @classmethod
    def of_text(
        cls, text: str, encoder: Encoder, config: Config = Config(), reader: Reader | None = None
    ) -> "Assistant":
        """The assistant of a text that is in no file; nothing is kept of it."""
        if not isinstance(text, str) or not text.strip():
            raise SourceError("The text to read is empty. Give a text with words in it.")
        data = text.encode("utf-8", "replace")
        file = SourceFile("text", Path("text"), data.decode("utf-8"), hashlib.sha256(data).hexdigest(), Metadata())
        return cls(make_index([file], encoder, config.index), config, reader)


def milliseconds(**seconds: float) -> dict[str, float]:
    """Times by stage, in milliseconds."""
    return {stage: round(1000 * value, 2) for stage, value in seconds.items()}


def check_question(question: object) -> str:
    """The question, trimmed; raises QuestionError if it cannot be asked."""
    if not isinstance(question, str):
        raise QuestionError(f"A question is a string, not {type(question).__name__}.")
    question = question.strip()
    if not question:
        raise QuestionError("The question is empty. Ask something about the document.")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {MAX_QUESTION:,} can be asked. Shorten it."
        )
    return question.encode("utf-8", "replace").decode("utf-8")


def check_history(history: object) -> Sequence[object]:
    """The history, at most the last turns of it; raises QuestionError if it is not a list."""
    if history is None:
        return ()
    if isinstance(history, str) or not isinstance(history, Sequence):
        raise QuestionError("The history is a list of earlier questions, oldest first.")
    return history[-MAX_HISTORY:]


def check_turn(turn: object) -> Turn:
    """One earlier turn: a Turn, a question, or {"question": ..., "answer": ... or null}."""
    if isinstance(turn, Turn):
        return replace(turn, question=check_question(turn.question))
    if isinstance(turn, Mapping):
        answer = turn.get("answer")
        if not isinstance(answer, str | None):
            raise QuestionError(f"A history's answer is a string or null, not {answer!r}.")
        return Turn(check_question(turn.get("question")), answer)
    if isinstance(turn, str):
        return Turn(check_question(turn))
    raise QuestionError(f"A turn of the history is a question or an object with one, not {turn!r}.")


def abstain(selection: Selection, nearest: tuple[Evidence, ...]) -> Abstention:
    """Why there is no answer, and what was looked at."""
    if selection.confidence == 0:
        return Abstention("no_match", NOTHING_MATCHES, nearest)
    if not selection.missing:
        return Abstention("low_confidence", NOT_SURE, nearest)
    words = join_words([f"“{word}”" for word in selection.missing])
    return Abstention("low_confidence", f"{NOT_SURE} The nearest sentence has nothing on {words}.", nearest)


def join_words(words: Sequence[str]) -> str:
    """Words as they are listed: "a, b or c"."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def cite(candidate: Candidate, documents: Mapping[str, Document]) -> Evidence:
    """A candidate as evidence: the quotation, its place, and the notes behind it."""
    passage = candidate.passage
    document = documents[passage.document]
    inside = [i for i, s in enumerate(passage.sentences) if s.start < candidate.end and candidate.start < s.end]
    notes = dict.fromkeys(position for i in inside for position in passage.sentences[i].notes)
    paragraph = passage.paragraphs[inside[0]]
    return Evidence(
        quote=document.text[candidate.start : candidate.end],
        start=candidate.start,
        end=candidate.end,
        answer_start=candidate.answer_start,
        answer_end=candidate.answer_end,
        document=document.id,
        passage=passage.id,
        section=passage.section,
        paragraph=paragraph or None,
        footnote=note_number(passage, document),
        score=round(candidate.score, 6),
        footnotes=tuple(make_citation(document, position) for position in notes),
    )


def note_number(passage: Passage, document: Document) -> int | None:
    """The number of the note that a passage is of."""
    return None if passage.note is None else document.footnotes[passage.note].number


def make_citation(document: Document, position: int) -> Citation:
    """A note of a document, as an answer shows it."""
    note = document.footnotes[position]
    sources = tuple(SourceWork(work.number, work.text, work.start, work.end) for work in note.sources)
    return Citation(note.number, note.text, note.start, note.end, sources, note.via, note.unfollowed)
