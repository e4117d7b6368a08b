"""The networks that read: a question and some windows of text in, a score for every token out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.errors import ReaderError
from index.sessions import in_threads, open_session

if TYPE_CHECKING:
    from tokenizers import Encoding

MAX_TOKENS = 384
MAX_QUESTION_TOKENS = 64
MAX_ASKED_TOKENS = 96  # the question, and as much of the conversation before it as fits
PACKAGED = Path(__file__).parent / "weights"
PACKAGED_SHA256 = "d3b30767bc752c39de7be458057a44addee2c2f8ddbb234ae4b275d48794d25e"


@dataclass(frozen=True, slots=True)
class TokenScores:
    """What a network says of a window. `offsets` are characters of the window's text, a row for each token.

    `start` and `end` are logits of a span's first and last token, `null` that of there being none on the same
    scale, `answer` whether the window answers at all, `evidence` how much each token's sentence does.
    """

    offsets: np.ndarray  # int, (tokens, 2)
    start: np.ndarray
    end: np.ndarray
    null: float
    answer: float
    evidence: np.ndarray


class Network(Protocol):
    """Reads windows of text for a question.

    `reads_turns` says whether it was trained to read earlier questions along.
    """

    reads_turns: bool

    @property
    def fingerprint(self) -> str:
        """What tells its weights from others'."""
        ...

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[TokenScores]:
        """A reading of each window; `turns` are earlier questions of the conversation, oldest first."""
        ...


class OnnxNetwork:
    """Quoth's own reader: `reader.onnx` and `tokenizer.json` in a folder, run by onnxruntime."""

    reads_turns = True

    def __init__(self, folder: Path = PACKAGED, sha256: str | None = None) -> None:
        """Load the weights; raises ReaderError if they are missing, unreadable or not those expected."""
        # Imported here: nothing happens at import.
        from tokenizers import Tokenizer

        try:
            data = (folder / "reader.onnx").read_bytes()
            self.fingerprint = hashlib.sha256(data).hexdigest()
            if sha256 and self.fingerprint != sha256:
                raise ReaderError(f"The reader's weights at {folder} have been altered. Reinstall quoth.")
            self.session = open_session(data)
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except ReaderError:
            raise
        except Exception as error:  # the libraries raise a dozen kinds, for one reason
            raise ReaderError(
                f"The reader at {folder} cannot be loaded ({type(error).__name__}). A reader's folder holds "
                "reader.onnx and tokenizer.json, or a model for extractive question answering."
            ) from error
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.tokenizer.encode_special_tokens = True  # "[SEP]" in a text is five characters
        self.first, self.last = self.tokenizer.encode("").ids  # [CLS] and [SEP]

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[TokenScores]:
        """A reading of each window, behind the earlier questions; it depends on these and that window alone."""
        turned = self.tokenizer.encode_batch([*turns, question], add_special_tokens=False)
        asked = join_turns([encoding.ids for encoding in turned], self.last)
        encoded = self.tokenizer.encode_batch(list(windows), add_special_tokens=False)
        begin, room = len(asked) + 2, MAX_TOKENS - len(asked) - 3

        def read_one(window: "Encoding") -> TokenScores:
            tokens = [self.first, *asked, self.last, *window.ids[:room], self.last]
            return cut(self.run(tokens, begin), begin, window.offsets[:room])

        return list(in_threads(read_one, encoded))

    def run(self, tokens: Sequence[int], begin: int) -> np.ndarray:
        """Start, end, evidence and answer logits of token ids whose window begins at `begin`: (tokens, 4)."""
        (scores,) = self.session.run(None, inputs_of(tokens, begin))
        return np.asarray(scores[0])


def inputs_of(tokens: Sequence[int], begin: int) -> dict[str, np.ndarray]:
    """What the network is given: the tokens, and of which type each is, 0 before `begin` and 1 from it on."""
    ids = np.array([tokens], dtype=np.int64)
    return {"tokens": ids, "types": (np.arange(ids.shape[1]) >= begin).astype(np.int64)[None]}


def join_turns(asked: Sequence[Sequence[int]], separator: int) -> list[int]:
    """The tokens of a question, the last, behind those of the earlier ones that fit; a separator behind each of these.

    >>> join_turns([[7, 8], [9]], 0)
    [7, 8, 0, 9]
    """
    *earlier, question = asked
    tokens = list(question[:MAX_QUESTION_TOKENS])
    for turn in reversed(earlier):
        if len(turn) + 1 + len(tokens) > MAX_ASKED_TOKENS:
            break
        tokens = [*turn, separator, *tokens]
    return tokens


def cut(scores: np.ndarray, begin: int, offsets: Sequence[tuple[int, int]]) -> TokenScores:
    """What a network says of its tokens as a reading of the window, which begins at `begin`."""
    start, end, evidence, answer = scores.T
    inside = slice(begin, begin + len(offsets))
    places = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    return TokenScores(places, start[inside], end[inside], float(start[0] + end[0]), float(answer[0]), evidence[inside])
