"""An index made by several processes: the same as one process makes, whoever is killed meanwhile."""

import hashlib
import json
import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from assistant.cli import main
from index import pieces
from index.document.sources import find_files
from index.errors import StoreError
from index.generation import MANIFEST, generations
from index.sharing import Share, make_pieces
from index.store import open_index
from tests.conftest import HashEncoder
from tests.rebuilding import SmallEncoder, folder_in, start, text_of

PLACES = ("Timbuktu", "Kidal", "Gao", "Mopti", "Ségou", "Kayes")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six documents, each a piece of its own."""
    monkeypatch.setattr(pieces, "SIZE", 1)
    folder = tmp_path / "texts"
    folder.mkdir()
    for place in PLACES:
        (folder / f"{place}.txt").write_text(text_of(place), encoding="utf-8")
    return folder


def make(source: Path, index_dir: Path, encoder: SmallEncoder, **given: object) -> int:
    return make_pieces(source, index_dir, open_encoder=lambda: encoder, **given)  # type: ignore[arg-type]


def written(index_dir: Path) -> dict[str, str]:
    """The hashes of the newest generation's files, and its manifest but for what tells when they were written."""
    newest = generations(folder_in(index_dir))[0]
    told = json.loads((newest / MANIFEST).read_text())
    told["files"] = {name: file["sha256"] for name, file in told["files"].items()}
    del told["seen"]
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in newest.iterdir()}
    return files | {MANIFEST: json.dumps(told, sort_keys=True)}


def there(index_dir: Path) -> set[str]:
    return {path.name for path in folder_in(index_dir).glob("pieces/[0-9a-f]*")}


def test_what_is_made_in_shares_is_what_one_process_makes_bit_by_bit(source: Path, tmp_path: Path) -> None:
    (source / "broken.pdf").write_bytes(b"%PDF-")
    (source / "empty.txt").write_text("no letters: 1 2 3")
    alone, shared, encoder = tmp_path / "alone", tmp_path / "shared", SmallEncoder()
    open_index(source, alone, encoder=SmallEncoder())
    assert make(source, shared, encoder, share=Share(2, 2)) == 4
    assert make(source, shared, encoder, share=Share(1, 2)) == 0
    assert len(there(shared)) == 8
    encoded, said = encoder.encoded, []
    index = open_index(source, shared, encoder=encoder, say=said.append)
    assert encoder.encoded == encoded  # nothing again
    assert written(shared) == written(alone)
    assert len(said) == 1
    assert "broken.pdf" in said[0]
    assert {path.name for path in folder_in(shared).iterdir()} == {"lock", "generation-1"}
    assert [hit.passage.document for hit in index.search("Kidal", 1)] == ["Kidal"]
    assert make(source, shared, encoder) == 0  # there is nothing to do
    assert there(shared) == set()


def test_a_shard_that_was_killed_goes_on_behind_its_last_piece(source: Path, tmp_path: Path) -> None:
    """It is killed twice, each time when it has finished one piece more and begun the next."""
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    open_index(source, alone, encoder=SmallEncoder())
    for finished in (1, 2):
        child, told = start(make_slowly, source, shared)
        assert told.recv() == "one more"
        child.kill()
        child.join()
        assert len(there(shared)) == finished
    encoder = SmallEncoder()
    assert make(source, shared, encoder) == 0
    assert len(there(shared)) == 6
    assert encoder.encoded == 4 * texts_in_a_document(source, tmp_path)
    open_index(source, shared, encoder=encoder)
    assert written(shared) == written(alone)
    assert {path.name for path in folder_in(shared).iterdir()} == {"lock", "generation-1"}  # nor what was half made


def texts_in_a_document(source: Path, tmp_path: Path) -> int:
    encoder = SmallEncoder()
    open_index(source / "Gao.txt", tmp_path / "one", encoder=encoder)
    return encoder.encoded


def make_slowly(source: Path, index_dir: Path, told: object) -> None:
    """In a child: make a piece, tell of it, and be long about the next."""
    encoder = SmallEncoder()
    pieces.SIZE = 1

    def tell(done: int, total: int) -> None:
        told.send("one more")  # type: ignore[attr-defined]
        encoder.pause = 1

    make_pieces(source, index_dir, open_encoder=lambda: encoder, progress=tell)


class Dying(HashEncoder):
    """Kills its process at the texts of one place, as often as there are letters in a file."""

    def __init__(self, lives: Path, place: str) -> None:
        self.lives, self.place = lives, place

    def encode_passages(self, texts: list[str]) -> np.ndarray:  # type: ignore[override]
        left = self.lives.read_text()
        if left and any(self.place in text for text in texts):
            self.lives.write_text(left[1:])
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_questions(texts)


def test_a_worker_that_is_killed_twice_is_started_again(source: Path, tmp_path: Path) -> None:
    alone, shared, lives, said = tmp_path / "alone", tmp_path / "shared", tmp_path / "lives", []
    lives.write_text("xx")
    open_index(source, alone, encoder=HashEncoder())
    assert make_pieces(source, shared, workers=2, open_encoder=partial(Dying, lives, "Gao"), say=said.append) == 0
    assert said == ["The process that read the documents from Gao on was ended; another takes its place."] * 2
    assert len(there(shared)) == 6
    open_index(source, shared, encoder=HashEncoder())
    assert written(shared) == written(alone)


def test_a_piece_that_kills_every_worker_is_told_and_the_others_are_kept(source: Path, tmp_path: Path) -> None:
    shared, lives = tmp_path / "shared", tmp_path / "lives"
    lives.write_text("x" * 9)
    with pytest.raises(StoreError, match="3 processes were ended while they read the documents from Ségou on"):
        make_pieces(source, shared, workers=1, open_encoder=partial(Dying, lives, "Ségou"))
    assert lives.read_text() == "x" * 6
    assert len(there(shared)) == 4  # Gao to Mopti, that stand before it


def test_what_goes_wrong_in_a_worker_is_told_as_here(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    lives = tmp_path / "lives"
    lives.write_text("")
    for workers in (0, 1):
        with pytest.raises(StoreError, match=r"The index folder .* cannot be written \(Not a directory\)"):
            make_pieces(source, tmp_path / "file", workers=workers, open_encoder=partial(Dying, lives, "Gao"))


def test_where_a_file_changes_meanwhile_only_that_is_made_again(source: Path, tmp_path: Path) -> None:
    alone, shared, encoder = tmp_path / "alone", tmp_path / "shared", SmallEncoder()
    make(source, shared, encoder)
    (source / "Gao.txt").write_text(text_of("Djenné"), encoding="utf-8")
    (source / "Aguelhok.txt").write_text(text_of("Aguelhok"), encoding="utf-8")
    encoder.encoded = 0
    assert make(source, shared, encoder, share=Share(1, 2)) == 1
    assert make(source, shared, encoder, share=Share(2, 2)) == 0
    assert encoder.encoded == 2 * texts_in_a_document(source, tmp_path)
    open_index(source, shared, encoder=encoder)
    open_index(source, alone, encoder=encoder)
    assert written(shared) == written(alone)


def test_what_an_older_index_has_is_in_no_piece(source: Path, tmp_path: Path) -> None:
    encoder = SmallEncoder()
    open_index(source, tmp_path / "idx", encoder=encoder)
    (source / "Gao.txt").write_text(text_of("Djenné"), encoding="utf-8")
    assert make(source, tmp_path / "idx", encoder) == 0
    assert len(there(tmp_path / "idx")) == 1
    index = open_index(source, tmp_path / "idx", encoder=encoder)
    assert [hit.passage.document for hit in index.search("Djenné", 1)] == ["Gao"]


@pytest.mark.parametrize("spoil", [b"", b"x"])
def test_a_damaged_piece_is_made_again(source: Path, tmp_path: Path, spoil: bytes) -> None:
    alone, shared, encoder = tmp_path / "alone", tmp_path / "shared", SmallEncoder()
    make(source, shared, encoder)
    damaged = sorted(folder_in(shared).glob("pieces/*/sentence_vectors.npy"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-1] + spoil)
    encoder.encoded = 0
    open_index(source, shared, encoder=encoder)
    assert encoder.encoded == texts_in_a_document(source, tmp_path)
    open_index(source, alone, encoder=encoder)
    assert written(shared) == written(alone)


def test_another_models_pieces_are_of_no_use(source: Path, tmp_path: Path) -> None:
    make(source, tmp_path / "idx", SmallEncoder())
    other = SmallEncoder()
    other.fingerprint = "other weights"  # type: ignore[misc]
    assert make(source, tmp_path / "idx", other) == 0
    assert other.encoded == 6 * texts_in_a_document(source, tmp_path)


def test_files_are_cut_into_pieces_of_some_size_in_order(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = find_files(source).files
    monkeypatch.setattr(pieces, "SIZE", 2 * files[0].size)
    assert [[file.id for file in group] for group in pieces.cut(files)] == [
        ["Gao", "Kayes"], ["Kidal", "Mopti"], ["Ségou", "Timbuktu"]
    ]  # fmt: skip


@pytest.mark.model
def test_the_command_line_makes_shards_and_publishes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "SIZE", 1)
    for name in ("rain", "snow"):
        (tmp_path / f"{name}.txt").write_text(f"There was {name} in May. It was the {name} of the year.")
    where = ["--source", str(tmp_path), "--index-dir", str(tmp_path / ".idx"), "--reader", "sentence"]
    assert main(["index", "--shard", "2/2", *where]) == 0
    assert capsys.readouterr().out == "Shard 2/2 is done; 1 document(s) are left to others.\n"
    assert main(["index", "--shard", "1/2", *where]) == 0
    assert capsys.readouterr().out == "Shard 1/2 is done; all documents are, and quoth index publishes them.\n"
    assert main(["index", *where]) == 0
    assert capsys.readouterr().out.startswith("2 document(s), 2 passages, 4 sentences in ")
    assert main(["index", "--workers", "2", *where]) == 0
    assert there(tmp_path / ".idx") == set()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--shard", "3/2"], "'3/2' is no shard; the first of four is 1/4, the last 4/4"),
        (["--shard", "0/2"], "'0/2' is no shard"),
        (["--shard", "1"], "'1' is no shard"),
        (["--workers", "0"], "'0' is not a number from 1 to 256"),
        (["--workers", "many"], "'many' is not a number from 1 to 256"),
    ],
)
def test_what_is_no_share_is_told(given: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["index", *given])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
