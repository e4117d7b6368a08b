"""The networks that read: a question and some windows of text in, a score for every token out."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from index.errors import ReaderError

BATCH = 2  # windows read together: few stay in the cache, and little is padded
MAX_TOKENS = 384
MAX_QUESTION_TOKENS = 64
MAX_ASKED_TOKENS = 96  # the question, and as much of the conversation before it as fits
PACKAGED = Path(__file__).parent / "weights"
PACKAGED_SHA256 = "a8f96ed18b7a28bb03808e66be5d6ceb09f889cb2b37308943f8c94b802b6c1a"


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
        import onnxruntime
        from tokenizers import Tokenizer

        try:
            data = (folder / "reader.onnx").read_bytes()
            self.fingerprint = hashlib.sha256(data).hexdigest()
            if sha256 and self.fingerprint != sha256:
                raise ReaderError(f"The reader's weights at {folder} have been altered. Reinstall quoth.")
            self.session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
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

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[TokenScores]:
        """A reading of each window, behind the earlier questions; windows of like length are read together."""
        first, last = self.tokenizer.encode("").ids  # [CLS] and [SEP]
        turned = self.tokenizer.encode_batch([*turns, question], add_special_tokens=False)
        asked = join_turns([encoding.ids for encoding in turned], last)
        encoded = self.tokenizer.encode_batch(list(windows), add_special_tokens=False)
        lengths = [len(encoding.ids) for encoding in encoded]
        readings: list[TokenScores | None] = [None] * len(windows)
        room = MAX_TOKENS - len(asked) - 3
        for rows in by_length(lengths):
            inputs = [[first, *asked, last, *encoded[row].ids[:room], last] for row in rows]
            logits = self.run(inputs, len(asked) + 2)
            for n, row in enumerate(rows):
                readings[row] = cut(logits, n, len(asked) + 2, encoded[row].offsets[:room])
        return [reading for reading in readings if reading is not None]

    def run(self, inputs: Sequence[Sequence[int]], begin: int) -> list[np.ndarray]:
        """Start, end, answer and evidence logits of token ids whose windows begin at `begin`."""
        longest = max(len(one) for one in inputs)
        tokens, mask, window = np.zeros((3, len(inputs), longest), dtype=np.int64)
        for n, one in enumerate(inputs):
            tokens[n, : len(one)], mask[n, : len(one)], window[n, begin : len(one) - 1] = one, 1, 1
        return list(self.session.run(None, {"tokens": tokens, "mask": mask, "window": window}))


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


def by_length(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows in batches of like length, so that little is padded."""
    order = sorted(range(len(lengths)), key=lambda row: lengths[row])
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]


def cut(logits: Sequence[np.ndarray], row: int, begin: int, offsets: Sequence[tuple[int, int]]) -> TokenScores:
    """One row of a batch as a reading: the window's tokens, and the first token as the score of no span."""
    start, end, answer, evidence = logits
    inside = slice(begin, begin + len(offsets))
    places = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    null = float(start[row, 0] + end[row, 0])
    return TokenScores(places, start[row, inside], end[row, inside], null, float(answer[row]), evidence[row, inside])
