"""Assistant.ask: understand the question, retrieve, read, then cite or abstain."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock

from assistant.checks import check_history, check_question
from assistant.citing import Part, from_one_sentence, to_answer
from assistant.config import DEFAULT_READER, THRESHOLD, Config
from assistant.reader import Reader, Selection
from assistant.reader.load import load_reader
from assistant.structure import is_about_document, read_structure
from assistant.suggest import suggest
from assistant.types import Abstention, Answer, Turn
from assistant.understand.anaphora import Said
from assistant.understand.conversation import Rewrite, rewrite
from assistant.understand.language import shares_names
from assistant.understand.parts import share_a_sentence, split
from assistant.understand.smalltalk import NONSENSE
from assistant.understand.understand import Understanding
from index.dense import DEFAULT_ENCODER, Encoder, Progress
from index.document.sources import SourceFile
from index.document.types import Metadata
from index.errors import SourceError
from index.retriever import Index
from index.store import Say, make_index, open_index
from index.types import Hit, IndexConfig

Search = Callable[[str], Sequence[Hit]]
SUGGESTIONS = 3
ENGLISH_ONLY = "This seems to be in another language; I can read questions in English."
MARGIN = 0.1  # how much more confident a less likely reading has to be


@dataclass(slots=True)
class Clock:
    """How long each stage of an answer took, in seconds."""

    retrieve: float = 0.0
    read: float = 0.0


class Assistant:
    """Answers questions about the documents of an index, in their own words."""

    def __init__(
        self, index: Index, config: Config = Config(), reader: Reader | None = None, search: Search | None = None
    ) -> None:
        """`search` finds the passages that are read for a question, where that is not left to the index."""
        self.index = index
        self.config = config
        self.reader = reader or load_reader(config.reader)
        self.search = search
        self._suggestions = suggest(self)
        self._suggested: list[str] = []
        self._suggesting = Lock()

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

    @cached_property
    def understanding(self) -> Understanding:
        """What is known of the documents' words and names, learned when it is first asked for."""
        return Understanding.of(self.index)

    def ask(
        self, question: str, history: Sequence[Turn | str | Mapping[str, object]] = (), complete: bool = True
    ) -> Answer:
        """The answer to a question, after the earlier turns of its conversation, oldest first.

        With `complete` false the question is taken as it is written: nothing is put right or completed. Raises
        QuestionError if the question is empty or too long, or the history is not one.
        """
        began, clock = time.perf_counter(), Clock()
        question, turns = check_question(question), check_history(history)
        answer = self.understand(question, turns, clock) if complete else self.answer(question, question, clock)
        total = time.perf_counter() - began
        stages = {"understand": total - clock.retrieve - clock.read, "retrieve": clock.retrieve, "read": clock.read}
        return replace(answer, timings_ms=milliseconds(**stages, total=total))

    def understand(self, question: str, turns: Sequence[Turn], clock: Clock) -> Answer:
        """The answer to a question as people ask them: the reading of it that has the best evidence."""
        if line := self.understanding.reply_to(question):
            return nothing(question, Abstention("not_a_question", line, (), self.suggest(SUGGESTIONS)))
        if self.understanding.is_foreign(question):
            return self.answer_across(question, clock)
        if not self.understanding.makes_sense(question):
            return self.answer_nonsense(question, clock)
        corrected = self.understanding.correct(question)
        if is_about_document(corrected):
            return self.answer(question, corrected, clock)

        def settle(readings: Sequence[Rewrite]) -> tuple[Rewrite, str | None]:
            answers = [self.answer(reading.question, reading.question, clock) for reading in readings]
            chosen = likeliest(answers)
            return readings[chosen], answers[chosen].answer

        readings = self.understanding.readings(corrected, turns, settle)
        answers = [self.answer(question, reading.question, clock) for reading in readings]
        return answers[likeliest(answers)]

    def answer(self, question: str, standalone: str, clock: Clock) -> Answer:
        """The answer to a question, given it as it stands alone; each thing that it asks is looked for."""
        asked = split(standalone)
        parts: list[Part] = []
        said: list[Said] = []
        for part in asked:
            reading = next(iter(rewrite(part, said)), Rewrite(part))
            parts.append(self.look(reading.question, clock))
            said.append(Said(reading.question, reading.topic, parts[-1].short_answer))
        if len(parts) > 1 and share_a_sentence(asked):
            parts = from_one_sentence(parts)
        if len(parts) > 1 and not any(part.answered for part in parts):
            parts = [self.look(standalone, clock)]
        return to_answer(question, standalone, parts, self.index.documents, self.config.quotations)

    def look(self, question: str, clock: Clock) -> Part:
        """What the documents have on one question."""
        began = time.perf_counter()
        hits = self.retrieve(question)
        retrieved = time.perf_counter()
        about = read_structure(question, hits[0].passage.document, self.index) if hits else None
        selection = about or self.reader.read(question, hits, self.index)
        clock.retrieve += retrieved - began
        clock.read += time.perf_counter() - retrieved
        return Part(question, selection, bool(selection.candidates) and self.is_sure(selection))

    def is_sure(self, selection: Selection) -> bool:
        """Whether what was found is confident enough to be an answer."""
        return round(selection.confidence, 4) >= self.config.threshold

    def retrieve(self, question: str) -> Sequence[Hit]:
        """The passages that are read for a question."""
        if self.search:
            return self.search(question)
        return self.index.search(self.understanding.query(question), self.config.passages)

    def answer_across(self, question: str, clock: Clock) -> Answer:
        """The answer to a question in another language than the reader's.

        Names and numbers may carry it to a sure answer; with an encoder that knows its language the best sentence is
        quoted, however sure the reader is of its words.
        """
        part = self.look(question, clock)
        carried = part.answered and shares_names(question, part.selection)
        if not carried and self.config.threshold > 0 and not self.index.encoder.multilingual:
            return nothing(question, Abstention("language", ENGLISH_ONLY, (), self.suggest(SUGGESTIONS)))
        part = replace(part, answered=bool(part.selection.candidates))
        return to_answer(question, question, [part], self.index.documents, self.config.quotations)

    def answer_nonsense(self, question: str, clock: Clock) -> Answer:
        """What is said to a text without a word that is known."""
        answer = self.answer(question, question, clock)
        if answer.abstention is None:
            return answer
        nearest, suggestions = answer.abstention.nearest, self.suggest(SUGGESTIONS)
        return replace(answer, abstention=Abstention("no_match", NONSENSE, nearest, suggestions))

    def suggest(self, count: int = SUGGESTIONS) -> tuple[str, ...]:
        """Up to that many questions drawn from the documents, each of which is answered."""
        while len(self._suggested) < count:
            with self._suggesting:  # each is looked for once, whoever asks for it first
                if len(self._suggested) < count and (question := next(self._suggestions, None)):
                    self._suggested.append(question)
                elif len(self._suggested) < count:
                    break
        return tuple(self._suggested[:count])

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


def likeliest(answers: Sequence[Answer]) -> int:
    """Which of the answers to a question's readings, the likeliest first, has the evidence."""
    chosen = 0
    for number, answer in enumerate(answers):
        best = answers[chosen]
        if (answer.answered, answer.confidence) > (best.answered, best.confidence + MARGIN):
            chosen = number
    return chosen


def nothing(question: str, abstention: Abstention) -> Answer:
    """An abstention for which nothing was looked at."""
    return Answer(question, question, False, 0.0, None, (), 0, (), abstention, {})


def milliseconds(**seconds: float) -> dict[str, float]:
    """Times by stage, in milliseconds."""
    return {stage: round(1000 * value, 2) for stage, value in seconds.items()}
