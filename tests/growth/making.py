"""Indexes of many passages, made as `quoth index` makes them but for two things that would take days.

Sentences are told by a pattern in place of the parser, which takes some 5 µs a character. From `REAL` passages on a
text's vector is the weighted mean of its words' own, each encoded alone by MiniLM (a static distillation, as of
model2vec): vectors of these very texts, near where words are, that cost next to nothing.
"""

import json
import re
import sys
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np

from index.dense import unit
from index.document.sentences import plain_characters
from index.document.sources import SourceFile
from index.document.types import Document, Paragraph, Section, Sentence
from index.minilm import MiniLmEncoder
from tests.growth.measuring import peak_mb

REAL = 10_000  # passages up to which every vector is MiniLM's own
SENTENCE = re.compile(r"\S.*?(?:[.!?:](?=\s+[A-Z(])|$)", re.S)
PARAGRAPH = re.compile(r"\S(?:.|\n(?!\n))*")


def parse_plainly(source: SourceFile) -> Document:
    """A document of paragraphs without headings or notes, each a section, so that each is a passage."""
    paragraphs = tuple(
        Paragraph(match.start(), match.end(), match[0], number, tuple(sentences(match.start(), match[0])))
        for number, match in enumerate(PARAGRAPH.finditer(source.text), 1)
    )
    sections = tuple(
        Section(paragraph.start, paragraph.end, paragraph.text, None, None, (paragraph,)) for paragraph in paragraphs
    )
    title = source.path.stem
    head = (source.id, title, source.text, source.sha256, source.metadata)
    return Document(*head, sections, (), None, (), (), collection=source.collection)


def sentences(start: int, text: str) -> list[Sentence]:
    """The sentences of a paragraph that begins at `start`."""
    spans = [(match.start() + start, match.end() + start, match[0]) for match in SENTENCE.finditer(text)]
    return [Sentence(begin, end, words, plain(begin, end, words)) for begin, end, words in spans]


def plain(start: int, end: int, text: str) -> str:
    """The words of a sentence as they are matched."""
    if text.isascii():
        return " ".join(text.split())
    return "".join(character for character, _ in plain_characters(Sentence(start, end, text, text)))


class StaticEncoder(MiniLmEncoder):
    """MiniLM for questions; passages by the vectors of their words."""

    def __init__(self, path: Path) -> None:
        """The words' vectors are kept in a file."""
        super().__init__()
        if not path.exists():
            np.save(path, self.encode_words())
        self.words = np.load(path)

    def encode_words(self) -> np.ndarray:
        """Each word of the tokenizer's vocabulary encoded alone, commoner ones shorter."""
        size = self.tokenizer.get_vocab_size()
        hidden = []
        for start in range(0, size, 256):
            ids = np.array([[101, token, 102] for token in range(start, min(start + 256, size))], dtype=np.int64)
            (states,) = self.session.run(None, {"tokens": ids, "types": np.zeros_like(ids)})
            hidden.append(states.mean(1))
        vectors = np.concatenate(hidden)
        return ((vectors - vectors.mean(0)) * np.log1p(np.arange(size))[:, None]).astype(np.float32)

    def encode_passages(self, texts: list[str]) -> np.ndarray:  # type: ignore[override]
        """Means of the words' vectors."""
        encodings = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return unit(
            np.stack([self.words[encoding.ids].sum(0) if encoding.ids else self.words[0] for encoding in encodings])
        )

    def encode_questions(self, texts: list[str]) -> np.ndarray:  # type: ignore[override]
        """Vectors of questions."""
        return super().encode_passages(texts)


def make(source: Path, index_dir: Path, passages: int) -> dict[str, float]:
    """Make the index of a folder; tells how long it took, and the most memory that was held, in megabytes."""
    from assistant import Assistant
    from assistant.config import Config
    from assistant.terminal import progress_bar, tell
    from index.types import IndexConfig

    encoder = MiniLmEncoder() if passages <= REAL else StaticEncoder(index_dir.parent / "words.npy")
    start = time.perf_counter()
    with patch("index.building.parse", parse_plainly), progress_bar() as show:
        Assistant.from_config(Config(source, index_dir, IndexConfig()), encoder, tell, show)
    return {"made_s": round(time.perf_counter() - start, 1), "making_mb": peak_mb()}


if __name__ == "__main__":
    print(json.dumps(make(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
