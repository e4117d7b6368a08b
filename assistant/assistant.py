"""The assistant: understand a question, retrieve, read, then cite or abstain."""

import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from assistant.checks import check_history, check_question
from assistant.citing import AnswerPart, prefer_shared_sentence, to_answer
from assistant.config import DEFAULT_READER, THRESHOLD, Config
from assistant.contact import find_contact
from assistant.known import Known, known_version
from assistant.lists import whole_list
from assistant.paragraphs import by_paragraph
from assistant.reader import Reader
from assistant.reader.load import load_reader
from assistant.reader.question import asks_for_list
from assistant.structure import read_structure
from assistant.suggest import Ask
from assistant.types import Abstention, Answer, Lookup, Question, Selection, Trace, Turn
from assistant.understand.follow_up import is_follow_up
from assistant.understand.language import shares_names
from assistant.understand.parts import share_a_sentence, split
from assistant.understand.smalltalk import NONSENSE
from assistant.understand.understand import as_written, understand
from index.dense import DEFAULT_ENCODER, Encoder, Progress
from index.document.sources import SourceFile
from index.document.types import Metadata
from index.errors import QuestionError, SourceError
from index.milvus.opening import search_in
from index.retriever import Index
from index.store import Attachment, Say, make_index, open_index
from index.types import Hit, IndexConfig

Search = Callable[[str, str | None], Sequence[Hit]]  # question, earlier turn -> hits
LookUp = Callable[[str, Sequence[str]], Lookup]  # question, earlier turns as they are read along
OnStage = Callable[[str, int], None]  # "retrieve" or "read", number of passages
SUGGESTIONS = 3
ENGLISH_ONLY = "This seems to be in another language; I can read questions in English."
CONTEXT_TURNS = 3  # turns of a conversation that are read along with a question


class Assistant:
    """Answers questions about the documents of an index with quotations."""

    def __init__(
        self,
        index: Index,
        config: Config = Config(),
        reader: Reader | None = None,
        search: Search | None = None,
        known: Known | None = None,
    ) -> None:
        """`search` replaces the index's search.

        Without `known`, the documents' words and names are learned here, and there are no suggested questions.
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
        """Open a document or a folder of documents; the index is loaded, or built.

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

        def learn(index: Index, path: Path) -> None:
            Known.write(index, path, partial(cls.asking, index, config, reader))

        attachment = Attachment(known_version(reader.fingerprint), learn, Known.open)
        where = (config.source, config.index_dir, config.index)
        index = open_index(*where, encoder, say, progress, attachment, config.wikis)
        if config.store:
            index = search_in(config.store, config.store_seconds, index, config.index_dir, say)
        quoth = cls(index, config, reader, known=index.attached if isinstance(index.attached, Known) else None)
        return quoth.of_collection(config.collection) if config.collection else quoth

    def again(self, say: Say) -> "Assistant":
        """Open the same sources again as they are now, with the same models."""
        return Assistant.from_config(self.config, self.index.encoder, say, reader=self.reader)

    def only(self, documents: Collection[str]) -> "Assistant":
        """Return an assistant over some of the documents."""
        return Assistant(self.index.only(documents), self.config, self.reader, known=self.known.only(documents))

    def of_collection(self, collection: str) -> "Assistant":
        """The assistant of a collection, a folder of the sources, with those in it; raises QuestionError if none."""
        collections = {entry.id: entry.collection for entry in self.index.entries()}
        names = {name for name in collections.values() if name}
        inside = {name for name in names if name == collection or name.startswith(f"{collection}/")}
        if not inside:
            there = f"There are {', '.join(sorted(names))}" if names else "The documents are in no folders"
            raise QuestionError(f"There is no collection {collection!r}. {there}.")
        return self.only({document for document, name in collections.items() if name in inside})

    @classmethod
    def learn(cls, index: Index, config: Config, reader: Reader) -> Known:
        """Learn the words and names of an index's documents, and find first questions by asking drafts."""
        known = Known.of(index)
        return known.with_questions(index, cls.asking(index, config, reader, known))

    @classmethod
    def asking(cls, index: Index, config: Config, reader: Reader, known: Known) -> Ask:
        """Return what answers drafts of first questions: an assistant that never abstains."""
        return partial(cls(index, replace(config, threshold=0), reader, known=known).ask, complete=False)

    def ask(
        self,
        question: str,
        history: Sequence[Turn | str | Mapping[str, object]] = (),
        complete: bool = True,
        on_stage: OnStage = lambda stage, passages: None,
    ) -> Answer:
        """Answer a question, given the earlier turns of its conversation, oldest first.

        With `complete` false the question is taken as written, without correction, and alone. `on_stage` is called
        before retrieval ("retrieve") and before reading ("read"), with the number of passages. Raises QuestionError if
        the question is empty or too long, or the history is invalid.
        """
        began = time.perf_counter()
        question, turns = check_question(question), check_history(history) if complete else ()
        understood = understand(question, turns, self.known) if complete else as_written(question)
        earlier = turns[-CONTEXT_TURNS:] if understood.is_follow_up else ()
        answer = self.answer(understood, to_context(earlier), partial(self.look_up, on_stage=on_stage))
        trace = answer.trace or Trace(understood, ())
        if any(not lookup.from_structure for lookup in trace.lookups):
            answer = replace(answer, read_with=tuple(turn.looked_up for turn in earlier))
        answer = self.help_instead(answer)
        return replace(answer, timings_ms=timings(trace.lookups, time.perf_counter() - began), trace=trace)

    def answer(self, question: Question, turns: Sequence[str], look_up: LookUp) -> Answer:
        """Answer a question by its kind, with its trace; `turns` are read along."""
        if question.kind == "small_talk" and question.reply:
            return abstain_unread(question.text, Abstention("not_a_question", question.reply, ()))
        if question.kind == "foreign":
            return self.answer_foreign(question, look_up)
        answer = self.answer_parts(question, turns, look_up)
        if question.kind == "nonsense" and answer.abstention:
            return replace(answer, abstention=replace(answer.abstention, reason="no_match", message=NONSENSE))
        if question.reply and answer.abstention:
            return replace(answer, abstention=Abstention("not_a_question", question.reply, ()))
        return answer

    def answer_parts(self, question: Question, turns: Sequence[str], look_up: LookUp) -> Answer:
        """Answer each part of a question.

        A part that leans on those before it is read with them, if one of them is answered; else it has no answer.
        """
        texts = split(question.corrected)
        lookups: list[Lookup] = []
        parts: list[AnswerPart] = []
        for text in texts:
            before = [Turn(part.question, part.short_answer) for part in parts] if parts and is_follow_up(text) else []
            if before and not any(part.answered for part in parts):
                parts.append(AnswerPart(text, Selection((), 0.0), False))
                continue
            lookups.append(look_up(text, (*turns, *to_context(before))[-CONTEXT_TURNS:]))
            parts.append(self.make_part(lookups[-1]))
        if len(parts) > 1 and share_a_sentence(texts):
            parts = prefer_shared_sentence(parts)
        if len(parts) > 1 and not any(part.answered for part in parts):
            lookups.append(look_up(question.corrected, turns))
            parts = [self.make_part(lookups[-1])]
        answer = to_answer(question.text, question.corrected, parts, self.index.documents, self.config)
        return replace(answer, trace=Trace(question, tuple(lookups)))

    def look_up(self, question: str, turns: Sequence[str], on_stage: OnStage) -> Lookup:
        """Retrieve and read for one question, given the earlier `turns` as the reader's context."""
        began = time.perf_counter()
        on_stage("retrieve", len(self.index.passages))
        hits = tuple(self.retrieve(question, turns[-1] if turns else None))
        retrieved = time.perf_counter()
        structural = read_structure(question, hits[0].passage.document, self.index) if hits else None
        selection = structural if structural and structural.confidence == 1 else None  # nothing can be more likely
        if selection is None:
            on_stage("read", len(hits))
            selection = self.reader.read(question, hits, self.index, turns)
            if structural and structural.confidence >= selection.confidence:
                selection = structural
        return Lookup(
            question, hits, selection, selection is structural, retrieved - began, time.perf_counter() - retrieved
        )

    def make_part(self, lookup: Lookup) -> AnswerPart:
        """Make a part of an answer of a lookup: it is answered if its confidence reaches the threshold."""
        selection = lookup.selection
        if self.config.unit == "paragraph":
            selection = by_paragraph(selection, self.index.documents)
        else:
            selection = whole_list(selection, self.index.documents, several=asks_for_list(lookup.question))
        answered = bool(selection.candidates) and round(selection.confidence, 4) >= self.config.threshold
        return AnswerPart(lookup.question, selection, answered)

    def retrieve(self, question: str, context: str | None = None) -> Sequence[Hit]:
        """Retrieve the passages to read for a question; `context` is the turn before a follow-up."""
        if self.search:
            return self.search(question, context)
        return self.index.search(self.known.query(question), self.config.passages, context=context)

    def answer_foreign(self, question: Question, look_up: LookUp) -> Answer:
        """Answer a question in another language than the reader's.

        It is answered if its names and numbers suffice for a confident answer, or if the encoder is multilingual: then
        the best sentence is quoted, whatever the reader's confidence.
        """
        lookup = look_up(question.text, ())
        part = self.make_part(lookup)
        trace = Trace(question, (lookup,))
        answered = part.answered and shares_names(question.text, part.selection)
        if not answered and self.config.threshold > 0 and not self.index.encoder.multilingual:
            return replace(abstain_unread(question.text, Abstention("language", ENGLISH_ONLY, ())), trace=trace)
        part = replace(part, answered=bool(part.selection.candidates))
        return replace(to_answer(question.text, question.text, [part], self.index.documents, self.config), trace=trace)

    def help_instead(self, answer: Answer) -> Answer:
        """Add to an abstention suggested questions, those nearest to the question first, and whom to ask."""
        if answer.abstention is None:
            return answer
        vector = self.index.encode(answer.in_context) if answer.trace else None
        suggestions = self.known.suggest(SUGGESTIONS, self.config.threshold, vector)
        contact = find_contact(answer.abstention, self.index.entries(), self.config.contact)
        return replace(answer, abstention=replace(answer.abstention, suggestions=suggestions, contact=contact))

    def suggest(self, count: int = SUGGESTIONS) -> tuple[str, ...]:
        """Return up to that many questions that the documents answer."""
        return self.known.suggest(count, self.config.threshold)

    def read(self, question: str, text: str) -> Answer:
        """Answer a question from a given text, a document with the id "text"."""
        check_question(question)
        return Assistant.of_text(text, self.index.encoder, self.config, self.reader).ask(question)

    @classmethod
    def of_text(
        cls, text: str, encoder: Encoder, config: Config = Config(), reader: Reader | None = None
    ) -> "Assistant":
        """Make an assistant over a text that is in no file; nothing is saved."""
        if not isinstance(text, str) or not text.strip():
            raise SourceError("The text to read is empty. Give a text with words in it.")
        data = text.encode("utf-8", "replace")
        file = SourceFile("text", Path("text"), data.decode("utf-8"), hashlib.sha256(data).hexdigest(), Metadata())
        return cls(make_index([file], encoder, config.index), config, reader)


def abstain_unread(question: str, abstention: Abstention) -> Answer:
    """Make an abstention without a lookup."""
    return Answer(question, question, False, 0.0, "none", None, (), 0, (), abstention, {})


def to_context(turns: Sequence[Turn]) -> tuple[str, ...]:
    """Format earlier turns for the reader: each question, a blank and its short answer if known."""
    return tuple(f"{turn.looked_up} {turn.answer}" if turn.answer else turn.looked_up for turn in turns)


def timings(lookups: Sequence[Lookup], total: float) -> dict[str, float]:
    """Return milliseconds by stage; `total` is in seconds."""
    retrieve, read = sum(lookup.retrieve_seconds for lookup in lookups), sum(lookup.read_seconds for lookup in lookups)
    seconds = {"understand": total - retrieve - read, "retrieve": retrieve, "read": read, "total": total}
    return {stage: round(1000 * value, 2) for stage, value in seconds.items()}
