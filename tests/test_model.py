"""The real encoder, on the article."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from assistant import Assistant
from index import dense
from index.dense import SentenceTransformerEncoder
from index.errors import EncoderError
from tests.conftest import ARTICLE, ROOT
from tests.test_answers import QUOTE, TROOPS

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def minilm() -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return Assistant.open(ARTICLE, index_dir=tmp_path_factory.mktemp("idx"))


def test_the_packaged_encoder(minilm: SentenceTransformerEncoder) -> None:
    assert minilm.window == 256
    assert minilm.count_tokens(["Rain fell.", ""]) == [3, 0]
    vectors = minilm.encode_passages(["Rain fell.", "It rained.", "Elections were held."])
    assert (vectors.dtype, vectors.shape) == (np.float32, (3, 384))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_passages_fit_its_window(real: Assistant, minilm: SentenceTransformerEncoder) -> None:
    sizes = minilm.count_tokens([passage.plain for passage in real.index.passages])
    assert max(sizes) + 2 <= 256


def test_the_main_job(real: Assistant) -> None:
    answer = real.ask(TROOPS)
    assert answer.evidence[0].quote == QUOTE
    assert answer.evidence[0].footnotes[0].number == 4
    assert real.ask("Who heads the Tuareg jihadists?").answered


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "DEFAULT_SHA256", "0" * 64)
    with pytest.raises(EncoderError, match="have been altered"):
        SentenceTransformerEncoder()


def test_an_unknown_encoder_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    began = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-m", "assistant", "ask", "Who?", "--encoder", str(tmp_path / "none"), "--source", str(ARTICLE)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert told.stdout == ""
    assert told.stderr.startswith("quoth: The encoder ")
    assert len(told.stderr.strip().splitlines()) == 1
    assert time.monotonic() - began < 60
