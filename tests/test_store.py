"""The index on disk: loaded when it fits, made anew when it does not, never half there."""

import json
import multiprocessing
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from index import store
from index.dense import Tokens
from index.document.sources import read_source
from index.errors import SourceError, StoreError
from index.generation import generations
from index.store import open_index
from index.types import IndexConfig
from tests.conftest import HashEncoder

TEXT = "Rain fell in May.[1] The river rose.\n\n[1] It rained for days.\n"


class CountingEncoder(HashEncoder):
    """Counts what it encodes."""

    def __init__(self) -> None:
        self.encoded = 0

    def encode_passages(self, texts: list[str]) -> np.ndarray:  # type: ignore[override]
        self.encoded += len(texts)
        return super().encode_questions(texts)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "rain.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def folder(tmp_path: Path) -> Path:
    (only,) = (tmp_path / "idx").iterdir()
    return only


def test_the_second_time_it_is_loaded_and_the_same(tmp_path: Path, document: Path) -> None:
    encoder = CountingEncoder()
    made = open_index(document, tmp_path / "idx", encoder=encoder)
    encoded = encoder.encoded
    loaded = open_index(document, tmp_path / "idx", encoder=encoder)
    assert encoder.encoded == encoded == 4  # two passages and two sentences; the third is a passage, too
    assert loaded.passages == made.passages
    assert loaded.documents == made.documents
    assert np.array_equal(loaded.passage_vectors, made.passage_vectors)
    assert loaded.search("river") == made.search("river")


def test_a_changed_document_makes_a_new_generation_and_says_so(tmp_path: Path, document: Path) -> None:
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    document.write_text(TEXT + "\nSnow fell in June.\n", encoding="utf-8")
    said: list[str] = []
    index = open_index(document, tmp_path / "idx", encoder=HashEncoder(), say=said.append)
    assert any("Snow" in passage.text for passage in index.passages)
    assert said == [
        "The documents, or how they are read, have changed since they were indexed; the index is made anew."
    ]
    assert [g.name for g in generations(folder(tmp_path))] == ["generation-2", "generation-1"]


def test_another_models_vectors_are_never_used(tmp_path: Path, document: Path) -> None:
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    changed = CountingEncoder()
    changed.fingerprint = "other weights"
    open_index(document, tmp_path / "idx", encoder=changed)
    assert changed.encoded == 4


def test_settings_and_sources_have_indexes_side_by_side(tmp_path: Path, document: Path) -> None:
    other = tmp_path / "snow.txt"
    other.write_text("Snow fell.", encoding="utf-8")
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    open_index(other, tmp_path / "idx", encoder=HashEncoder())
    open_index(document, tmp_path / "idx", IndexConfig(window=32), HashEncoder())
    open_index(tmp_path, tmp_path / "idx", encoder=HashEncoder())
    assert len(list((tmp_path / "idx").iterdir())) == 4


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "tables.sqlite",
        "passage_vectors.npy",
        "sentence_vectors.npy",
        "passage_lengths.npy",
        "token_ends.npy",
    ],
)
@pytest.mark.parametrize("damage", ["truncated", "altered", "missing", "empty"])
def test_a_damaged_file_is_noticed_and_the_index_made_anew(
    tmp_path: Path, document: Path, name: str, damage: str
) -> None:
    passages = tuple(open_index(document, tmp_path / "idx", encoder=HashEncoder()).passages)
    path = folder(tmp_path) / "generation-1" / name
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        changed = bytes([data[-2] ^ 1])
        path.write_bytes({"truncated": data[:-9], "altered": data[:-2] + changed + data[-1:], "empty": b""}[damage])
    said: list[str] = []
    index = open_index(document, tmp_path / "idx", encoder=HashEncoder(), say=said.append)
    assert index.passages == passages
    assert len(said) == 1
    assert "made anew" in said[0]


def test_the_last_good_generation_serves_when_the_newest_is_damaged(tmp_path: Path, document: Path) -> None:
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    good = folder(tmp_path) / "generation-1"
    shutil.copytree(good, good.with_name("generation-2"))
    (good.with_name("generation-2") / "tables.sqlite").write_text("[]")
    encoder, said = CountingEncoder(), []
    open_index(document, tmp_path / "idx", encoder=encoder, say=said.append)
    assert encoder.encoded == 0
    assert len(said) == 1
    assert "generation-2 is damaged" in said[0]


def test_a_pickle_is_never_opened(tmp_path: Path, document: Path) -> None:
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    generation = folder(tmp_path) / "generation-1"
    vectors = generation / "passage_vectors.npy"
    np.save(vectors, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    manifest = json.loads((generation / "manifest.json").read_text())
    import hashlib

    manifest["files"]["passage_vectors.npy"]["sha256"] = hashlib.sha256(vectors.read_bytes()).hexdigest()
    (generation / "manifest.json").write_text(json.dumps(manifest))
    said: list[str] = []
    open_index(document, tmp_path / "idx", encoder=HashEncoder(), say=said.append)
    assert "damaged" in said[0]


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path, document: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot be written .* Name another with --index-dir"):
        open_index(document, tmp_path / "file", encoder=HashEncoder())


def build(source: Path, index_dir: Path) -> None:
    open_index(source, index_dir, encoder=HashEncoder())


def test_two_processes_at_once_do_no_harm(tmp_path: Path, document: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=build, args=(document, tmp_path / "idx")) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert [g.name for g in generations(folder(tmp_path))] == ["generation-1"]
    assert not list(folder(tmp_path).glob("making-*"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"a\0b", "is a binary file"),
        (b"caf\xe9", "is not UTF-8 \\(byte 3 is 0xe9\\)"),
    ],
)
def test_a_bad_document_is_a_clear_error(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=message):
        open_index(path, tmp_path / "idx", encoder=HashEncoder())


def test_metadata_beside_a_document(tmp_path: Path, document: Path) -> None:
    document.with_suffix(".toml").write_text('title = "On Rain"\nauthor = "J. Roe"\ndate = 2001-05-02\n')
    index = open_index(document, tmp_path / "idx", encoder=HashEncoder())
    metadata = index.documents["rain"].metadata
    assert (metadata.title, metadata.author, metadata.date, metadata.url) == ("On Rain", "J. Roe", "2001-05-02", None)
    assert index.documents["rain"].title == "On Rain"
    document.with_suffix(".toml").write_text('titel = "On Rain"\n')
    with pytest.raises(SourceError, match="unknown key 'titel'"):
        open_index(document, tmp_path / "idx", encoder=HashEncoder())


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (b"title = " + b"[" * 5000, "has a number too long or brackets too deep to read"),
        (b"title = " + b"1" * 5000, "has a number too long or brackets too deep to read"),
        (b"title = 0x" + b"f" * 5000, "gives no text for title"),
        (b"title = ['On Rain']", "gives no text for title"),
        (b"[author]\nname = 'Roe'", "gives no text for author"),
        (b"title = true", "gives no text for title"),
        (b"date = 1e999", "gives no text for date"),
        (b"k" * 5000 + b" = 1", "has the unknown key 'k{100}'"),
        (b"title = '\xe9'", "is not valid TOML: 'utf-8' codec"),
    ],
)
def test_bad_metadata_is_a_clear_error(document: Path, toml: bytes, message: str) -> None:
    document.with_suffix(".toml").write_bytes(toml)
    with pytest.raises(SourceError, match=message) as error:
        read_source(document)
    assert len(str(error.value)) < 400


def test_metadata_with_a_byte_order_mark_and_a_year(document: Path) -> None:
    document.with_suffix(".toml").write_bytes(b"\xef\xbb\xbftitle = 'On Rain'\ndate = 2001\n")
    metadata = read_source(document).metadata
    assert (metadata.title, metadata.date) == ("On Rain", "2001")


def test_a_name_that_is_not_utf8_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("Rain fell.", encoding="utf-8")
    with pytest.raises(SourceError, match=r"The name .*/caf\\xe9.txt is not UTF-8. Rename the file."):
        open_index(path, tmp_path / "idx", encoder=HashEncoder())


def test_one_found_damaged_is_not_removed_once_another_process_has_replaced_it(tmp_path: Path, document: Path) -> None:
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    generation = folder(tmp_path) / "generation-1"
    (generation / "tables.sqlite").write_text("[]")
    seen: list[int] = []

    def meanwhile(message: str) -> None:
        open_index(document, tmp_path / "idx", encoder=HashEncoder())
        seen.append(generation.stat().st_ino)

    encoder = CountingEncoder()
    open_index(document, tmp_path / "idx", encoder=encoder, say=meanwhile)
    assert encoder.encoded == 0
    assert [generation.stat().st_ino] == seen


def test_one_that_is_damaged_is_left_where_it_cannot_be_removed_and_an_older_one_serves(
    tmp_path: Path, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    good = folder(tmp_path) / "generation-1"
    shutil.copytree(good, good.with_name("generation-2"))
    (good.with_name("generation-2") / "manifest.json").unlink()
    encoder = CountingEncoder()
    with FileLock(good.parent / "lock"):  # as another process holds it, or a disk that cannot be written
        open_index(document, tmp_path / "idx", encoder=encoder)
    assert [g.name for g in generations(good.parent)] == ["generation-2", "generation-1"]
    open_index(document, tmp_path / "idx", encoder=encoder)
    assert [g.name for g in generations(good.parent)] == ["generation-1"]
    assert encoder.encoded == 0


def test_half_a_removal_leaves_no_half_generation(
    tmp_path: Path, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("Rain fell.", "Snow fell."):
        document.write_text(text, encoding="utf-8")
        open_index(document, tmp_path / "idx", encoder=HashEncoder())
    remove = shutil.rmtree

    def stopped(path: Path, ignore_errors: bool = False) -> None:
        if path.exists():
            next(path.iterdir()).unlink()
            raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", stopped)
    document.write_text("Hail fell.", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        open_index(document, tmp_path / "idx", encoder=HashEncoder())
    monkeypatch.setattr(shutil, "rmtree", remove)
    assert [g.name for g in generations(folder(tmp_path))] == ["generation-3", "generation-2"]
    encoder = CountingEncoder()
    open_index(document, tmp_path / "idx", encoder=encoder)
    assert encoder.encoded == 0
    document.write_text("Sun shone.", encoding="utf-8")
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    assert {p.name for p in folder(tmp_path).iterdir()} == {"lock", "generation-4", "generation-3"}


def test_an_older_one_that_is_removed_while_it_is_read_is_not_called_damaged(
    tmp_path: Path, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    read = store.read_manifest

    def meanwhile(generation: Path) -> dict[str, object]:
        shutil.rmtree(generation, ignore_errors=True)
        return read(generation)

    monkeypatch.setattr(store, "read_manifest", meanwhile)
    said: list[str] = []
    encoder = CountingEncoder()
    open_index(document, tmp_path / "idx", encoder=encoder, say=said.append)
    assert encoder.encoded == 4
    assert not any("damaged" in message for message in said)


def test_a_lock_that_is_held_too_long_is_a_clear_error(
    tmp_path: Path, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LOCK_SECONDS", 0.1)
    open_index(document, tmp_path / "idx", encoder=HashEncoder())
    document.write_text("Snow fell.", encoding="utf-8")
    with (
        FileLock(folder(tmp_path) / "lock"),
        pytest.raises(StoreError, match=r"Another process is still making the index in .*\. Wait for it, or name"),
    ):
        open_index(document, tmp_path / "idx", encoder=HashEncoder())


class TokenEncoder(CountingEncoder):
    """Keeps tokens, and counts the texts whose tokens were asked for."""

    keeps_tokens, dimensions, tokens_of = True, 64, 0

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        self.tokens_of += len(texts)
        return super().encode_tokens(texts)


def test_tokens_of_sentences_are_kept_in_8_bits(tmp_path: Path) -> None:
    first, second = tmp_path / "docs" / "a.txt", tmp_path / "docs" / "b.txt"
    first.parent.mkdir()
    first.write_text("Rain fell in the hills. It was cold.", encoding="utf-8")
    second.write_text("Snow fell in June.", encoding="utf-8")
    encoder = TokenEncoder()
    index = open_index(first.parent, tmp_path / "idx", encoder=encoder)
    assert encoder.tokens_of == 3
    places = list(index.places)
    kept = index.token_vectors(places)
    assert encoder.tokens_of == 3
    for place, rows in zip(places, kept, strict=True):
        ((_, expected),) = HashEncoder.encode_tokens(encoder, [place.sentence.in_context])
        assert np.abs(rows - expected).max() < 0.005
    second.write_text("Snow fell in July.", encoding="utf-8")
    changed = open_index(first.parent, tmp_path / "idx", encoder=encoder)
    assert encoder.tokens_of == 4  # of the new sentence alone
    assert [len(rows) for rows in changed.token_vectors(list(changed.places))] == [5, 3, 4]
    assert encoder.tokens_of == 4


def test_tokens_beyond_the_limit_are_encoded_when_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: Path
) -> None:
    whole = open_index(document, tmp_path / "whole", encoder=TokenEncoder())
    monkeypatch.setattr("index.contents.MOST_TOKEN_BYTES", 10 * TokenEncoder.dimensions)
    encoder = TokenEncoder()
    index = open_index(document, tmp_path / "idx", encoder=encoder)
    assert 0 < len(index.contents.token_vectors) <= 10
    made, places = encoder.tokens_of, list(index.places)
    for rows, expected in zip(index.token_vectors(places), whole.token_vectors(places), strict=True):
        assert np.abs(rows - expected).max() < 0.005
    assert made < encoder.tokens_of < made + len(places)
