"""Shared by all tests: small documents, an encoder computed from the text, the article."""

import gc
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest

from assistant import Assistant
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from index.dense import Encoder, Tokens
from index.document.parse import parse
from index.document.sources import SourceFile, read_source
from index.document.types import Document, Metadata
from index.folding import terms
from index.store import make_index

if TYPE_CHECKING:
    from playwright.sync_api import Browser

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("untimed")


def pytest_collection() -> None:
    """Look for no garbage while tests are imported: it is much, and all of it stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again from here on, but not among what was imported."""
    gc.freeze()
    gc.enable()


ROOT = Path(__file__).parent.parent
ARTICLE = ROOT / "source_docs" / "stabilizing-mali.txt"


class HashEncoder:
    """Unit vectors of hashed word stems: deterministic, and near where words are shared."""

    name = "hash"
    fingerprint = "hash"
    window = 256
    multilingual = False
    keeps_tokens = False
    dimensions = 4096

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                vectors[row, int.from_bytes(hashlib.sha256(term.encode()).digest()[:4], "big") % self.dimensions] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    encode_passages = encode_questions

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        spans = [[match.span() for match in re.finditer(r"\w+", text)] for text in texts]
        return [(at, self.encode_passages([text[a:b] for a, b in at])) for text, at in zip(texts, spans)]


@pytest.fixture(scope="session")
def encoder() -> HashEncoder:
    return HashEncoder()


def source(text: str, name: str = "doc") -> SourceFile:
    return SourceFile(name, Path(f"{name}.txt"), text, hashlib.sha256(text.encode()).hexdigest(), Metadata())


def parse_text(text: str) -> Document:
    return parse(source(text))


@pytest.fixture(scope="session")
def article() -> Document:
    return parse(read_source(ARTICLE))


def assistant_of(files: Sequence[SourceFile], encoder: Encoder, threshold: float = 0.01) -> Assistant:
    """An assistant with the simple reader that knows what the documents answer, as one that was opened does."""
    index, config, reader = make_index(files, encoder), Config(threshold=threshold), SentenceReader()
    return Assistant(index, config, reader, known=Assistant.learn(index, config, reader))


@pytest.fixture(scope="session")
def ask_text(encoder: HashEncoder) -> Callable[..., Assistant]:
    """An assistant over texts, with the hash encoder and the simple reader."""

    def make(*texts: str, threshold: float = 0.01) -> Assistant:
        return assistant_of([source(text, f"doc{number}") for number, text in enumerate(texts, 1)], encoder, threshold)

    return make


@pytest.fixture(scope="session")
def quoth(encoder: HashEncoder) -> Assistant:
    """An assistant over the article, with the hash encoder and the simple reader."""
    return assistant_of([read_source(ARTICLE)], encoder)


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    if not CHROMIUM:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
