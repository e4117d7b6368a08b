"""A folder that lives: mixed formats in one index, and only what changed is read and encoded again."""

from pathlib import Path

import pytest

from assistant import Assistant
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from index.document import sources
from index.document.formats import read
from index.document.formats.types import Read
from index.store import open_index
from tests import rain
from tests.test_store import CountingEncoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "docs"
    (path / "hr" / "leave").mkdir(parents=True)
    (path / "README.md").write_text("About this folder.")
    (path / ".git").mkdir()
    (path / ".git" / "x.md").write_text("Hidden.")
    (path / "rain.txt").write_text("It rains in March.[1]\n\n[1] Roe, Rain, 2001.\n")
    (path / "book.html").write_text(rain.html("mediawiki"))
    (path / "hr" / "rain.md").write_text("# Rain\n\nStaff go home when it rains.\n")
    (path / "hr" / "leave" / "days.pdf").write_bytes(rain.pdf())
    return path


def test_every_format_is_found_and_sub_folders_are_collections(folder: Path, tmp_path: Path) -> None:
    index = open_index(folder, tmp_path / "idx", encoder=CountingEncoder())
    assert {name: document.collection for name, document in index.documents.items()} == {
        "book": None, "rain": None, "hr:rain": "hr", "hr:leave:days": "hr/leave",
    }  # fmt: skip
    assert [document.title for document in index.documents.values()] == [
        "The Book of Rain",
        "Rain",
        "Rain",
        "The Book of Rain",
    ]


def test_two_formats_of_one_name_have_ids_of_their_own(folder: Path) -> None:
    (folder / "rain.md").write_text("It rains in April.")
    assert [file.id for file in sources.read_sources(folder)] == [
        "book",
        "rain.md",
        "rain.txt",
        "hr:rain",
        "hr:leave:days",
    ]


def test_only_what_changed_is_read_and_encoded_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def reading(path: Path, data: bytes) -> Read:
        seen.append(path.name)
        return read(path, data)

    monkeypatch.setattr(sources, "read", reading)
    first = open_index(folder, tmp_path / "idx", encoder=CountingEncoder())
    assert sorted(seen) == ["book.html", "days.pdf", "rain.md", "rain.txt"]
    seen.clear()
    encoder = CountingEncoder()
    open_index(folder, tmp_path / "idx", encoder=encoder)
    assert (seen, encoder.encoded) == (["rain.txt"], 0)  # a text file is read to see whether it changed
    (folder / "hr" / "rain.md").write_text("# Rain\n\nStaff go home when it rains. They come back.\n")
    seen.clear()
    said: list[str] = []
    second = open_index(folder, tmp_path / "idx", encoder=encoder, say=said.append)
    assert sorted(seen) == ["rain.md", "rain.txt"]
    assert encoder.encoded == 2  # the new passage and the new sentence
    assert second.documents["hr:leave:days"] == first.documents["hr:leave:days"]
    assert "They come back." in second.documents["hr:rain"].text
    (folder / "book.html").unlink()
    encoder = CountingEncoder()
    third = open_index(folder, tmp_path / "idx", encoder=encoder)
    assert (list(third.documents), encoder.encoded) == (["rain", "hr:rain", "hr:leave:days"], 0)


def test_what_stands_beside_a_file_is_part_of_it(folder: Path, tmp_path: Path) -> None:
    open_index(folder, tmp_path / "idx", encoder=CountingEncoder())
    (folder / "book.toml").write_text('author = "J. Roe"\n')
    index = open_index(folder, tmp_path / "idx", encoder=CountingEncoder())
    known = index.documents["book"].metadata
    assert (known.title, known.author) == ("The Book of Rain", "J. Roe")


def test_an_answer_leads_back_into_the_original(folder: Path, tmp_path: Path) -> None:
    index = open_index(folder / "hr" / "leave" / "days.pdf", tmp_path / "idx", encoder=CountingEncoder())
    quoth = Assistant(index, Config(threshold=0.01), SentenceReader())
    told = quoth.ask("When did the last boat leave?").to_dict()["evidence"][0]
    assert (told["quote"], told["page"], told["headings"]) == (
        "The last boat left in autumn.",
        3,
        ("The second chapter",),
    )
    assert [note["text"] for note in told["footnotes"]] == ["Ibid., page 5."]
    index = open_index(folder, tmp_path / "idx", encoder=CountingEncoder())
    told = (
        Assistant(index, Config(threshold=0.01), SentenceReader())
        .ask("When do staff go home?")
        .to_dict()["evidence"][0]
    )
    assert (told["document"], told["link"], told["collection"], told["page"]) == ("hr:rain", "#rain", "hr", None)
