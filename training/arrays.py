"""Training examples as flat arrays: token ids, and the sentence that each token belongs to.

An input is [CLS] question [SEP] window [SEP]; earlier questions of the conversation, each followed by [SEP], come
before the question. `bounds` says where each example begins. The file is read without pickle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from assistant.reader.network import join_turns
from training.examples import Example

MAX_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Arrays:
    """`tokens[bounds[i]:bounds[i + 1]]` is example i.

    sentence: the number of each token's sentence from 1, 0 outside the window. span: the answer's first and last
    token, (0, 0) if there is none. evidence: a bit for each sentence that answers. flags: 1 answerable, 2 span known.
    kinds: indices into `names`. groups: shared by the windows of one document for one question; 0 is no group.
    """

    tokens: np.ndarray  # uint16
    sentence: np.ndarray  # uint8
    bounds: np.ndarray  # int32, one more than examples
    span: np.ndarray  # uint16, (n, 2)
    evidence: np.ndarray  # uint64
    flags: np.ndarray  # uint8
    kinds: np.ndarray  # uint8
    groups: np.ndarray  # int32
    names: np.ndarray  # str

    def __len__(self) -> int:
        return len(self.flags)

    def save(self, path: Path) -> None:
        """Write one .npz file."""
        np.savez_compressed(path, **{name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def load(cls, path: Path) -> "Arrays":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return cls(**{name: file[name] for name in cls.__slots__})


def make_arrays(examples: Sequence[Example], tokenizer: Tokenizer) -> Arrays:
    """Turn examples into arrays; an example whose answer does not fit MAX_TOKENS is left out."""
    names = sorted({example.kind for example in examples})
    columns: dict[str, list[Any]] = {
        name: [] for name in ("tokens", "sentence", "span", "evidence", "flags", "kinds", "groups")
    }
    bounds = [0]
    for example in examples:
        encoded = encode(example, tokenizer)
        if encoded is None:
            continue
        tokens, sentence, span = encoded
        columns["tokens"].append(tokens)
        columns["sentence"].append(sentence)
        columns["span"].append(span)
        present = set(sentence.tolist())
        columns["evidence"].append(sum(1 << i for i in example.evidence if i < 64 and i + 1 in present))
        columns["flags"].append(example.answerable | example.span_known << 1)
        columns["kinds"].append(names.index(example.kind))
        columns["groups"].append(example.group)
        bounds.append(bounds[-1] + len(tokens))
    return Arrays(
        np.concatenate(columns["tokens"]).astype(np.uint16),
        np.concatenate(columns["sentence"]).astype(np.uint8),
        np.array(bounds, dtype=np.int32),
        np.array(columns["span"], dtype=np.uint16),
        np.array(columns["evidence"], dtype=np.uint64),
        np.array(columns["flags"], dtype=np.uint8),
        np.array(columns["kinds"], dtype=np.uint8),
        np.array(columns["groups"], dtype=np.int32),
        np.array(names),
    )


def encode(example: Example, tokenizer: Tokenizer) -> tuple[np.ndarray, np.ndarray, tuple[int, int]] | None:
    """Return token ids, the sentence number of each token, and the answer's tokens; None if it does not fit."""
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    questions = tokenizer.encode_batch([*example.turns, example.question], add_special_tokens=False)
    question = join_turns([encoding.ids for encoding in questions], int(sep or 0))
    window = tokenizer.encode(example.window, add_special_tokens=False)
    room = MAX_TOKENS - len(question) - 3
    ids, offsets = window.ids[:room], window.offsets[:room]
    tokens = np.array([cls, *question, sep, *ids, sep])
    sentence = np.zeros(len(tokens), dtype=np.uint8)
    first = len(question) + 2
    starts = np.array([start for start, _ in example.sentences])
    middles = np.array([start for start, _ in offsets], dtype=int)
    sentence[first : first + len(ids)] = np.minimum(np.searchsorted(starts, middles, side="right"), 63)
    if example.answer is None:
        return tokens, sentence, (0, 0)
    inside = [i for i, (a, b) in enumerate(offsets) if a < example.answer[1] and example.answer[0] < b]
    if not inside or offsets[inside[-1]][1] < example.answer[1]:
        return None
    return tokens, sentence, (first + inside[0], first + inside[-1])
