"""A full disk: a clear error, what was there before intact, and all well again once there is room."""

import errno
import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from assistant import Assistant, cli
from assistant.feedback import FeedbackStore, Record
from assistant.page.answers import Exchange
from assistant.page.app import make_rate
from assistant.server.auth import Caller
from assistant.server.documents import Documents
from assistant.server.tokens import TokenFile
from index.errors import QuothError, StoreError
from index.store import open_index
from tests.conftest import HashEncoder
from tests.disks import BLOCK, Disk, mounted
from tests.rebuilding import NEW, OLD, Rebuilding, SmallEncoder, check_same, folder_in, hear, limited, opened, start
from tests.serving import client, logged

SIZE = 4 << 20
ROOM = 800 * 1024  # bytes, more than an index takes
FULL = r"The index folder .*/doc-[0-9a-f]{12} cannot be written \(No space left on device\)\. Name another with --index-dir\."


@pytest.fixture
def disk(tmp_path: Path):  # type: ignore[no-untyped-def]
    with mounted(tmp_path / "disk", SIZE) as disk:
        yield disk


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmallEncoder, "dimensions", 64)


def rubbish(index_dir: Path) -> list[Path]:
    return [path for path in index_dir.rglob("*") if "making-" in path.name or "removing-" in path.name]


STEPS = [pytest.param(32 * BLOCK, id="coarse"), pytest.param(BLOCK, id="every-block", marks=pytest.mark.slow)]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.usefixtures("_tiny")
def test_an_index_on_a_disk_with_every_amount_of_room(tmp_path: Path, disk: Disk, step: int) -> None:
    rebuilding = Rebuilding(tmp_path)
    rebuilding.index_dir = disk.path / "idx"
    levels, made = range(0, ROOM, step), []
    for free in levels:
        rebuilding.prepare()
        disk.leave(free)
        encoder = SmallEncoder()
        try:
            check_same(open_index(rebuilding.source, rebuilding.index_dir, encoder=encoder), rebuilding.indexes[NEW])
            made.append(free)
        except StoreError as error:
            with pytest.raises(StoreError, match=FULL):
                raise error
            assert not made  # what had room in less has room in more
        assert rubbish(rebuilding.index_dir) == []
        for text, encodes in ((OLD, False), *([(NEW, False)] if made else [])):  # while the disk is full
            index, encoded = opened(rebuilding.source, text, rebuilding.index_dir)
            assert (encoded > 0) is encodes
            check_same(index, rebuilding.indexes[text])
        disk.empty()
        for text, encodes in ((NEW, not made), (OLD, False)):
            index, encoded = opened(rebuilding.source, text, rebuilding.index_dir)
            assert (encoded > 0) is encodes
            check_same(index, rebuilding.indexes[text])
    print(len(levels), "levels; room is needed:", made[0])
    assert 1 < len(made) < len(levels) - 1


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.usefixtures("_tiny")
def test_a_first_index_on_a_disk_with_every_amount_of_room(tmp_path: Path, disk: Disk, step: int) -> None:
    source, made = tmp_path / "doc.txt", 0
    for free in range(0, ROOM, step):
        disk.leave(free)
        try:
            opened(source, NEW, disk.path / "idx")
            made += 1
        except StoreError as error:
            with pytest.raises(StoreError, match=FULL):
                raise error
            assert not made
        assert rubbish(disk.path) == []
        disk.empty()
        assert (opened(source, NEW, disk.path / "idx")[1] == 0) is bool(made)
        shutil.rmtree(disk.path / "idx")
    assert made > 1


def test_a_full_disk_on_the_command_line(
    tmp_path: Path, disk: Disk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "load_encoder", lambda name: HashEncoder())
    source, index_dir = tmp_path / "doc.txt", disk.path / "idx"
    source.write_text("Rain fell in May.", encoding="utf-8")
    given = ["--source", str(source), "--index-dir", str(index_dir)]
    given += ["--reader", "sentence"]
    assert cli.main(["index", *given]) == 0
    source.write_text("Snow fell in June.", encoding="utf-8")
    disk.leave(2 * BLOCK)
    capsys.readouterr()
    for command in (["index"], ["ask", "When did snow fall?"]):
        assert cli.main([*command, *given]) == 2
        out, err = capsys.readouterr()
        told = " ".join(err.split())
        assert (out, "Traceback" in told) == ("", False)
        assert told.endswith(
            f"The index folder {folder_in(index_dir)} cannot be written (No space left on device). Name another with --index-dir."
        )
    source.write_text("Rain fell in May.", encoding="utf-8")
    assert cli.main(["ask", "When did rain fall?", *given]) == 0
    assert capsys.readouterr().out.startswith("Rain fell in May.")
    source.write_text("Snow fell in June.", encoding="utf-8")
    other = ["--source", str(source), "--index-dir", str(tmp_path / "elsewhere")]
    assert cli.main(["ask", "When did snow fall?", "--reader", "sentence", *other]) == 0
    assert capsys.readouterr().out.startswith("Snow fell in June.")


@pytest.mark.parametrize("size", [0, 5000, 400_000])
def test_files_that_may_not_grow_are_a_full_disk_too(tmp_path: Path, size: int) -> None:
    rebuilding = Rebuilding(tmp_path)
    rebuilding.prepare()
    child, told = start(limited, rebuilding.source, rebuilding.index_dir, size)
    (message,) = map(str, hear(told))
    child.join()
    # SQLite does not tell a file that may not grow from a broken disk.
    why = message.partition("cannot be written (")[2].partition(")")[0]
    assert why in ("File too large", "Input/output error")
    assert message.endswith("Name another with --index-dir.")
    assert rubbish(rebuilding.index_dir) == []
    assert opened(rebuilding.source, OLD, rebuilding.index_dir)[1] == 0


@pytest.mark.parametrize("call", range(1, 8))
def test_a_disk_that_says_only_at_the_sync_that_it_is_full(
    tmp_path: Path, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, calls = tmp_path / "doc.txt", 0
    opened(source, OLD, tmp_path / "idx")
    sync = os.fsync

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=FULL):
        opened(source, NEW, tmp_path / "idx")
    monkeypatch.undo()
    assert rubbish(tmp_path / "idx") == []
    assert opened(source, OLD, tmp_path / "idx")[1] == 0


# What the server keeps


def record(question: str = "When did rain fall?") -> Record:
    return Record(question, question, True, 0.5, (), {})


def test_tokens_on_a_full_disk_stay_and_leave_nothing_beside_them(disk: Disk) -> None:
    tokens, now = TokenFile(disk.path / "tokens.json"), datetime.now(UTC)
    secret = tokens.add("anna", False, None, now)
    disk.leave(0)
    for change in (lambda: tokens.add("ben", False, None, now), lambda: tokens.revoke("anna")):
        with pytest.raises(QuothError, match=r"tokens.json cannot be changed \(No space left on device\)\."):
            change()
    assert sorted(path.name for path in disk.path.iterdir()) == ["filler", "tokens.json", "tokens.lock"]
    found = TokenFile(tokens.path).read().find(secret, now)
    assert found is not None
    assert found.name == "anna"
    disk.empty()
    tokens.revoke("anna")
    assert TokenFile(tokens.path).read().tokens == ()


def test_feedback_on_a_full_disk_is_a_problem_that_tells_the_log_alone_where(disk: Disk, quoth: Assistant) -> None:
    store = FeedbackStore(disk.path / "feedback.sqlite")
    store.save(kept := record())
    disk.leave(0)
    keeping = client(quoth, feedback=store)
    given = {"question": "When? " * 50, "confidence": 0.5, "helpful": True}
    with logged() as log:
        told = keeping.post("/api/feedback", json=given)
        assert "database or disk is full" in log.last(refused="not_kept")["why"]
    assert (told.status_code, told.headers["content-type"]) == (507, "application/problem+json")
    assert told.json() == {
        "type": "urn:quoth:not_kept",
        "title": "Not kept",
        "status": 507,
        "detail": "That could not be kept. The server's log says why.",
    }
    assert keeping.post("/api/ask", json={"question": "How many troops will the UN mission have?"}).status_code == 200
    assert store.list() == (kept,)
    disk.empty()
    assert keeping.post("/api/feedback", json=given).status_code == 204
    assert len(store.list()) == 2
    assert sqlite3.connect(store.place).execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_the_page_says_where_an_opinion_cannot_be_kept(disk: Disk, quoth: Assistant) -> None:
    store = FeedbackStore(disk.path / "feedback.sqlite")
    disk.leave(0)
    question = "How many troops will the UN mission have?"
    exchange = Exchange(question, quoth.ask(question), id="a")
    event = SimpleNamespace(_data={"turn": 1, "helpful": True})
    request = SimpleNamespace(scope={"quoth.caller": Caller("anyone", "")})
    assert (
        make_rate(Documents(quoth), store)([exchange], event, request)["say"]
        == "That could not be kept. The server's log says why."
    )
    disk.empty()
    assert make_rate(Documents(quoth), store)([exchange], event, request)["say"].startswith("Thank you.")
    assert [one.id for one in store.list()] == ["a"]
