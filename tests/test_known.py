"""What is known of documents: made with their index, kept beside it, never made at a question."""

import json
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.config import Config
from assistant.known import Known
from assistant.reader.sentence import SentenceReader
from assistant.suggest import ask_definition, ask_how_many, ask_who
from assistant.understand.learning import learn
from assistant.understand.vocabulary import TABLES, Vocabulary
from index.store import Attachment, open_index
from tests.conftest import HashEncoder
from tests.test_understanding import RIVERS

SIMPLE = "sentence"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "rivers.txt").write_text(RIVERS, encoding="utf-8")
    return Config(tmp_path / "rivers.txt", tmp_path / "idx", reader=SIMPLE, threshold=0.3)


def newest(config: Config) -> Path:
    (folder,) = config.index_dir.iterdir()
    return max(path for path in folder.iterdir() if path.name.startswith("generation"))


def dump(quoth: Assistant) -> list[list[tuple[object, ...]]]:
    """Every row that is known, in order."""
    return [quoth.known.vocabulary.select(f"SELECT * FROM {table}") for table in TABLES]


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing may be learned or read."""

    def fail(*given: object) -> None:
        raise AssertionError("this is known")

    monkeypatch.setattr("assistant.known.learn", fail)
    monkeypatch.setattr(SentenceReader, "read", fail)


def test_what_is_known_is_made_once_and_loaded(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    again = Assistant.from_config(config, HashEncoder())
    forbid(monkeypatch)
    loaded = Assistant.from_config(config, HashEncoder())
    assert dump(loaded) == dump(again)
    assert loaded.suggest(2) == (
        "When was the National Rivers Council founded in Varna?",
        "Why did the dam at Belovo break?",
    )
    greeting = loaded.ask("Hello!")
    assert greeting.abstention is not None
    assert greeting.abstention.suggestions == loaded.suggest(3)
    assert loaded.known.query("the NRC") == "the NRC National Rivers Council"
    assert loaded.known.correct("who leads the counsil in Vrana") == "who leads the council in Varna"


def test_another_reader_answers_the_first_questions_anew_without_encoding_again(config: Config) -> None:
    class Counting(HashEncoder):
        encoded = 0

        def encode_passages(self, texts):  # type: ignore[no-untyped-def, override]
            self.encoded += len(texts)
            return super().encode_questions(texts)

    encoder = Counting()

    def attach(version: str) -> object:
        attachment = Attachment(version, lambda index, path: path.write_text(version), Path.read_text)
        return open_index(config.source, config.index_dir, config.index, encoder, attachment=attachment).attached

    assert attach("one") == "one"
    encoded = encoder.encoded
    assert (attach("other"), attach("one"), attach("other")) == ("other", "one", "other")
    assert encoder.encoded == encoded
    assert newest(config).name == "generation-2"  # both are kept


@pytest.mark.parametrize("damage", ["truncated", "missing", "not what it should be"])
def test_what_is_known_is_made_anew_where_it_is_damaged(config: Config, damage: str) -> None:
    known = dump(Assistant.from_config(config, HashEncoder()))
    attached = newest(config) / "attached"
    if damage == "missing":
        attached.unlink()
    elif damage == "truncated":
        attached.write_bytes(attached.read_bytes()[:-5])
    else:
        attached.write_bytes(b"{}")
        manifest = json.loads((attached.parent / "manifest.json").read_text())
        import hashlib

        manifest["files"]["attached"]["sha256"] = hashlib.sha256(b"{}").hexdigest()
        (attached.parent / "manifest.json").write_text(json.dumps(manifest))
    said: list[str] = []
    again = Assistant.from_config(config, HashEncoder(), said.append)
    assert dump(again) == known
    assert len(said) == 1
    assert "damaged" in said[0]


def test_first_questions_are_those_that_the_threshold_lets_be_answered(config: Config) -> None:
    known = Assistant.from_config(config, HashEncoder()).known
    confident = max(known.questions, key=lambda question: question.confidence)
    assert known.suggest(9, confident.confidence) == (confident.question,)
    assert known.suggest(9, 1.0) == ()


def test_one_document_knows_its_own_words_and_questions() -> None:
    texts = {"a": "Ivan Tchernov leads.\n\nThe dam broke on May 2, 1901.", "b": "Boats sail."}
    from assistant.suggest import FirstQuestion
    from tests.conftest import parse_text

    questions = [FirstQuestion("When did the dam break?", "a", 0.9, (1.0,)), FirstQuestion("Who?", "b", 0.9, (0.0,))]
    known = Known(Vocabulary.of((name, learn(parse_text(text))) for name, text in texts.items()), questions)
    only = known.only({"b"})
    assert (only.suggest(9, 0), known.suggest(1, 0)) == (("Who?",), ("When did the dam break?",))
    assert known.knows("Tchernov")
    assert not only.knows("Tchernov")
    assert known.correct("Where is Tchernof?") == "Where is Tchernov?"
    assert only.correct("Where is Tchernof?") == "Where is Tchernof?"


def test_a_thing_with_an_article_is_nobody() -> None:
    assert ask_who("It reached Egypt and the Middle East, before it came here.") is None


def test_questions_of_sentences_that_define_or_count() -> None:
    assert ask_definition("It is a dam.") is None
    assert ask_definition("The tower is 300 metres high.") is None
    assert ask_definition("Managers are the people who decide.") == "What are managers?"
    assert ask_how_many("Employees receive 20 days of paid leave each year.") == (
        "How many days of paid leave do employees receive?"
    )
    assert ask_how_many("There are 12 gates.") is None


def test_what_was_known_of_a_text_is_not_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "rivers.txt").write_text(RIVERS, encoding="utf-8")
    (folder / "boats.txt").write_text("Boats sail on the Ilmen.")
    config = Config(folder, tmp_path / "idx", reader=SIMPLE, threshold=0.3)
    first = Assistant.from_config(config, HashEncoder())
    learned: list[str] = []
    monkeypatch.setattr("assistant.known.learn", lambda document: learned.append(document.id) or learn(document))
    (folder / "boats.txt").write_text("Boats sail on the Onega. The fleet has twelve ships.")
    second = Assistant.from_config(config, HashEncoder())
    assert learned == ["boats"]
    assert second.known.questions[: len(first.known.questions)] == first.known.questions
    assert "How many ships does the fleet have?" in {one.question for one in second.known.questions}
    assert (second.known.knows("Onega"), second.known.knows("Ilmen")) == (True, False)
    (folder / "rivers.txt").write_text("Rivers rise.")
    third = Assistant.from_config(config, HashEncoder())
    assert {one.document for one in third.known.questions} <= {"boats", "rivers"}
    assert not {one.question for one in first.known.questions} & {one.question for one in third.known.questions}
