"""A folder that lives: mixed formats in one index, and only what changed is read and encoded again."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from assistant.server import watching
from index.document import sources
from index.document.apart import ReadingProcess
from index.document.formats import read
from index.document.formats.types import Read
from index.document.parse import parse
from index.document.sources import read_file
from index.errors import QuestionError
from index.store import open_index
from tests import rain
from tests.serving import application, client, logged
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
    monkeypatch.setattr(ReadingProcess, "read", lambda self, found: parse(read_file(found)))
    first = open_index(folder, tmp_path / "idx", encoder=CountingEncoder())
    assert sorted(seen) == ["book.html", "days.pdf", "rain.md", "rain.txt"]
    seen.clear()
    encoder = CountingEncoder()
    open_index(folder, tmp_path / "idx", encoder=encoder)
    assert (seen, encoder.encoded) == ([], 0)
    (folder / "hr" / "rain.md").write_text("# Rain\n\nStaff go home when it rains. They come back.\n")
    seen.clear()
    said: list[str] = []
    second = open_index(folder, tmp_path / "idx", encoder=encoder, say=said.append)
    assert seen == ["rain.md"]
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
    answer = quoth.ask("When did the last boat leave?").to_dict()["evidence"][0]
    assert (answer["quote"], answer["page"], answer["headings"]) == (
        "The last boat left in autumn.",
        3,
        ("The second chapter",),
    )
    assert [note["text"] for note in answer["footnotes"]] == ["Ibid., page 5."]
    index = open_index(folder, tmp_path / "idx", encoder=CountingEncoder())
    answer = (
        Assistant(index, Config(threshold=0.01), SentenceReader())
        .ask("When do staff go home?")
        .to_dict()["evidence"][0]
    )
    assert (answer["document"], answer["link"], answer["collection"], answer["page"]) == (
        "hr:rain",
        "#rain",
        "hr",
        None,
    )


def test_one_collection_is_asked_alone_with_those_in_it(folder: Path, tmp_path: Path) -> None:
    index = open_index(folder, tmp_path / "idx", encoder=CountingEncoder())
    quoth = Assistant(index, Config(threshold=0.01), SentenceReader())
    assert list(quoth.of_collection("hr").index.documents) == ["hr:rain", "hr:leave:days"]
    assert list(quoth.of_collection("hr/leave").index.documents) == ["hr:leave:days"]
    question = "When did it rain in March?"
    assert quoth.ask(question).evidence[0].document == "rain"
    assert {evidence.document for evidence in quoth.of_collection("hr").ask(question).evidence} <= {
        "hr:rain",
        "hr:leave:days",
    }
    config = Config(folder, tmp_path / "idx", threshold=0.01, collection="hr")
    opened = Assistant.from_config(config, CountingEncoder(), reader=SentenceReader())
    (folder / "hr" / "snow.md").write_text("It snows.")
    (folder / "snow.txt").write_text("It snows.")
    assert list(opened.index.documents) == ["hr:rain", "hr:leave:days"]
    assert list(opened.again(lambda message: None).index.documents) == ["hr:rain", "hr:snow", "hr:leave:days"]
    with pytest.raises(QuestionError, match=r"There is no collection 'h'. There are hr, hr/leave\."):
        quoth.of_collection("h")
    with pytest.raises(QuestionError, match="The documents are in no folders"):
        quoth.only({"rain"}).of_collection("hr")


def test_a_collection_is_asked_over_http(folder: Path, tmp_path: Path) -> None:
    index = open_index(folder, tmp_path / "idx", encoder=CountingEncoder())
    caller = client(Assistant(index, Config(threshold=0.01), SentenceReader()))
    response = caller.post("/api/ask", json={"question": "When does it rain?", "collection": "hr"})
    assert {evidence["collection"] for evidence in response.json()["evidence"]} <= {"hr", "hr/leave"}
    assert response.json()["answered"]
    refused = caller.post("/api/ask", json={"question": "When does it rain?", "collection": "sales"})
    assert (refused.status_code, refused.json()["detail"]) == (
        400,
        "There is no collection 'sales'. There are hr, hr/leave.",
    )
    assert caller.get("/api/suggestions", params={"collection": "sales"}).status_code == 400


def test_a_server_keeps_up_with_its_files(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "QUIET", 100)
    config = Config(folder, tmp_path / "idx", threshold=0.01)
    quoth = Assistant.from_config(config, CountingEncoder(), reader=SentenceReader())
    app = application(quoth, watch=True, source=folder, index_dir=tmp_path / "idx")
    with logged() as log, TestClient(app, base_url="http://localhost:7860") as caller:

        def answer() -> str:
            answer = caller.post("/api/ask", json={"question": "When does it snow on the moor?"}).json()
            return " ".join(evidence["quote"] for evidence in answer["evidence"])

        assert "moor" not in answer()
        (folder / "snow.txt").write_text("It snows on the moor in June.\n")
        log.last(event="documents read again", documents=5)
        assert answer().startswith("It snows on the moor in June.")
        for path in sorted(folder.rglob("*.*")):
            if path.is_file() and ".git" not in path.parts:
                path.unlink()
        assert "no documents" in log.last(event="documents not read again")["why"]
        assert answer().startswith("It snows on the moor in June.")
