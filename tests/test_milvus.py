"""An index searched in Milvus: the same is found, nothing that may not be, generations are whole or not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import StoreError, UnavailableError
from index.milvus import publishing
from index.milvus.address import read_address
from index.milvus.client import connect
from index.milvus.opening import search_in
from index.milvus.ranking import MilvusRanking
from index.retriever import Index
from tests.milvus import TEXTS, Engine, answering, failing, open_alone, polling_often, running, write

pytest.importorskip("pymilvus", reason="the extra milvus is not installed")
pytest.importorskip("milvus_lite", reason="the extra milvus is not installed")

QUESTIONS = ("When did rain fall?", "What was sold in May?", "Who is paid in June?", "ship", "Quagga?", "")


@pytest.fixture(scope="module", autouse=True)
def client_polls_often() -> Iterator[None]:
    with polling_often():
        yield


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with running(tmp_path / "engine") as engine:
        yield engine


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, Index]:
    """An index that searches alone, and the same one in a store."""
    folder = tmp_path_factory.mktemp("pair")
    write(folder, TEXTS)
    alone = open_alone(folder)
    return alone, search_in(str(folder / "store.db"), 30, alone, folder / "idx", print)


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


def test_of_many_passages_those_of_some_lists_are_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ranking", "publishing"):
        monkeypatch.setattr(f"index.milvus.{module}.FLAT", 20)
    write(tmp_path, {f"{number}.txt": f"In year {number} rain fell.\n" for number in range(100)})
    alone = open_alone(tmp_path)
    stored = search_in(str(tmp_path / "store.db"), 30, alone, tmp_path / "idx", print)
    client = connect(read_address(str(tmp_path / "store.db"), {}), 30)
    made = client.do("describe_index", publishing.name_of(alone.contents, "quoth"), "dense")
    assert made["index_type"] == "IVF_SQ8"
    for number in (0, 41, 99):
        assert stored.search(f"year {number}", 1)[0].passage.document == str(number)


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
