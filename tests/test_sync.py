"""Wikis as folders: what is fetched and what removed, when a listing fails; names of files; the command line."""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.cli import main
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from assistant.server import watching
from assistant.settings import Settings
from assistant.settings_sources import read_settings, to_toml
from assistant.sync import folder as folders
from assistant.sync import wikis as opening
from assistant.sync.folder import Synced, file_name, sync_folder
from assistant.sync.types import Caller, ListedPage, Page, WikiSettings
from index.document.sources import find_files, read_sources
from index.errors import QuothError, SourceError, WikiError
from tests.serving import application, logged
from tests.test_store import CountingEncoder

NAMED = WikiSettings(name="handbook", kind="mediawiki", address="http://wiki.test", rights="everyone")
MARKED = (
    '<p>Staff may take thirty days of leave.<sup id="cite_ref-1"><a href="#cite_note-1">[1]</a></sup></p>'
    '<h2><span class="mw-headline" id="In_winter">In winter</span></h2><p>Nobody works when the river is frozen.</p>'
    '<ol class="references"><li id="cite_note-1"><span class="reference-text">Roe, <i>On Leave</i>, 2001.</span></li></ol>'
)


class Pages:
    """A wiki in a dictionary: its pages' titles, HTML and versions."""

    def __init__(self, **pages: tuple[str, str, int]) -> None:
        self.pages = dict(pages)
        self.fetched: list[str] = []
        self.broken: set[str] = set()
        self.failing = False
        self.since: list[datetime] = []

    def list_pages(self) -> Mapping[str, ListedPage]:
        if self.failing:
            raise WikiError("The wiki 'handbook' is busy (503). It is asked again next time.")
        return {name: ListedPage(name, title, str(version)) for name, (title, _, version) in self.pages.items()}

    def list_changed(self, since: datetime) -> Mapping[str, ListedPage]:
        self.since.append(since)
        return self.list_pages()

    def fetch(self, page: ListedPage) -> Page | None:
        self.fetched.append(page.id)
        if page.id in self.broken:
            raise WikiError(f"The wiki 'handbook' breaks at {page.id}.")
        if page.id not in self.pages:
            return None
        title, html, version = self.pages[page.id]
        url = f"http://wiki.test/index.php?title={title}&oldid={version}"
        return Page(page.id, title, html, url, str(version), "2026-11-25", "firstHeading")

    def close(self) -> None:
        pass

    def readable(self, pages: Collection[str], caller: Caller) -> frozenset[str]:
        return frozenset()


@pytest.fixture
def wiki() -> Pages:
    return Pages(p1=("Leave", MARKED, 1), p2=("Cars", "<p>Cars stand in the yard.</p>", 1))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "wikis" / "handbook"


def names(place: Path) -> list[str]:
    return sorted(path.relative_to(place).as_posix() for path in place.rglob("*.*") if not path.name.startswith("."))


def test_only_an_edited_page_is_fetched_again(wiki: Pages, place: Path) -> None:
    assert sync_folder(NAMED, wiki, place) == Synced("handbook", 2, 2, 0)
    assert names(place) == ["p1.html", "p1.toml", "p2.html", "p2.toml"]
    assert (place / "p2.toml").read_text() == (
        'title = "Cars"\nurl = "http://wiki.test/index.php?title=Cars&oldid=1"\nrevision = "1"\npage = "p2"\n'
        'date = "2026-11-25"\n'
    )
    wiki.fetched.clear()
    assert sync_folder(NAMED, wiki, place) == Synced("handbook", 2, 0, 0)
    assert wiki.fetched == []
    wiki.pages["p2"] = ("Cars", "<p>Cars stand in the street.</p>", 2)
    assert sync_folder(NAMED, wiki, place) == Synced("handbook", 2, 1, 0)
    assert wiki.fetched == ["p2"]
    assert "street" in (place / "p2.html").read_text()
    assert 'revision = "2"' in (place / "p2.toml").read_text()


def test_what_is_touched_and_reads_the_same_is_not_written_again(wiki: Pages, place: Path) -> None:
    sync_folder(NAMED, wiki, place)
    before = {path: path.stat().st_ino for path in place.glob("p*")}
    wiki.list_pages = lambda: {"p1": ListedPage("p1", "Leave", "touched"), "p2": ListedPage("p2", "Cars", "1")}  # type: ignore[method-assign]
    sync_folder(NAMED, wiki, place)
    assert wiki.fetched[2:] == ["p1"]
    assert {path: path.stat().st_ino for path in place.glob("p*")} == before


def test_a_page_is_gone_after_a_complete_listing_and_never_after_one_that_failed(wiki: Pages, place: Path) -> None:
    sync_folder(NAMED, wiki, place)
    del wiki.pages["p2"]
    wiki.failing = True
    with pytest.raises(WikiError, match="is busy"):
        sync_folder(NAMED, wiki, place)
    assert "p2.html" in names(place)
    wiki.failing = False
    assert sync_folder(NAMED, wiki, place) == Synced("handbook", 1, 0, 1)
    assert names(place) == ["p1.html", "p1.toml"]


def test_recent_changes_remove_nothing_and_are_asked_while_a_listing_is_not_due(
    wiki: Pages, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_folder(NAMED, wiki, place)
    payload = json.loads((place / ".pages.json").read_text())
    (place / ".pages.json").write_text(json.dumps({**payload, "listing": 60}))  # it took a minute
    wiki.pages = {"p3": ("Boats", "<p>Boats lie at the quay.</p>", 1)}
    assert sync_folder(NAMED, wiki, place) == Synced("handbook", 3, 1, 0)
    assert wiki.since == [datetime.fromtimestamp(payload["asked"] - 600, UTC)]
    assert sync_folder(NAMED, wiki, place, complete=True) == Synced("handbook", 1, 0, 2)
    assert len(wiki.since) == 1
    (place / ".pages.json").write_text(json.dumps({**payload, "listing": 60, "listed": payload["listed"] - 1201}))
    sync_folder(NAMED, wiki, place)
    assert len(wiki.since) == 1  # twenty minutes later it is listed again


def test_a_page_that_cannot_be_fetched_stays_as_it_was_and_the_others_are_fetched(wiki: Pages, place: Path) -> None:
    sync_folder(NAMED, wiki, place)
    wiki.pages = {name: (title, html + "<p>New.</p>", 2) for name, (title, html, _) in wiki.pages.items()}
    wiki.broken = {"p1"}
    assert sync_folder(NAMED, wiki, place) == Synced("handbook", 2, 1, 0, ("The wiki 'handbook' breaks at p1.",))
    assert "New." not in (place / "p1.html").read_text()
    wiki.broken = set()
    assert sync_folder(NAMED, wiki, place) == Synced("handbook", 2, 1, 0)
    wiki.pages = {f"q{number}": ("Q", "<p>Q is here.</p>", 1) for number in range(9)}
    wiki.broken = set(wiki.pages)
    wiki.fetched.clear()
    assert len(sync_folder(NAMED, wiki, place).problems) == 3
    assert len(wiki.fetched) == 3  # a wiki that breaks is left for this time


def test_a_page_that_was_hidden_moved_or_emptied(wiki: Pages, place: Path) -> None:
    sync_folder(NAMED, wiki, place)
    wiki.pages["p1"] = ("Leave of absence", MARKED, 2)
    wiki.pages["p2"] = ("Cars", "<div> </div>", 2)
    assert sync_folder(NAMED, wiki, place) == Synced("handbook", 1, 1, 0)
    assert names(place) == ["p1.html", "p1.toml"]
    assert 'title = "Leave of absence"' in (place / "p1.toml").read_text()
    wiki.fetched.clear()
    sync_folder(NAMED, wiki, place)
    assert wiki.fetched == []  # an empty page is not asked for again


def test_a_page_too_deep_to_read_is_named_and_left_out(wiki: Pages, place: Path) -> None:
    wiki.pages["p2"] = ("Cars", "<div>" * 400 + "Deep." + "</div>" * 400, 1)
    synced = sync_folder(NAMED, wiki, place)
    assert synced.problems[0].startswith("The page 'Cars' of the wiki 'handbook' is left out: ")
    assert "nested more than 255 elements" in synced.problems[0]
    assert names(place) == ["p1.html", "p1.toml"]


def test_pages_of_another_wiki_do_not_stay_under_its_name(wiki: Pages, place: Path) -> None:
    sync_folder(NAMED, wiki, place)
    other = WikiSettings(name="handbook", kind="mediawiki", address="http://other.test")
    wiki.failing = True
    with pytest.raises(WikiError):
        sync_folder(other, wiki, place)
    assert names(place) == []


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"pages": {"p1": ["1", "../../x.html"]}, "of": ""}'])
def test_a_damaged_state_means_that_all_is_fetched_again(wiki: Pages, place: Path, damaged: str) -> None:
    sync_folder(NAMED, wiki, place)
    (place / ".pages.json").write_text(damaged)
    (place / "left.html").write_text("<p>Left over.</p>")
    assert sync_folder(NAMED, wiki, place).pages == 2
    assert wiki.fetched == ["p1", "p2", "p1", "p2"]
    assert "left.html" not in names(place)


def test_a_file_that_is_missing_is_fetched_again(wiki: Pages, place: Path) -> None:
    sync_folder(NAMED, wiki, place)
    (place / "p2.toml").unlink()
    assert sync_folder(NAMED, wiki, place).fetched == 1
    assert names(place) == ["p1.html", "p1.toml", "p2.html", "p2.toml"]


@pytest.mark.parametrize(
    ("page", "file"),
    [
        ("12", "12.html"),
        ("hr:leave", "hr/leave.html"),
        ("größe:a.b", "größe/a.b.html"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.html"),
        (":::", "%/%/%/%.html"),
        (".hidden", "%2Ehidden.html"),
        ("a\0b\\c d%", "a%0b%5Cc%20d%25.html".replace("%0b", "%0b")),
        ("x" * 300, file_name("x" * 300)),
    ],
)
def test_the_file_of_a_page_lies_in_the_folder(page: str, file: str, tmp_path: Path) -> None:
    assert file_name(page) == file
    assert (tmp_path / file_name(page)).resolve().is_relative_to(tmp_path)
    assert len(Path(file_name(page)).name) <= 120


def opened(source: Path, place: Path, index_dir: Path) -> Assistant:
    config = Config(source, index_dir, threshold=0.01, wikis=(place,))
    return Assistant.from_config(config, CountingEncoder(), reader=SentenceReader())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "docs"
    path.mkdir()
    (path / "rain.txt").write_text("It rains in March.\n")
    return path


def test_a_wiki_is_a_collection_and_its_citations_lead_to_page_section_and_revision(
    wiki: Pages, place: Path, source: Path, tmp_path: Path
) -> None:
    assert list(opened(source, place, tmp_path / "idx").index.documents) == ["rain"]  # nothing is there yet
    sync_folder(NAMED, wiki, place)
    quoth = opened(source, place, tmp_path / "idx")
    assert {name: document.collection for name, document in quoth.index.documents.items()} == {
        "rain": None, "handbook:p1": "handbook", "handbook:p2": "handbook",
    }  # fmt: skip
    evidence = quoth.ask("How many days of leave may staff take?").evidence[0]
    assert (evidence.quote, evidence.document, evidence.url) == (
        "Staff may take thirty days of leave.",
        "handbook:p1",
        "http://wiki.test/index.php?title=Leave&oldid=1#firstHeading",
    )
    assert [note.text for note in evidence.footnotes] == ["Roe, On Leave, 2001."]
    evidence = quoth.of_collection("handbook").ask("Who works when the river is frozen?").evidence[0]
    assert evidence.url == "http://wiki.test/index.php?title=Leave&oldid=1#In_winter"
    assert (quoth.index.documents["handbook:p1"].metadata.page, quoth.ask("When does it rain?").evidence[0].url) == (
        "p1",
        None,
    )


def test_a_readme_of_a_wiki_is_a_page_like_others(place: Path, source: Path) -> None:
    sync_folder(NAMED, Pages(readme=("Readme", "<p>Read this first.</p>", 1)), place)
    assert [file.id for file in find_files(source, collections=[place]).files] == ["rain", "handbook:readme"]


def test_a_folder_without_documents_of_its_own_and_a_folder_of_the_wikis_name(
    wiki: Pages, place: Path, source: Path
) -> None:
    sync_folder(NAMED, wiki, place)
    (source / "rain.txt").unlink()
    assert [file.id for file in find_files(source, collections=[place]).files] == ["handbook:p1", "handbook:p2"]
    (source / "handbook").mkdir()
    with pytest.raises(SourceError, match=r"are both the collection 'handbook'\. Rename one of them"):
        find_files(source, collections=[place])
    file = source / "rain.txt"
    file.write_text("It rains in March.\n")
    assert [one.id for one in find_files(file, collections=[place]).files] == ["rain", "handbook:p1", "handbook:p2"]
    assert len(read_sources(file)) == 1


SETTINGS = """
source = "{source}"
index_dir = "{store}"
[[wikis]]
name = "handbook"
kind = "mediawiki"
address = "http://wiki.test/"
namespaces = [0, "Help"]
user = "Quoth@sync"
password_env = "HANDBOOK_PASSWORD"
[[wikis]]
name = "desk"
kind = "dokuwiki"
address = "http://127.0.0.1:1"
"""


@pytest.fixture
def file(source: Path, tmp_path: Path) -> Path:
    path = tmp_path / "quoth.toml"
    path.write_text(SETTINGS.format(source=source, store=tmp_path / "idx"))
    return path


def test_the_settings_name_wikis(file: Path, tmp_path: Path) -> None:
    given = read_settings({"config": str(file)}, {})
    assert [(wiki.name, wiki.kind, wiki.address, wiki.namespaces) for wiki in given.wikis] == [
        ("handbook", "mediawiki", "http://wiki.test", ("0", "Help")),
        ("desk", "dokuwiki", "http://127.0.0.1:1", ()),
    ]
    assert given.config.wikis == (tmp_path / "idx/wikis/handbook", tmp_path / "idx/wikis/desk")
    printed = tmp_path / "printed.toml"
    printed.write_text(to_toml(given))
    assert read_settings({"config": str(printed)}, {}) == given


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('nam = "x"', "[[wikis]], number 2, has the unknown key 'nam'. It takes name, kind, address"),
        ('user = "Bob"', "[[wikis]], number 2: the user 'Bob' has no password; name its variable with password_env."),
        ('password_env = "QUOTH_X"', "[[wikis]], number 2: QUOTH_X would be read as a setting"),
        ('password_env = "a b"', "[[wikis]], number 2: password_env cannot be 'a b'"),
        ('public_address = "javascript:alert(1)"', "'javascript:alert(1)' is not an address"),
        ('public_address = "https://me:secret@wiki.test"', "an address holds no name, password, query or fragment"),
        ('[[wikis]]\nname = "desk"\nkind = "bookstack"\naddress = "http://b.test"', "[[wikis]]: two are called 'desk'"),
        ('[[wikis]]\nname = "a/b"\nkind = "bookstack"\naddress = "http://b.test"', "number 3: name cannot be 'a/b'"),
        ('[[wikis]]\nname = "x"\nkind = "notion"\naddress = "http://b.test"', "number 3: kind cannot be 'notion'"),
        ('[[wikis]]\nname = "x"', "[[wikis]], number 3, lacks the key 'kind'."),
    ],
)  # fmt: skip
def test_a_wiki_that_cannot_be_is_refused_in_one_sentence(file: Path, line: str, message: str) -> None:
    file.write_text(f"{file.read_text()}{line}\n")
    with pytest.raises(QuothError) as refused:
        read_settings({"config": str(file)}, {})
    assert message in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.fixture
def known(wiki: Pages, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    """The wiki "handbook" is the one in the dictionary; the other is asked for."""
    open_wiki = opening.open_wiki
    monkeypatch.setattr(
        opening,
        "open_wiki",
        lambda named, environment: wiki if named.name == "handbook" else open_wiki(named, environment),
    )
    return wiki


def test_quoth_sync_reads_the_others_where_one_fails(
    known: Pages, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync", "--config", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == "handbook: 2 pages, 2 fetched, 0 removed\n"
    assert err.startswith("quoth: The wiki 'desk' cannot be reached at http://127.0.0.1:1/lib/exe/xmlrpc.php (")
    assert err.endswith("Check its address, and that it runs.\n")
    del known.pages["p1"]
    main(["sync", "--config", str(file)])
    assert capsys.readouterr().out == "handbook: 1 pages, 0 fetched, 1 removed\n"


def test_quoth_sync_without_wikis_or_without_a_secret(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("QUOTH_", "HANDBOOK"))]:
        monkeypatch.delenv(name)
    assert main(["sync"]) == 2
    assert "The settings name no wiki. Write a [[wikis]] table" in capsys.readouterr().err
    assert main(["sync", "--config", str(file)]) == 2
    assert "The wiki 'handbook' wants the variable HANDBOOK_PASSWORD, which is not set." in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(wiki: Pages, tmp_path: Path) -> None:
    (tmp_path / "wikis").write_text("in the way")
    with pytest.raises(WikiError, match=r"cannot be written .* Name another with --index-dir"):
        sync_folder(NAMED, wiki, tmp_path / "wikis" / "handbook")


def test_two_at_once_do_not_meet(wiki: Pages, place: Path) -> None:
    place.mkdir(parents=True)
    with folders.FileLock(place / ".lock"), pytest.raises(WikiError, match="is being read by another process"):
        sync_folder(NAMED, wiki, place)


def test_a_server_answers_from_an_edited_page_and_no_more_from_a_deleted_one(
    known: Pages, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "QUIET", 100)
    config = Settings(source=source, index_dir=tmp_path / "idx", wikis=(NAMED,), sync_seconds=1)
    wikis = opening.Wikis(config, {})
    assert wikis.sync(new_only=True) == [Synced("handbook", 2, 2, 0)]
    assert wikis.sync(new_only=True) == []
    quoth = opened(source, config.wiki_folder(NAMED), tmp_path / "idx")
    given = {"source": source, "index_dir": tmp_path / "idx", "wikis": (NAMED,), "sync_seconds": 1}
    app = application(quoth, watch=True, wikis_kept=wikis, **given)
    with logged() as log, TestClient(app, base_url="http://localhost:7860") as caller:

        def answer(question: str) -> str:
            answer = caller.post("/api/ask", json={"question": question, "collection": "handbook"}).json()
            return answer["evidence"][0]["quote"] if answer["answered"] else answer["abstention"]["message"]

        assert answer("Where do cars stand?") == "Cars stand in the yard."
        known.pages["p2"] = ("Cars", "<p>Cars stand in the cellar.</p>", 2)
        log.last(event="wiki read", wiki="handbook", pages=2, fetched=1, removed=0)
        log.last(event="documents read again", documents=3)
        assert answer("Where do cars stand?") == "Cars stand in the cellar."
        known.failing = True
        assert "is busy (503)" in log.last(event="wiki not read", wiki="handbook")["why"]
        assert answer("Where do cars stand?") == "Cars stand in the cellar."
        known.failing = False
        del known.pages["p2"]
        log.last(event="wiki read", wiki="handbook", pages=1, removed=1)
        log.last(event="documents read again", documents=2)
        assert answer("Where do cars stand?") == "Nothing in the document matches this question."
