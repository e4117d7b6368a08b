"""What an assistant is made with, in one frozen value."""

from dataclasses import dataclass, field
from pathlib import Path

from assistant.types import Certainty
from index.types import IndexConfig

MAX_QUESTION = 2000  # characters
MAX_HISTORY = 20  # turns
THRESHOLD = 0.3767
SURE = 0.6695  # the confidence from which an answer is called sure
DEFAULT_READER = "quoth"
SOURCE = Path("source_docs")
INDEX_DIR = Path(".quoth")
FEEDBACK = INDEX_DIR / "feedback.sqlite"
TOKENS = INDEX_DIR / "tokens.json"


@dataclass(frozen=True, slots=True)
class Config:
    """`threshold` is the confidence below which an assistant abstains; at 0 it always answers. From `sure` on an answer
    is called sure, below it likely; with `threshold` above `sure` every answer is.

    `reader` is one that `load_reader` knows; `passages` is how many are read for a question, `quotations` how
    many are given at most. With a `collection` only that folder of the sources is asked. `wikis` are the folders of
    wikis' pages, each a collection of its name.
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
    wikis: tuple[Path, ...] = ()

    def certainty(self, confidence: float) -> Certainty:
        """How certain an answer of some confidence is called."""
        return "sure" if confidence >= max(self.sure, self.threshold) else "likely"
