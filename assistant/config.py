"""The configuration of an assistant, in one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from assistant.types import Certainty
from index.types import IndexConfig

MAX_QUESTION = 2000  # characters
MAX_HISTORY = 20  # turns
THRESHOLD = 0.34
SURE = 0.6884  # the confidence from which an answer is called sure
DEFAULT_READER = "quoth"
STORE_SECONDS = 5
Unit = Literal["sentence", "paragraph"]
SOURCE = Path("source_docs")
INDEX_DIR = Path(".quoth")
FEEDBACK = INDEX_DIR / "feedback.sqlite"
TOKENS = INDEX_DIR / "tokens.json"


@dataclass(frozen=True, slots=True)
class Config:
    """`threshold` is the confidence below which an assistant abstains; at 0 it always answers. From `sure` on an answer
    counts as sure, below as likely.

    `reader` is one that `load_reader` knows; `passages` is how many are read for a question, `quotations` how
    many are given at most. With a `collection` only that folder of the sources is asked. `unit` is what is quoted.
    `contact` is whom to ask where the documents do not say: "default", and by folder.
    `wikis` are the folders of wikis' pages, each a collection of its name. `store` is what searches, where it is not
    this process, and how many seconds that may take.
    """

    source: Path = SOURCE
    index_dir: Path = INDEX_DIR
    index: IndexConfig = field(default_factory=IndexConfig)
    threshold: float = THRESHOLD
    reader: str = DEFAULT_READER
    passages: int = 15
    quotations: int = 3
    sure: float = SURE
    collection: str = ""
    unit: Unit = "sentence"
    contact: Mapping[str, str] = field(default_factory=dict)
    wikis: tuple[Path, ...] = ()
    store: str = ""
    store_seconds: float = STORE_SECONDS

    def certainty(self, confidence: float) -> Certainty:
        """Return the certainty of an answer with some confidence."""
        return "sure" if confidence >= max(self.sure, self.threshold) else "likely"
