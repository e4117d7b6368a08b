"""What of an older index is still of use: documents whose file is the same, vectors whose text is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from index.document.sources import FoundFile
from index.document.types import Document
from index.retriever import distinct_places
from index.types import Passage


@dataclass(frozen=True, slots=True)
class Kept:
    """Documents by id with what their file was, and vectors by the text they are of."""

    documents: Mapping[str, Document]
    entries: Mapping[str, Mapping[str, object]]
    vectors: Mapping[str, np.ndarray]

    @classmethod
    def of(
        cls,
        documents: Sequence[Document],
        entries: Mapping[str, Mapping[str, object]],
        passages: Sequence[Passage],
        passage_vectors: np.ndarray,
        sentence_vectors: np.ndarray,
    ) -> "Kept":
        """What an index holds."""
        vectors = {p.plain: row for p, row in zip(passages, passage_vectors, strict=True)}
        vectors |= {
            p.sentence.in_context: row for p, row in zip(distinct_places(passages), sentence_vectors, strict=True)
        }
        return cls({document.id: document for document in documents}, entries, vectors)

    def document(self, file: FoundFile) -> Document | None:
        """The document of a file, if the file is as it was when that was read."""
        return self.documents.get(file.id) if self.entries.get(file.id) == entry_of(file) else None


NOTHING = Kept({}, {}, {})


def entry_of(file: FoundFile) -> dict[str, Any]:
    """What tells a file from what it was before: its bytes, and what stands beside it."""
    return {
        "sha256": file.sha256,
        "text_sha256": file.text_sha256,
        "collection": file.collection,
        **asdict(file.metadata),
    }


def encode_new(texts: Sequence[str], kept: Kept, encode: Callable[[list[str]], np.ndarray]) -> np.ndarray:
    """The vectors of texts in their order: kept ones, and those that `encode` makes of the others, each text once."""
    new = list(dict.fromkeys(text for text in texts if text not in kept.vectors))
    made = dict(zip(new, encode(new))) if new else {}
    return np.stack([made[text] if text in made else kept.vectors[text] for text in texts]).astype(
        np.float32, copy=False
    )
