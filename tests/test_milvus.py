"""An index searched in Milvus: the same is found, nothing that may not be, generations whole or not there, clear errors.

The engine is milvus-lite, as a file or behind a port of its own in this process.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant import Assistant
from assistant.cli import main
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from assistant.server.documents import Documents
from assistant.server.watching import read_again
from assistant.settings_sources import read_settings
from index.errors import QuothError, StoreError, UnavailableError
from index.milvus import client as milvus_client
from index.milvus import publishing
from index.milvus.address import Address, read_address
from index.milvus.client import Client, connect
from index.milvus.opening import search_in
from index.milvus.ranking import MilvusRanking
from index.retriever import Index
from index.store import open_index
from tests.conftest import HashEncoder
from tests.serving import client as serve
from tests.serving import logged, serving
from tests.test_page_queue import Page

pytest.importorskip("pymilvus", reason="the extra milvus is not installed")
pytest.importorskip("milvus_lite", reason="the extra milvus is not installed")

TEXTS = {
    "weather.txt": "Rain fell in May.[1] The river rose by 3 feet.\n\nSnow fell in June.\n\n[1] Roe, Rain, page 4.\n",
    "board/plans.txt": "The mine at Quoxville was sold in May.\n\nRain fell on the mine.\n\nThe board met twice.\n",
    "board/pay.txt": "Rain or not, the board is paid in June.\n\nThe mine pays nothing.\n",
    'odd "names"/\\ships.txt': "Two ships left in May, and one ship came back in the rain.\n",
}
AWAY = "cannot be reached. Start it, see that QUOTH_STORE_TLS is as it wants, or name another with --store."
QUESTIONS = ("When did rain fall?", "What was sold in May?", "Who is paid in June?", "ship", "Quagga?", "")


def write(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = folder / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "texts"


def open_alone(folder: Path) -> Index:
    return open_index(folder / "texts", folder / "idx", encoder=HashEncoder())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, Index]:
    """An index that searches alone, and the same one in a store."""
    folder = tmp_path_factory.mktemp("pair")
    write(folder, TEXTS)
    alone = open_alone(folder)
    return alone, search_in(str(folder / "store.db"), 30, alone, folder / "idx", print)


class Engine:
    """milvus-lite behind a port; it can be stopped and started again with what it has."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.running = folder, 0, None
        self.start()

    def start(self) -> None:
        from milvus_lite.adapter.grpc.server import start_server_in_thread

        *self.running, self.port = start_server_in_thread(str(self.folder), port=self.port)

    def stop(self) -> None:
        if self.running:
            server, database = self.running
            server.stop(grace=0).wait()
            database.close()
        self.running = None

    @property
    def store(self) -> str:
        return f"milvus://127.0.0.1:{self.port}/rain"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path / "engine")
    yield engine
    engine.stop()
    connect.cache_clear()


def assistant_in(folder: Path, engine: Engine, seconds: float = 5) -> Assistant:
    config = Config(folder / "texts", folder / "idx", threshold=0.01, store=engine.store, store_seconds=seconds)
    return Assistant.from_config(config, HashEncoder(), reader=SentenceReader())


@contextmanager
def answering(engine: Engine, call: str, does: Callable[..., Any]) -> Iterator[None]:
    """Meanwhile, the engine does something else when it is asked this."""
    from milvus_lite.adapter.grpc.servicer import MilvusServicer

    engine.stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MilvusServicer, call, does)
        engine.start()
        yield
        engine.stop()
    engine.start()


def soon(done: Callable[[], bool]) -> bool:
    """Whether something is so, now or in a few seconds: a connection is taken up again after a moment."""
    for _ in range(30):
        if done():
            return True
        time.sleep(0.3)
    return False


def failing(reason: str, code: int = 1) -> Callable[..., Any]:
    from pymilvus.grpc_gen import common_pb2, milvus_pb2

    return lambda *_: milvus_pb2.MutationResult(status=common_pb2.Status(code=code, error_code=code, reason=reason))


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("ways", [("bm25", "dense"), ("bm25",), ("dense",)])
def test_a_store_finds_what_the_index_finds_alone(pair: tuple[Index, Index], question: str, ways: tuple[str]) -> None:
    alone, stored = (index.search(question, 20, ways) for index in pair)
    assert [(hit.passage.id, hit.bm25_rank, hit.dense_rank) for hit in stored] == [
        (hit.passage.id, hit.bm25_rank, hit.dense_rank) for hit in alone
    ]
    for one, other in zip(stored, alone):
        assert (one.passage, one.rank, one.score, one.bm25) == (other.passage, other.rank, other.score, other.bm25)
        assert one.dense == pytest.approx(other.dense, abs=1e-6)


def test_a_follow_up_is_searched_with_the_question_before_it(pair: tuple[Index, Index]) -> None:
    alone, stored = (index.search("And in June?", 20, context="Who is paid?") for index in pair)
    assert [hit.passage.id for hit in stored] == [hit.passage.id for hit in alone]
    assert stored[0].passage.document == "board:pay"
    assert [hit.score for hit in stored] == [hit.score for hit in alone]
    assert stored[0].score == pytest.approx(4 / 61)


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ({"board:plans", "board:pay"}, 'collection in ["board"]'),
        ({"board:plans"}, "document in [{board:plans}]"),
        ({"weather", "board:pay", "board:plans"}, 'collection in ["board"] or document in [{weather}]'),
        ({"weather", "board:pay", 'odd "names":\\ships'}, "document not in [{board:plans}]"),
        ({'odd "names":\\ships'}, 'collection in ["odd \\"names\\""]'),
        (set(), ""),
    ],
)  # fmt: skip
def test_what_may_be_found_is_in_the_search_itself(
    pair: tuple[Index, Index], documents: set[str], expected: str
) -> None:
    alone, stored = (index.only(documents) for index in pair)
    assert isinstance(stored.ranking, MilvusRanking)
    numbers = {entry.id: alone.contents.tables.extent(entry.id).number for entry in alone.contents.tables.entries()}
    for name, number in numbers.items():
        expected = expected.replace(f"{{{name}}}", str(number))
    assert stored.ranking._filter(stored._scope) == expected
    for question in QUESTIONS:
        found = stored.search(question, 20)
        assert {hit.passage.document for hit in found} <= documents
        assert [hit.passage.id for hit in found] == [hit.passage.id for hit in alone.search(question, 20)]
        assert [hit.bm25 for hit in found] == [hit.bm25 for hit in alone.search(question, 20)]


def test_what_a_store_gives_beside_its_filter_is_not_shown(pair: tuple[Index, Index]) -> None:
    alone, stored = (index.only({"board:pay"}) for index in pair)
    ranking = stored.ranking
    assert isinstance(ranking, MilvusRanking)

    class Careless:
        def do(self, *_: object, **__: object) -> list[list[dict[str, int]]]:
            return [[{"position": position} for position in (-1, 4, 3, 2, 1, 0, 99)]]

    careless = MilvusRanking(ranking.contents, 60, Careless(), "")  # type: ignore[arg-type]
    for question in QUESTIONS[:-1]:
        found = stored.ranked_by(careless).search(question, 20)
        assert (
            [hit.passage.id for hit in found]
            == [hit.passage.id for hit in alone.search(question, 20)]
            == ["board:pay#1"]
        )


def test_a_rebuild_is_a_generation_of_its_own_and_the_one_before_is_kept(tmp_path: Path) -> None:
    store = str(tmp_path / "store.db")
    client, said, opened = connect(read_address(store, {}), 30), list[str](), list[Index]()
    for words in ("Rain fell.", "Snow fell.", "Hail fell."):
        write(tmp_path, {"weather.txt": f"{words}\n"})
        opened.append(search_in(store, 30, open_alone(tmp_path), tmp_path / "idx", said.append))
    names = [publishing.name_of(index.contents, "quoth") for index in opened]
    assert len(set(names)) == 3
    assert said == [f"1 passages are sent to the store at {store}."] * 3
    assert sorted(client.do("list_collections")) == sorted(names[1:])
    assert publishing.pointed_to(client, "quoth") == names[2]
    assert [index.search("fell")[0].passage.text for index in opened[1:]] == ["Snow fell.", "Hail fell."]
    with pytest.raises(UnavailableError, match=r"has not, or no longer, what was indexed. Run quoth index to send"):
        opened[0].search("fell")
    search_in(store, 30, open_alone(tmp_path), tmp_path / "idx", said.append)
    assert len(said) == 3  # it is all there


def test_what_was_not_sent_whole_is_not_there_and_is_sent_again(tmp_path: Path, engine: Engine) -> None:
    write(tmp_path, {"weather.txt": "Rain fell.\n"})
    before = search_in(engine.store, 5, open_alone(tmp_path), tmp_path / "idx", print)
    write(tmp_path, TEXTS)
    alone = open_alone(tmp_path)
    name = publishing.name_of(alone.contents, "rain")
    with (
        answering(engine, "Insert", failing("disk quota exceeded")),
        pytest.raises(UnavailableError) as full,
    ):
        search_in(engine.store, 5, alone, tmp_path / "idx", print)
    assert str(full.value) == (
        f"The store at {engine.store} is full or has too much to do. Make room in it, or try again later."
    )
    client = connect(read_address(engine.store, {}), 5)
    assert not client.do("has_collection", name)
    assert before.search("rain")[0].passage.text == "Rain fell."
    client.do("create_collection", name, schema=publishing.make_schema(4096))  # as a killed process leaves it
    client.do("insert", name, list(publishing.rows(alone.contents))[:2])
    stored = search_in(engine.store, 5, alone, tmp_path / "idx", print)
    assert publishing.count(client, name) == len(alone.passages) == 5
    assert [hit.passage for hit in stored.search("rain", 20)] == [hit.passage for hit in alone.search("rain", 20)]


def test_passages_that_are_lost_on_the_way_are_missed(tmp_path: Path, engine: Engine) -> None:
    write(tmp_path, TEXTS)
    alone, rows = open_alone(tmp_path), publishing.rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "rows", lambda contents: iter(list(rows(contents))[:-1]))
        with pytest.raises(
            UnavailableError, match=r"has 4 of 5 passages. Look whether it is full, then run quoth index"
        ):
            search_in(engine.store, 5, alone, tmp_path / "idx", print)
    assert connect(read_address(engine.store, {}), 5).do("list_collections") == []


def test_a_collection_of_somebody_elses_is_left_alone(tmp_path: Path, engine: Engine) -> None:
    write(tmp_path, TEXTS)
    client = connect(read_address(engine.store, {}), 5)
    client.do("create_collection", "rain", schema=publishing.make_schema(8))
    with pytest.raises(StoreError, match=r"rain in the store at .* is no index of Quoth's. Name another"):
        search_in(engine.store, 5, open_alone(tmp_path), tmp_path / "idx", print)
    assert client.do("list_collections") == ["rain"]


def test_a_server_whose_store_is_away_says_so_and_goes_on_when_it_is_back(tmp_path: Path, engine: Engine) -> None:
    write(tmp_path, TEXTS)
    quoth = assistant_in(tmp_path, engine, 1)
    asked = {"question": "What was sold in May?"}
    with serve(quoth) as http, logged() as log:
        assert http.post("/api/ask", json=asked).json()["evidence"][0]["quote"].startswith("The mine at Quoxville")
        assert http.get("/readyz").status_code == 200
        engine.stop()
        for told in (http.post("/api/ask", json=asked), http.get("/readyz")):
            assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
            assert told.headers["Content-Type"] == "application/problem+json"
            assert told.json() == {
                "type": "urn:quoth:away", "title": "Search is away", "status": 503,
                "detail": "What this server searches in does not answer now. Try again in a moment.",
            }  # fmt: skip
        why = f"The store at {engine.store} {AWAY}"
        assert log.last(refused="away", path="/api/ask")["why"] == why
        assert http.get("/healthz").status_code == 200
        chat = {"messages": [{"role": "user", "content": asked["question"]}]}
        assert http.post("/v1/chat/completions", json=chat).json()["error"]["code"] == "away"
        engine.start()
        assert soon(lambda: http.get("/readyz").status_code == 200)
        assert http.post("/api/ask", json=asked).json()["evidence"][0]["quote"].startswith("The mine at Quoxville")


def test_the_chat_says_that_search_is_away_and_nothing_of_where_it_is(tmp_path: Path, engine: Engine) -> None:
    write(tmp_path, TEXTS)
    quoth = assistant_in(tmp_path, engine, 1)
    with serving(quoth) as address, httpx.Client(base_url=address, timeout=30) as http:
        engine.stop()
        away = Page(http, "away")
        away.ask("What was sold in May?")
        shown = away.shown()[-1]
        assert "What this server searches in does not answer now. Try again in a moment." in shown
        assert str(engine.port) not in shown
        asked, events = {"question": "What was sold in May?"}, {"Accept": "text/event-stream"}
        assert '"urn:quoth:away"' in http.post("/api/ask", json=asked, headers=events).text
        engine.start()
        assert soon(lambda: http.get("/readyz").status_code == 200)
        back = Page(http, "back")
        back.ask("What was sold in May?")
        assert "The mine at Quoxville" in back.shown()[-1]


def test_a_store_that_was_emptied_is_filled_again_while_the_server_runs(tmp_path: Path, engine: Engine) -> None:
    write(tmp_path, TEXTS)
    quoth = assistant_in(tmp_path, engine)
    client = connect(read_address(engine.store, {}), 5)
    client.do("drop_alias", "rain")
    client.do("drop_collection", quoth.index.ranking.collection)  # type: ignore[attr-defined]
    with pytest.raises(UnavailableError, match="Run quoth index to send it again"):
        quoth.ask("What was sold in May?")
    assistant_in(tmp_path, engine)
    assert quoth.ask("What was sold in May?").evidence[0].document == "board:plans"


def test_a_slow_store_is_not_waited_for(tmp_path: Path, engine: Engine) -> None:
    write(tmp_path, TEXTS)
    from pymilvus.grpc_gen import milvus_pb2

    quoth, going_on = assistant_in(tmp_path, engine, 0.5), threading.Event()

    def hang(*_: object) -> milvus_pb2.SearchResults:
        going_on.wait(20)
        return milvus_pb2.SearchResults()

    with (
        answering(engine, "HybridSearch", hang),
        pytest.raises(UnavailableError) as slow,
    ):
        quoth.ask("What was sold in May?")
    assert str(slow.value) == (
        f"The store at {engine.store} did not answer within 0.5 s. See whether it is overloaded, or give it longer "
        "with --store-seconds."
    )
    assert quoth.ask("What was sold in May?").evidence


@pytest.mark.parametrize(
    ("version", "told"),
    [("v2.3.5", "is Milvus 2.3. Use 2.5 or newer."), ("milvus_lite-2.5.1", "is Milvus 2.5. Use 3.0 or newer.")],
)
def test_an_older_version_is_refused(engine: Engine, version: str, told: str) -> None:
    from pymilvus.grpc_gen import common_pb2, milvus_pb2

    def answer(*_: object) -> milvus_pb2.GetVersionResponse:
        return milvus_pb2.GetVersionResponse(status=common_pb2.Status(), version=version)

    with answering(engine, "GetVersion", answer), pytest.raises(UnavailableError) as old:
        Client(read_address(engine.store, {}), 5)
    assert str(old.value) == f"The store at {engine.store} {told}"


@pytest.mark.parametrize(
    ("reason", "code", "told"),
    [
        ("no", 1400, "does not take the token. Put one that it knows into QUOTH_STORE_TOKEN"),
        ("no", 9, "is full or has too much to do. Make room in it, or try again later"),
        ("no", 10, "is of a version that cannot do this. Use Milvus 2.5 or newer"),
        ("auth check failure, please check api key is correct", 1, "does not take the token. Put one that it knows into "
         "QUOTH_STORE_TOKEN"),
        ("[Errno 28] No space left on device", 1, "is full or has too much to do. Make room in it, or try again later"),
        ("something odd\nwith a second line", 1, "failed (something odd). Its log may say more"),
    ],
)  # fmt: skip
def test_what_else_a_store_fails_with_is_a_sentence(engine: Engine, reason: str, code: int, told: str) -> None:
    client = connect(read_address(engine.store, {}), 5)
    client.do("create_collection", "odd", schema=publishing.make_schema(4))
    row = {"position": 1, "document": 1, "collection": "", "dense": [1.0, 0, 0, 0], "sparse": {1: 1.0}}
    with answering(engine, "Insert", failing(reason, code)), pytest.raises(UnavailableError) as failed:
        client.do("insert", "odd", [row])
    assert str(failed.value) == f"The store at {engine.store} {told}."


def test_the_command_line_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {"weather.txt": "Rain fell.\n"})
    given = ["index", "--source", str(tmp_path / "texts"), "--index-dir", str(tmp_path / "idx")]
    for store, told in (
        ("milvus://127.0.0.1:1/rain", f"The store at milvus://127.0.0.1:1/rain {AWAY}"),
        (str(tmp_path / "no" / "x.db"), f"The store {tmp_path / 'no' / 'x.db'} cannot be made: there is no folder "
         f"{tmp_path / 'no'}. Make it, or name another."),
        ("milvus://127.0.0.1/rain", "--store: 'milvus://127.0.0.1/rain' is no store; write it like "
         "milvus://HOST:PORT/COLLECTION, or PATH.db."),
    ):  # fmt: skip
        assert main([*given, "--store", store, "--store-seconds", "1"]) == 2
        assert capsys.readouterr().err.splitlines()[-1] == f"quoth: {told}"


def test_a_file_of_another_kind_and_one_that_is_in_use(tmp_path: Path) -> None:
    old, used = tmp_path / "old.db", tmp_path / "used.db"
    old.write_bytes(b"SQLite format 3\0")
    with pytest.raises(StoreError, match=r"old.db is of a version before 3, or no store. Name another with --store"):
        Client(read_address(str(old), {}), 5)
    engine = Engine(used)
    with pytest.raises(
        UnavailableError, match=r"used.db cannot be opened: another process has it open, or it is damaged"
    ):
        Client(read_address(str(used), {}), 5)
    engine.stop()


@pytest.mark.parametrize(
    "store", ["milvus://a/b", "milvus://a:1/2b", "milvus://a:70000/b", "http://a:1/b", "a", "x.db/y"]
)
def test_what_is_no_store(store: str) -> None:
    with pytest.raises(ValueError, match=r"is no store; write it like milvus://HOST:PORT/COLLECTION, or PATH.db"):
        read_address(store, {})
    with pytest.raises(QuothError, match=r"--store: .* is no store"):
        read_settings({"store": store}, {})


def test_the_secret_and_the_certificates_are_in_the_environment(tmp_path: Path) -> None:
    environment = {"QUOTH_STORE": "milvus://db.test:19530/wiki", "QUOTH_STORE_TOKEN": "a:b", "QUOTH_STORE_TLS": "on"}
    config = read_settings({}, environment).config
    assert (config.store, config.store_seconds) == ("milvus://db.test:19530/wiki", 5)
    expected = Address(config.store, "https://db.test:19530", "wiki", "a:b", "on")
    assert read_address(config.store, environment) == expected
    assert read_address(config.store, {}) == Address(config.store, "http://db.test:19530", "wiki")
    file = tmp_path / "settings.toml"
    file.write_text('store = "/var/lib/quoth/store.db"\nstore_seconds = 2\n')
    config = read_settings({"config": str(file)}, {}).config
    assert (config.store, config.store_seconds) == ("/var/lib/quoth/store.db", 2)
    with pytest.raises(StoreError, match=r"QUOTH_STORE_TLS names /no.pem, which is no file"):
        Client(Address("milvus://a:1/b", "https://a:1", "b", "", "/no.pem"), 1)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pymilvus", None)
    with pytest.raises(StoreError, match=r"--store needs Quoth's extra: pip install 'quoth\[milvus\]'"):
        milvus_client.load_pymilvus()


def test_documents_that_changed_while_the_store_was_away_are_read_again_later(tmp_path: Path, engine: Engine) -> None:
    write(tmp_path, TEXTS)
    documents = Documents(assistant_in(tmp_path, engine, 1))
    write(tmp_path, {"weather.txt": "Hail fell in July.\n"})
    with logged() as log:
        engine.stop()
        assert not asyncio.run(read_again(documents))
        assert "cannot be reached" in log.last(event="documents not read again yet")["why"]
        engine.start()
        assert soon(lambda: asyncio.run(read_again(documents)))
    assert documents.quoth.ask("When did hail fall?").evidence[0].quote == "Hail fell in July."
