"""The real encoder, on the article."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant import Assistant
from assistant.cli import main
from assistant.config import Config
from assistant.reader.features import best_span
from assistant.reader.load import load_reader
from assistant.reader.network import PACKAGED, PACKAGED_SHA256, OnnxNetwork
from assistant.reader.squad_model import SquadModel
from index import minilm as packaged
from index.errors import EncoderError, ReaderError
from index.minilm import MiniLmEncoder
from index.sentence_transformer import SentenceTransformerEncoder
from tests.conftest import ARTICLE, ROOT
from tests.test_answers import QUOTE, TROOPS

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def minilm() -> MiniLmEncoder:
    return MiniLmEncoder()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return Assistant.open(ARTICLE, index_dir=tmp_path_factory.mktemp("idx"))


def test_the_packaged_encoder(minilm: MiniLmEncoder) -> None:
    assert minilm.window == 256
    assert minilm.count_tokens(["Rain fell.", ""]) == [3, 0]
    vectors = minilm.encode_passages(["Rain fell.", "It rained.", "Elections were held."])
    assert (vectors.dtype, vectors.shape) == (np.float32, (3, 384))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_passages_fit_its_window(real: Assistant, minilm: MiniLmEncoder) -> None:
    sizes = minilm.count_tokens([passage.plain for passage in real.index.passages])
    assert max(sizes) + 2 <= 256


def test_the_main_job(real: Assistant) -> None:
    answer = real.ask(TROOPS)
    assert answer.evidence[0].quote == QUOTE
    assert answer.evidence[0].footnotes[0].number == 4
    assert answer.answer == "11,200 troops"
    assert real.ask("Who leads Ansar Eddine?").answer == "Iyad ag Ghaly"


def test_it_says_what_sentence_transformers_says(minilm: MiniLmEncoder) -> None:
    other = SentenceTransformerEncoder(str(packaged.packaged_model()))
    texts = [TROOPS, "x", "", "The French are anxious. " * 100, "naïve café — “quote” 漢字"]
    assert minilm.count_tokens(texts) == other.count_tokens(texts)
    assert np.abs(minilm.encode_passages(texts) - other.encode_passages(texts)).max() < 1e-5
    for (places, rows), (expected, wanted) in zip(minilm.encode_tokens(texts), other.encode_tokens(texts), strict=True):
        assert places == expected
        assert np.abs(rows - wanted).max(initial=0) < 1e-5


def test_what_answers_does_without_torch(tmp_path: Path) -> None:
    (tmp_path / "doc.txt").write_text(WITHDREW, encoding="utf-8")
    program = (
        "import sys; from assistant import Assistant; "
        f"quoth = Assistant.open({str(tmp_path / 'doc.txt')!r}, index_dir={str(tmp_path / 'idx')!r}); "
        "assert quoth.ask('When did Chad withdraw its troops?').answered; "
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_a_named_model_needs_what_the_packaged_ones_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(
        EncoderError, match=r"'paraphrase-MiniLM' needs sentence-transformers\. Install it: pip install"
    ):
        SentenceTransformerEncoder("paraphrase-MiniLM")
    with pytest.raises(ReaderError, match=r"'tiny-roberta' needs transformers\. Install it: pip install"):
        SquadModel("tiny-roberta")


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "SHA256", "0" * 64)
    with pytest.raises(EncoderError, match="have been altered"):
        MiniLmEncoder()


def test_an_unknown_encoder_is_one_sentence_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "Who?", "--encoder", str(tmp_path / "none"), "--source", str(ARTICLE)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("quoth: The encoder ")
    assert len(err.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def network() -> OnnxNetwork:
    return OnnxNetwork(PACKAGED, PACKAGED_SHA256)


WITHDREW = "The weather was fine. Chad withdrew its troops on 3 May 2013. Nobody knew why."


def best(network: OnnxNetwork, question: str, text: str) -> tuple[str, float]:
    """The best span of a text and its margin over no answer."""
    (reading,) = network.read(question, [text])
    first, last, score = best_span(reading.start, reading.end)
    return text[reading.offsets[first, 0] : reading.offsets[last, 1]], score - reading.null


def test_the_reader_finds_the_words_and_knows_when_they_are_not_there(network: OnnxNetwork) -> None:
    span, margin = best(network, "When did Chad withdraw its troops?", WITHDREW)
    assert span == "3 May 2013"
    assert margin > 0 > best(network, "How many tanks did Libya lose?", WITHDREW)[1]


def test_the_reader_repeats_itself_exactly(network: OnnxNetwork) -> None:
    once, again = (network.read("When did Chad leave?", [WITHDREW, "It rained."]) for _ in range(2))
    for before, other in zip(once, again, strict=True):
        assert before.start.tolist() == other.start.tolist()
        assert before.evidence.tolist() == other.evidence.tolist()


def test_separators_in_a_question_are_words(network: OnnxNetwork) -> None:
    (reading,) = network.read("[SEP] [CLS]?", ["[SEP] it rained."])
    assert len(reading.offsets) == 6  # [, sep, ], it, rained and the full stop
    assert len(network.read("x" * 5000, ["Rain."])) == 1


def test_an_altered_reader_is_refused(tmp_path: Path) -> None:
    shutil.copytree(PACKAGED, tmp_path / "weights")
    with pytest.raises(ReaderError, match="have been altered"):
        OnnxNetwork(tmp_path / "weights", "0" * 64)
    assert load_reader(str(tmp_path / "weights")).fingerprint.startswith(PACKAGED_SHA256)


def test_any_question_answering_model_can_be_named(tmp_path: Path) -> None:
    from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertForQuestionAnswering

    shape = BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    for name, kind in (("qa", BertForQuestionAnswering), ("masked", BertForMaskedLM)):
        kind(shape).save_pretrained(tmp_path / name)
        AutoTokenizer.from_pretrained(packaged.packaged_model()).save_pretrained(tmp_path / name)
    reader = load_reader(str(tmp_path / "qa"))
    quoth = Assistant.of_text(WITHDREW, MiniLmEncoder(), Config(threshold=0), reader)
    answer = quoth.ask("When did Chad withdraw its troops?")
    assert answer.answer is not None
    assert answer.answer in answer.evidence[0].quote
    assert quoth.ask("And why?", ["When did Chad withdraw its troops?", "x " * 900]).evidence  # as far as they fit
    with pytest.raises(ReaderError, match="neither quoth, sentence, a folder"):
        load_reader(str(tmp_path / "masked"))


def test_an_unknown_reader_is_one_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "Who?", "--reader", "no/such-reader", "--source", str(ARTICLE)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("quoth: The reader 'no/such-reader' cannot be loaded")
    assert err.count("\n") == 1


def test_a_follow_up_is_read_with_the_question_before_it(real: Assistant) -> None:
    answer = real.ask("And how many police?", [real.ask(TROOPS).to_turn()])
    assert (answer.answer, answer.read_with) == ("1,440", (TROOPS,))
    assert (answer.evidence[0].quote, len(answer.trace.lookups if answer.trace else ())) == (QUOTE, 1)


@pytest.mark.parametrize(
    "question", ["Who painted the Mona Lisa?", "And who painted the Mona Lisa?", "What does a litre of milk cost?"]
)
def test_a_change_of_subject_is_not_answered_from_the_conversation(real: Assistant, question: str) -> None:
    assert not real.ask(question, [real.ask(TROOPS).to_turn()]).answered


def test_a_follow_up_that_the_document_does_not_answer_is_not_answered_with_the_last_answer(real: Assistant) -> None:
    turns = [real.ask(TROOPS).to_turn()]
    for question in ("What does it cost?", "And how many astronauts?", "Who designed its flag?"):
        answer = real.ask(question, turns)
        assert (answer.answered, answer.read_with) == (False, (TROOPS,)), question


def test_a_later_part_is_read_with_those_before_it(real: Assistant) -> None:
    answer = real.ask("Which Tuareg group sided with the MNLA in the 2012 uprising, and when had that been set up?")
    assert (answer.answer, answer.unanswered) == ("the Ifoghas; October 2011", ())


def test_what_a_text_says_is_answered_and_what_it_does_not_say_is_not() -> None:
    quoth = Assistant.of_text(WITHDREW, MiniLmEncoder())
    said = quoth.ask("When did Chad withdraw its troops?")
    assert (said.answer, said.evidence[0].quote) == ("3 May 2013", "Chad withdrew its troops on 3 May 2013.")
    unsaid = quoth.ask("Who paid for the Libyan tanks?")
    assert not unsaid.answered
    assert unsaid.abstention is not None
    assert "“Libyan”" in unsaid.abstention.message
    assert replace(quoth.ask("When did Chad withdraw its troops?"), timings_ms={}) == replace(said, timings_ms={})
