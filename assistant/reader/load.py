"""Readers by name: the packaged one, the simple one, a folder, or a model from the hub."""

from pathlib import Path

from assistant.config import DEFAULT_READER
from assistant.reader import Reader
from assistant.reader.combine import Combination
from assistant.reader.network import PACKAGED, PACKAGED_SHA256, OnnxNetwork
from assistant.reader.sentence import SentenceReader
from assistant.reader.span import SpanReader
from assistant.reader.squad_model import SquadModel

SIMPLE_READER = "sentence"


def load_reader(name: str = DEFAULT_READER) -> Reader:
    """Load a reader by name; raises ReaderError if it cannot be loaded.

    A folder with reader.onnx is a reader trained here; any other folder or name is a model for extractive question
    answering. Only a name that is no folder may be downloaded.
    """
    if name == SIMPLE_READER:
        return SentenceReader()
    combination = Combination.load(PACKAGED / "combination.json")
    if name == DEFAULT_READER:
        return SpanReader(name, OnnxNetwork(PACKAGED, PACKAGED_SHA256), combination)
    if (Path(name) / "reader.onnx").exists():
        path = Path(name) / "combination.json"
        return SpanReader(name, OnnxNetwork(Path(name)), Combination.load(path) if path.exists() else combination)
    return SpanReader(name, SquadModel(name), combination)
