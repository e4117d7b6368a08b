"""Assistant.ask: understand the question, retrieve, read, then cite or abstain."""

import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from assistant.checks import check_history, check_question
from assistant.citing import Part, from_one_sentence, to_answer
from assistant.config import DEFAULT_READER, THRESHOLD, Config
from assistant.known import Known, known_version
from assistant.reader import Reader
from assistant.reader.load import load_reader
from assistant.structure import read_structure
from assistant.types import Abstention, Answer, Lookup, Question, Trace, Turn
from assistant.understand.anaphora import Said
from assistant.understand.conversation import Rewrite, rewrite
from assistant.understand.language import shares_names
from assistant.understand.parts import share_a_sentence, split
from assistant.understand.smalltalk import NONSENSE
from assistant.understand.understand import as_written, understand
from index.dense import DEFAULT_ENCODER, Encoder, Progress
from index.document.sources import SourceFile
from index.document.types import Metadata
from index.errors import QuestionError, SourceError
from index.retriever import Index
from index.store import Attachment, Say, make_index, open_index
from index.types import Hit, IndexConfig

Search = Callable[[str, str | None], Sequence[Hit]]  # a question, and what it may lean on
Look = Callable[[str], Lookup]
OnStage = Callable[[str, int], None]  # "retrieve" or "read", and how many passages
SUGGESTIONS = 3
ENGLISH_ONLY = "This seems to be in another language; I can read questions in English."
READ_ALONG = 3  # turns of a conversation that are read along with a question


class Assistant:
    """Answers questions about the documents of an index, in their own words."""

    def __init__(
        self,
        index: Index,
        config: Config = Config(),
        reader: Reader | None = None,
        search: Search | None = None,
        known: Known | None = None,
    ) -> None:
        """`search` finds the passages that are read for a question, where that is not left to the index.

        Where it is not given what is `known` of the documents, it learns their words and names, and suggests nothing.
        """
        self.index = index
        self.config = config
        self.reader = reader or load_reader(config.reader)
        self.search = search
        self.known = known or Known.of(index)

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
        reader: Reader | None = None,
    ) -> "Assistant":
        """The same, with every setting, and told what goes on."""
        reader = reader or load_reader(config.reader)  # before the index, which may take minutes to make
        attachment = Attachment(
            known_version(reader.fingerprint),
            lambda index: cls.learn(index, config, reader).to_json(),
            Known.check,
        )
        where = (config.source, config.index_dir, config.index)
        index = open_index(*where, encoder, say, progress, attachment, config.wikis)
        quoth = cls(index, config, reader, known=Known.from_json(index.attached))
        return quoth.of_collection(config.collection) if config.collection else quoth

    def again(self, say: Say) -> "Assistant":
        """The assistant of the same sources as they are now, with the same models."""
        return Assistant.from_config(self.config, self.index.encoder, say, reader=self.reader)

    def only(self, documents: Collection[str]) -> "Assistant":
        """The assistant of some of the documents alone."""
        return Assistant(self.index.only(documents), self.config, self.reader, known=self.known.only(documents))

    def of_collection(self, collection: str) -> "Assistant":
        """The assistant of a collection, a folder of the sources, with those in it; raises QuestionError if none."""
        documents = self.index.documents.values()
        names = {document.collection for document in documents if document.collection}
        inside = {name for name in names if name == collection or name.startswith(f"{collection}/")}
        if not inside:
            there = f"There are {', '.join(sorted(names))}" if names else "The documents are in no folders"
            raise QuestionError(f"There is no collection {collection!r}. {there}.")
        return self.only({document.id for document in documents if document.collection in inside})

    @classmethod
    def learn(cls, index: Index, config: Config, reader: Reader) -> Known:
        """What is known of an index's documents, with their first questions: some dozens are asked for that."""
        always = cls(index, replace(config, threshold=0), reader)
        return always.known.with_questions(index, partial(always.ask, complete=False))

    def ask(
        self,
        question: str,
        history: Sequence[Turn | str | Mapping[str, object]] = (),
        complete: bool = True,
        on_stage: OnStage = lambda stage, passages: None,
    ) -> Answer:
        """The answer to a question, after the earlier turns of its conversation, oldest first, with its trace.

        With `complete` false the question is taken as it is written: nothing is put right or completed. `on_stage` is
        called before passages are searched ("retrieve") and before some are read ("read"), with how many they are.
        Raises QuestionError if the question is empty or too long, or the history is not one.
        """
        began = time.perf_counter()
        question, turns = check_question(question), check_history(history) if complete else ()
        asked = understand(question, turns, self.known) if complete else as_written(question)
        along = spoken(turns[-READ_ALONG:]) if asked.leans else ()
        look = partial(self.look, turns=along, on_stage=on_stage)
        answer = self.suggest_instead(self.answer(asked, look))
        trace = answer.trace or Trace(asked, ())
        return replace(answer, timings_ms=timings(trace.lookups, time.perf_counter() - began), trace=trace)

    def answer(self, asked: Question, look: Look) -> Answer:
        """The answer to a question, with its trace."""
        if asked.kind == "small_talk" and asked.reply:
            return nothing(asked.text, Abstention("not_a_question", asked.reply, ()))
        if asked.kind == "foreign":
            return self.answer_across(asked, look)
        answer = self.answer_parts(asked, look)
        if asked.kind == "nonsense" and answer.abstention:
            return replace(answer, abstention=replace(answer.abstention, reason="no_match", message=NONSENSE))
        if asked.reply and answer.abstention:
            return replace(answer, abstention=Abstention("not_a_question", asked.reply, ()))
        return answer

    def answer_parts(self, asked: Question, look: Look) -> Answer:
        """Each thing that was asked is looked for; a later part is completed from those before it."""
        texts = split(asked.corrected) if self.reader.reads_turns else split_standalone(asked)
        lookups: list[Lookup] = []
        parts: list[Part] = []
        said: list[Said] = []
        for text in texts:
            reading = next(iter(rewrite(text, said)), Rewrite(text))
            lookups.append(look(reading.question))
            parts.append(self.part(lookups[-1]))
            said.append(Said(reading.question, reading.topic, parts[-1].short_answer))
        if len(parts) > 1 and share_a_sentence(texts):
            parts = from_one_sentence(parts)
        if len(parts) > 1 and not any(part.answered for part in parts):
            lookups.append(look(asked.corrected if self.reader.reads_turns else asked.standalone))
            parts = [self.part(lookups[-1])]
        answer = to_answer(asked.text, asked.standalone, parts, self.index.documents, self.config)
        return replace(answer, trace=Trace(asked, tuple(lookups)))

    def look(self, question: str, turns: Sequence[str], on_stage: OnStage) -> Lookup:
        """What the documents have on one question, the conversation's `turns` read along."""
        began = time.perf_counter()
        on_stage("retrieve", len(self.index.passages))
        hits = tuple(self.retrieve(question, turns[-1] if turns else None))
        retrieved = time.perf_counter()
        about = read_structure(question, hits[0].passage.document, self.index) if hits else None
        selection = about if about and about.confidence == 1 else None  # nothing can be more likely
        if selection is None:
            on_stage("read", len(hits))
            selection = self.reader.read(question, hits, self.index, turns)
            if about and about.confidence >= selection.confidence:
                selection = about
        return Lookup(question, hits, selection, selection is about, retrieved - began, time.perf_counter() - retrieved)

    def part(self, lookup: Lookup) -> Part:
        """A lookup as a part of an answer: whether what was found is confident enough."""
        found = lookup.selection
        sure = bool(found.candidates) and round(found.confidence, 4) >= self.config.threshold
        return Part(lookup.question, found, sure)

    def retrieve(self, question: str, context: str | None = None) -> Sequence[Hit]:
        """The passages that are read for a question, which may lean on what was said before."""
        if self.search:
            return self.search(question, context)
        return self.index.search(self.known.query(question), self.config.passages, context=context)

    def answer_across(self, asked: Question, look: Look) -> Answer:
        """The answer to a question in another language than the reader's.

        Names and numbers may carry it to a sure answer; with an encoder that knows its language the best sentence is
        quoted, however sure the reader is of its words.
        """
        lookup = look(asked.text)
        part = self.part(lookup)
        trace = Trace(asked, (lookup,))
        carried = part.answered and shares_names(asked.text, part.selection)
        if not carried and self.config.threshold > 0 and not self.index.encoder.multilingual:
            return replace(nothing(asked.text, Abstention("language", ENGLISH_ONLY, ())), trace=trace)
        part = replace(part, answered=bool(part.selection.candidates))
        return replace(to_answer(asked.text, asked.text, [part], self.index.documents, self.config), trace=trace)

    def suggest_instead(self, answer: Answer) -> Answer:
        """An answer; an abstention with questions that are answered, those nearest to what was looked up."""
        if answer.abstention is None:
            return answer
        near = self.index.encode(answer.standalone_question) if answer.trace else None
        suggestions = self.known.suggest(SUGGESTIONS, self.config.threshold, near)
        return replace(answer, abstention=replace(answer.abstention, suggestions=suggestions))

    def suggest(self, count: int = SUGGESTIONS) -> tuple[str, ...]:
        """Up to that many questions that the documents answer."""
        return self.known.suggest(count, self.config.threshold)

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


def split_standalone(asked: Question) -> tuple[str, ...]:
    """What was asked, part by part, for a reader that knows nothing of the conversation."""
    return split(asked.standalone) if len(split(asked.corrected)) > 1 else (asked.standalone,)


def nothing(question: str, abstention: Abstention) -> Answer:
    """An abstention for which nothing was looked at."""
    return Answer(question, question, False, 0.0, "none", None, (), 0, (), abstention, {})


def spoken(turns: Sequence[Turn]) -> tuple[str, ...]:
    """Earlier turns as a reader is given them: each question, behind it a blank and its short answer if it is known."""
    return tuple(f"{turn.question} {turn.answer}" if turn.answer else turn.question for turn in turns)


def timings(lookups: Sequence[Lookup], total: float) -> dict[str, float]:
    """Times by stage in milliseconds; `total` is in seconds."""
    retrieve, read = sum(lookup.retrieve for lookup in lookups), sum(lookup.read for lookup in lookups)
    seconds = {"understand": total - retrieve - read, "retrieve": retrieve, "read": read, "total": total}
    return {stage: round(1000 * value, 2) for stage, value in seconds.items()}
