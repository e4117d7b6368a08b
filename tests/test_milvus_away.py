"""A store that is away, slow, of another version or no store: one sentence on every surface, and back without a restart."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assistant.cli import main
from assistant.server.documents import Documents
from assistant.server.watching import read_again
from assistant.settings_sources import read_settings
from index.errors import QuothError, StoreError, UnavailableError
from index.milvus import client as milvus_client
from index.milvus import publishing
from index.milvus.address import Address, read_address
from index.milvus.client import Client, connect
from tests.milvus import TEXTS, Engine, answering, assistant_in, failing, running, write
from tests.serving import client as serve
from tests.serving import logged, run_apart, serving, soon
from tests.test_page_queue import Page

pytest.importorskip("pymilvus", reason="the extra milvus is not installed")
pytest.importorskip("milvus_lite", reason="the extra milvus is not installed")

AWAY = "cannot be reached. Start it, see that QUOTH_STORE_TLS is as it wants, or name another with --store."


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with running(tmp_path / "engine") as engine:
        yield engine


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
        assert not run_apart(read_again(documents))
        assert "cannot be reached" in log.last(event="documents not read again yet")["why"]
        engine.start()
        assert soon(lambda: run_apart(read_again(documents)))
    assert documents.quoth.ask("When did hail fall?").evidence[0].quote == "Hail fell in July."
