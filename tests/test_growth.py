"""What lets an index grow: BM25 by postings, arrays that grow on disk, the nearest of many vectors, contents read late."""

import math
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from index import contents, nearest
from index.bm25 import Bm25, best
from index.document.sources import Seen, find_files
from index.folding import terms
from index.nearest import Nearest, make_lists
from index.rows import RowWriter, read_rows
from index.store import make_index, open_index
from tests.conftest import HashEncoder, source
from tests.test_store import CountingEncoder

WORDS = ("rain", "river", "boat", "dam", "the", "of", "")
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), min_size=1, max_size=12)
QUESTIONS = st.lists(st.sampled_from((*WORDS, "snow")), max_size=6).map(" ".join)


class Okapi(BM25Okapi):
    """rank-bm25, by whose numbers BM25 is defined here, with the inverse document frequency that is never negative."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__([terms(text) or [""] for text in texts])

    def _calc_idf(self, nd: dict[str, int]) -> None:
        self.idf = {term: math.log(1 + (self.corpus_size - n + 0.5) / (n + 0.5)) for term, n in nd.items()}


@given(TEXTS, QUESTIONS)
def test_bm25_has_the_numbers_and_the_order_of_rank_bm25(texts: list[str], question: str) -> None:
    scores, expected = Bm25.of(texts).scores(question), Okapi(texts).get_scores(terms(question))
    assert scores == pytest.approx(expected, rel=1e-12)
    order = sorted((i for i in range(len(texts)) if expected[i] > 1e-12), key=lambda i: (-round(expected[i], 9), i))
    assert sorted(best(scores, len(texts)), key=lambda i: (-round(scores[i], 9), i)) == order


@given(TEXTS, QUESTIONS, st.data())
def test_bm25_of_some_texts_is_that_of_those_alone(texts: list[str], question: str, data: st.DataObject) -> None:
    within = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))))
    whole = Bm25.of(texts)
    some = Bm25(whole.postings, whole.lengths, within)
    alone = Bm25.of([text for text, inside in zip(texts, within) if inside]).scores(question)
    scores = some.scores(question)
    assert scores[within] == pytest.approx(alone)
    assert not scores[~within].any()
    asked = data.draw(st.lists(st.sampled_from(range(len(texts))), max_size=5))
    assert some.scores(question, asked) == pytest.approx(scores[asked])


def test_words_counted_in_many_blocks_score_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n\n".join(
        f"The river rose by {n} feet and {n % 3} boats left the {'dam' if n % 2 else 'town'}." for n in range(40)
    )
    whole = make_index([source(text)], HashEncoder())
    monkeypatch.setattr(contents, "BLOCK", 7)
    parts = make_index([source(text)], HashEncoder())
    for question in ("How many boats left the dam?", "river 7 feet", "snow"):
        assert parts.search(question) == whole.search(question)
        assert parts.score_sentences(question, parts.passages[:3]) == whole.score_sentences(
            question, whole.passages[:3]
        )


def test_the_best_are_cut_off_in_order() -> None:
    assert best(np.array([0, 2.0, 1, 2, 0, 1, 1]), 4) == [1, 3, 2, 5]
    assert best(np.zeros(3), 4) == []


def test_rows_that_were_added_are_read_memory_mapped(tmp_path: Path) -> None:
    path, memory = tmp_path / "rows.npy", BytesIO()
    expected = np.arange(3000, dtype=np.float32).reshape(1000, 3)
    with path.open("wb") as file:
        for target in (file, memory):
            writer = RowWriter(target, np.float32, 3)
            for at in range(0, 1000, 300):
                writer.add(expected[at : at + 300])
            writer.finish()
    assert path.read_bytes() == memory.getvalue()
    assert np.array_equal(np.load(path), expected)
    read = read_rows(path, np.float32, (1000, 3))
    assert np.array_equal(read, expected)
    assert isinstance(read.base, np.memmap)
    for wrong in ((999, 3), (1000, 4)):
        with pytest.raises(ValueError, match="an array is"):
            read_rows(path, np.float32, wrong)


def test_lists_find_most_of_what_looking_at_all_finds_and_nothing_that_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "FLAT", 500)
    random = np.random.default_rng(0)
    centres = random.normal(size=(40, 32))
    vectors = centres[random.integers(40, size=5000)] + 0.5 * random.normal(size=(5000, 32))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    make_lists(vectors, tmp_path / "lists")
    lists, all_of_them = Nearest(vectors, tmp_path / "lists"), Nearest(vectors)
    some = np.flatnonzero(random.random(5000) < 0.3)
    for row in range(0, 5000, 500):
        found, scores = lists.search(vectors[row], 10)
        expected, exact = all_of_them.search(vectors[row], 10)
        assert len(set(found) & set(expected)) >= 9
        assert scores[0] == pytest.approx(exact[0], abs=1e-3)
        found, _ = lists.search(vectors[row], 10, some)
        assert set(found) <= set(some)
        assert len(set(found) & set(all_of_them.search(vectors[row], 10, some)[0])) >= 9
        few, _ = lists.search(vectors[row], 10, some[:5])  # so few are all looked at
        assert sorted(few) == some[:5].tolist()


def test_few_vectors_have_no_lists(tmp_path: Path) -> None:
    make_lists(np.eye(9, dtype=np.float32), tmp_path / "lists")
    assert not (tmp_path / "lists").exists()


def test_opening_reads_no_document_and_a_question_only_what_it_finds(tmp_path: Path) -> None:
    for name in ("rain", "snow", "sun"):
        (tmp_path / f"{name}.txt").write_text(f"There was {name} in May. It was the {name} of the year.")
    open_index(tmp_path, tmp_path / "idx", encoder=HashEncoder())
    tables = (index := open_index(tmp_path, tmp_path / "idx", encoder=HashEncoder())).contents.tables
    assert (tables.document.cache_info().currsize, tables.passage.cache_info().currsize) == (0, 0)
    assert [hit.passage.document for hit in index.search("sun", 1)] == ["sun"]
    assert (tables.document.cache_info().currsize, tables.passage.cache_info().currsize) == (0, 1)
    assert (len(index.documents), len(index.passages), index.sentences) == (3, 3, 6)


def test_progress_is_told_in_bytes_of_documents(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"Rain fell on day {number}.\n" * 100)
    told: list[tuple[int, int]] = []
    open_index(
        tmp_path, tmp_path / "idx", encoder=HashEncoder(), progress=lambda done, total: told.append((done, total))
    )
    size = sum(path.stat().st_size for path in tmp_path.glob("*.txt"))
    assert told == sorted(told)
    assert {total for _, total in told} == {size}
    assert told[-1][0] == pytest.approx(size, abs=1)


def test_of_many_files_those_that_look_as_before_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rain.txt"
    path.write_text("Rain fell.")
    status = path.stat()
    stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    seen = {str(path): Seen(stamp, "the hash that was seen")}
    assert find_files(tmp_path, seen).files[0].sha256 != "the hash that was seen"  # few are always read
    monkeypatch.setattr("index.document.sources.HASHED_ALWAYS", 0)
    assert find_files(tmp_path, seen).files[0].sha256 == "the hash that was seen"
    path.write_text("Snow fell.")
    assert find_files(tmp_path, seen).files[0].sha256 != "the hash that was seen"


def test_a_large_index_is_checked_by_size_and_time_and_read_whole_where_these_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.generation.CHECKED_WHOLE", 0)
    (tmp_path / "rain.txt").write_text("Rain fell in May. The river rose.")
    open_index(tmp_path / "rain.txt", tmp_path / "idx", encoder=HashEncoder())
    (generation,) = next((tmp_path / "idx").iterdir()).glob("generation-*")
    encoder, said = CountingEncoder(), []
    vectors = generation / "sentence_vectors.npy"
    vectors.touch()  # copied, say
    open_index(tmp_path / "rain.txt", tmp_path / "idx", encoder=encoder, say=said.append)
    assert (encoder.encoded, said) == (0, [])
    data = bytearray(vectors.read_bytes())
    data[-1] ^= 1
    vectors.write_bytes(data)
    open_index(tmp_path / "rain.txt", tmp_path / "idx", encoder=encoder, say=said.append)
    assert "sentence_vectors.npy is not what was written" in said[0]
    assert encoder.encoded == 3
