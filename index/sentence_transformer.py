"""Encoders that a user names: any model of sentence-transformers."""

import hashlib
import os
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from index.dense import BATCH, DEFAULT_ENCODER, Tokens, unit
from index.errors import EncoderError
from index.multilingual import is_multilingual

REACH_SECONDS = 10
INSTALL = "Install it: pip install --constraint constraints.txt --editable '.[models]'"


class SentenceTransformerEncoder:
    """A sentence-transformers model: a folder, or a name the user gave."""

    keeps_tokens = False

    def __init__(self, name: str) -> None:
        """Load the model; raises EncoderError if it is unknown or unreadable.

        Only a name that is no folder may reach for the network.
        """
        self.name = name
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        folder = name if Path(name).is_dir() else None
        if folder:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        # Imported here: torch takes seconds, and nothing happens at import.
        try:
            import transformers
            from sentence_transformers import SentenceTransformer
        except ModuleNotFoundError as error:
            raise EncoderError(f"The encoder {name!r} needs sentence-transformers. {INSTALL}") from error

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
        """sha256 of the model's weights."""
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
        """It is tried, on a few sentences, when first asked for."""
        return is_multilingual(self.encode_passages)

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
        tokens = []
        for offsets, rows in zip(encoded, vectors):
            inside = [i for i, (start, end) in enumerate(offsets) if end > start and i < len(rows)]
            tokens.append(([offsets[i] for i in inside], unit(np.asarray(rows.float().cpu())[inside])))
        return tokens

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
