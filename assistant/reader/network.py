"""Reader networks: a question and windows of text in, scores of every token out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from index.errors import ReaderError
from index.sessions import in_threads, open_session

if TYPE_CHECKING:
    from tokenizers import Encoding

MAX_TOKENS = 384
MAX_QUESTION_TOKENS = 64
MAX_CONTEXT_TOKENS = 96  # for the question and the earlier turns that fit
UPPER = "upper.onnx"
READ_WHOLE = 5  # windows
PACKAGED = Path(__file__).parent / "weights"
PACKAGED_SHA256 = "373b3ce73e4b92e5bc1ffcb750af7f5da84f59ddb541338f57f7bf8e0c26b2da"  # of both graphs


@dataclass(frozen=True, slots=True)
class TokenScores:
    """A network's scores of a window. `offsets` are characters of the window's text.

    `start` and `end` (tokens,) are logits of a span's first and last token, `null` the score of no answer on the scale
    of their sum, `answer` the logit that the window answers, `evidence` (tokens,) the logits that the tokens' sentences
    do.
    """

    offsets: np.ndarray  # int, (tokens, 2)
    start: np.ndarray
    end: np.ndarray
    null: float
    answer: float
    evidence: np.ndarray


class Network(Protocol):
    """Reads windows of text for a question."""

    @property
    def fingerprint(self) -> str:
        """A hash of its weights."""
        ...

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[TokenScores]:
        """Score each window; `turns` are earlier questions of the conversation, oldest first."""
        ...


class OnnxNetwork:
    """Quoth's reader network: `reader.onnx` and `tokenizer.json` in a folder, run by onnxruntime.

    With `upper.onnx` beside it `reader.onnx` has the lower layers only, and heads over them: the READ_WHOLE windows
    that these score highest are read to the last layer (Cascade Transformer; Soldaini and Moschitti, ACL 2020).
    """

    def __init__(self, folder: Path = PACKAGED, sha256: str | None = None) -> None:
        """Load the weights; raises ReaderError if they are missing, unreadable or not those expected."""
        # Imported here: nothing happens at import.
        from tokenizers import Tokenizer

        try:
            data = (folder / "reader.onnx").read_bytes()
            upper = (folder / UPPER).read_bytes() if (folder / UPPER).exists() else b""
            self.fingerprint = hashlib.sha256(data + upper).hexdigest()
            if sha256 and self.fingerprint != sha256:
                raise ReaderError(f"The reader's weights at {folder} have been altered. Reinstall quoth.")
            self.session = open_session(data)
            self.upper: Any = open_session(upper) if upper else None
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
        """Score each window by itself, after the earlier questions and the question."""
        encodings = self.tokenizer.encode_batch([*turns, question], add_special_tokens=False)
        context = join_turns([encoding.ids for encoding in encodings], self.last)
        encoded = self.tokenizer.encode_batch(list(windows), add_special_tokens=False)
        begin, room = len(context) + 2, MAX_TOKENS - len(context) - 3

        def lower(window: "Encoding") -> list[np.ndarray]:
            tokens = [self.first, *context, self.last, *window.ids[:room], self.last]
            return self.session.run(None, inputs_of(tokens, begin))

        def convert(window: "Encoding", scores: np.ndarray) -> TokenScores:
            return to_token_scores(scores[0], begin, window.offsets[:room])

        outputs = list(in_threads(lower, encoded))
        read = [convert(window, scores) for window, (*_, scores) in zip(encoded, outputs, strict=True)]
        if self.upper is None:
            return read
        best = sorted(range(len(read)), key=lambda i: -window_margin(read[i]))[:READ_WHOLE]
        for i, scores in zip(best, in_threads(self.go_on, [outputs[i][0] for i in best]), strict=True):
            read[i] = convert(encoded[i], scores)
        return read

    def go_on(self, hidden: np.ndarray) -> np.ndarray:
        """Return the last layer's scores (1, tokens, 4) from the lower layers' hidden states."""
        assert self.upper is not None
        (scores,) = self.upper.run(None, {self.upper.get_inputs()[0].name: hidden})
        return np.asarray(scores)

    def run(self, tokens: Sequence[int], begin: int) -> np.ndarray:
        """Return start, end, evidence and answer logits (tokens, 4) of token ids whose window begins at `begin`."""
        first, *_ = self.session.run(None, inputs_of(tokens, begin))
        return np.asarray(first[0] if self.upper is None else self.go_on(first)[0])


def window_margin(scores: TokenScores) -> float:
    """Return how much a window looks like answering: its best start and end over no answer, and its answer logit."""
    if not len(scores.start):
        return -float("inf")
    return float(scores.start.max() + scores.end.max() - scores.null) + scores.answer


def inputs_of(tokens: Sequence[int], begin: int) -> dict[str, np.ndarray]:
    """Return the network's inputs: token ids, and token types, 0 before `begin` and 1 from it on."""
    ids = np.array([tokens], dtype=np.int64)
    return {"tokens": ids, "types": (np.arange(ids.shape[1]) >= begin).astype(np.int64)[None]}


def join_turns(questions: Sequence[Sequence[int]], separator: int) -> list[int]:
    """Join the tokens of the last question with those of the earlier ones that fit, each followed by a separator.

    >>> join_turns([[7, 8], [9]], 0)
    [7, 8, 0, 9]
    """
    *earlier, question = questions
    tokens = list(question[:MAX_QUESTION_TOKENS])
    for turn in reversed(earlier):
        if len(turn) + 1 + len(tokens) > MAX_CONTEXT_TOKENS:
            break
        tokens = [*turn, separator, *tokens]
    return tokens


def to_token_scores(scores: np.ndarray, begin: int, offsets: Sequence[tuple[int, int]]) -> TokenScores:
    """Convert a network's scores to those of the window, which begins at `begin`."""
    start, end, evidence, answer = scores.T
    inside = slice(begin, begin + len(offsets))
    places = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    return TokenScores(places, start[inside], end[inside], float(start[0] + end[0]), float(answer[0]), evidence[inside])
