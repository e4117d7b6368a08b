"""What of an older index is still of use: documents whose file is the same, vectors whose text is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from index.contents import Contents
from index.dense import Encoded
from index.document.sources import FoundFile
from index.document.types import Document, Metadata
from index.retriever import distinct_places
from index.tables import PASSAGES, SENTENCES
from index.types import Passage

TOLD = tuple(field.name for field in fields(Metadata))


@dataclass(frozen=True, slots=True)
class Kept:
    """An older index with what its files were; with `same_reading` they would be read and parted as they were."""

    contents: Contents
    entries: Mapping[str, Mapping[str, object]]
    same_reading: bool
    stopped: Mapping[str, str] = field(default_factory=dict)  # why the reading of a file was ended
    attached: object = None  # what is kept with it, if that is of the version that is wanted

    def stopped_for(self, file: FoundFile) -> str | None:
        """Why the reading of a file was ended before, if the file is as it was then: it is not tried again."""
        return self.stopped.get(file.id) if self.holds(file) else None

    def holds(self, file: FoundFile) -> bool:
        """Whether a file is as it was when it was read, and would be read as it was."""
        return self.same_reading and self.entries.get(file.id) == entry_of(file)

    def document(self, file: FoundFile) -> tuple[Document, tuple[Passage, ...]] | None:
        """The document of a file with its passages, if the file is as it was when that was read."""
        if not self.holds(file):
            return None
        tables = self.contents.tables
        try:
            return tables.document(file.id), tuple(map(tables.passage, tables.extent(file.id).passages))
        except KeyError:  # it could not be read
            return None

    def encoded(self, file: FoundFile) -> dict[str, Encoded]:
        """The vectors of what stood in a file, or in one that is now called otherwise, by their texts."""
        tables = self.contents.tables
        names = (
            [file.id] if file.id in self.entries else [n for n, e in self.entries.items() if e["sha256"] == file.sha256]
        )
        encoded: dict[str, Encoded] = {}
        for name in names[:1]:
            try:
                extent = tables.extent(name)
            except KeyError:
                continue
            passages = [tables.passage(position) for position in extent.passages]
            for passage, row in zip(passages, extent.passages, strict=True):
                encoded[passage.plain] = Encoded(self.contents.vectors[PASSAGES][row])
            for place, row in zip(distinct_places(passages), extent.sentences, strict=True):
                vector, tokens = self.contents.vectors[SENTENCES][row], self.contents.sentence_tokens(row)
                encoded[place.sentence.in_context] = Encoded(vector, tokens)
        return encoded


def entry_of(file: FoundFile) -> dict[str, Any]:
    """What tells a file from what it was before: its bytes, and what stands beside it."""
    known = {name: getattr(file.metadata, name) for name in TOLD}
    return {"sha256": file.sha256, "collection": file.collection, **known}
