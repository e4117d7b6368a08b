"""Documents become an index as they come: parted, counted, encoded and written, never all of them in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from index.contents import VECTORS, ContentsWriter, VectorsLater
from index.dense import Encoded, Encoder, Progress, encode_all
from index.document.apart import ReadingProcess
from index.document.formats import TEXTS
from index.document.parse import parse
from index.document.sources import FoundFile, hash_text, read_file
from index.document.types import Document
from index.errors import SourceError, StoppedError
from index.passages import make_passages
from index.retriever import Index, distinct_places
from index.reuse import Kept
from index.tables import PASSAGES, SENTENCES
from index.types import IndexConfig, Passage

AT_ONCE = 1024  # texts that are encoded together, those of like length in a batch


@dataclass(frozen=True, slots=True)
class Given:
    """A document to be indexed and its size, with its passages and its texts' vectors as far as they are known."""

    document: Document
    size: int
    passages: tuple[Passage, ...] | None = None
    encoded: Mapping[str, Encoded] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """A text that waits to be encoded, if it was not before; `size` is its share of its document's."""

    kind: str
    text: str
    encoded: Encoded | None
    size: float


def read_documents(
    files: Iterable[FoundFile],
    kept: Callable[[FoundFile], Kept | None],
    texts: dict[str, str],
    unread: list[str],
    say: Callable[[str], None] = lambda message: None,
    stopped: dict[str, str] | None = None,
) -> Iterator[Given]:
    """The documents of some files, the hashes of their texts noted, and a sentence on each that cannot be read.

    `stopped` are the sentences on those whose reading was ended, by their ids.
    """
    with ReadingProcess() as process:
        for file in files:
            try:
                given = read_given(file, kept(file), process)
            except SourceError as error:
                unread.append(str(error))
                say(str(error))
                if stopped is not None and isinstance(error, StoppedError):
                    stopped[file.id] = str(error)
                continue
            texts[file.id] = hash_text(given.document.text)
            yield given


def read_given(file: FoundFile, kept: Kept | None, process: ReadingProcess) -> Given:
    """A file's document, as it was read before if the file is the same; raises SourceError if it cannot be read.

    All but plain text is read in a process of its own.
    """
    encoded = kept.encoded(file) if kept else {}
    if kept and (same := kept.document(file)):
        return Given(same[0], file.size, same[1], encoded)
    if kept and (why := kept.stopped_for(file)):
        raise StoppedError(why)
    is_text = file.path.suffix.lower() in TEXTS
    return Given(parse(read_file(file)) if is_text else process.read(file), file.size, None, encoded)


def write_documents(
    documents: Iterable[Given],
    total: int,
    encoder: Encoder,
    window: int,
    writer: ContentsWriter,
    progress: Progress | None = None,
    later: list[str] | None = None,
) -> bool:
    """Write documents of `total` bytes with their passages and vectors; tells whether there was a sentence in any.

    Where there is a list for `later`, sentences are put into that and not encoded.
    """
    waiting: list[Text] = []
    done, any_sentence = 0.0, False

    def encode(texts: list[Text]) -> None:
        nonlocal done
        size = sum(text.size for text in texts)
        tell = (lambda at, of: progress(int(done + size * at / of), total)) if progress else None
        write_vectors(texts, encoder, writer, tell)
        done += size

    for given in documents:
        passages = given.passages
        if passages is None:
            passages = make_passages(given.document, encoder, window)
        sentences = [place.sentence.in_context for place in distinct_places(passages)]
        writer.add(given.document, passages, sentences)
        any_sentence = any_sentence or bool(sentences)
        texts = [(PASSAGES, passage.plain) for passage in passages]
        if later is None:
            texts += [(SENTENCES, text) for text in sentences]
        else:
            later += sentences
        waiting += [Text(kind, text, given.encoded.get(text), given.size / len(texts)) for kind, text in texts]
        while len(waiting) >= AT_ONCE:
            encode(waiting[:AT_ONCE])
            del waiting[:AT_ONCE]
    encode(waiting)
    return any_sentence


def index_in_memory(
    documents: Iterable[Given],
    total: int,
    encoder: Encoder,
    config: IndexConfig,
    progress: Progress | None = None,
    sentences_later: bool = False,
) -> Index | None:
    """The index of documents of `total` bytes, in no file; None if there is no sentence in any.

    With `sentences_later` a sentence is encoded when a question first leads to it.
    """
    writer = ContentsWriter(int(encoder.encode_questions([""]).shape[1]))
    later: list[str] | None = [] if sentences_later else None
    if not write_documents(documents, total, encoder, min(config.window, encoder.window), writer, progress, later):
        return None
    writer.finish()
    return Index(writer.in_memory(None if later is None else VectorsLater(encoder, later)), encoder, config)


def write_vectors(texts: list[Text], encoder: Encoder, writer: ContentsWriter, progress: Progress | None) -> None:
    """Write the vectors of some texts in their order, those that are not known encoded, each text once."""
    new = {text.text for text in texts if text.encoded is None}
    sentences = {text.text for text in texts if text.kind == SENTENCES}
    made = encode_all(encoder, new, sentences, progress)
    for kind in VECTORS:
        encoded = [text.encoded or made[text.text] for text in texts if text.kind == kind]
        if encoded:
            writer.add_vectors(kind, np.stack([one.vector for one in encoded]))
        if kind == SENTENCES:
            writer.add_tokens([one.tokens for one in encoded])
