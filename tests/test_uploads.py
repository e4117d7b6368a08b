"""Files that people upload in the page: held in memory, each for its page, and read apart."""

import time
from pathlib import Path

import numpy as np
import pytest

from assistant import Assistant
from assistant.page.uploading import read_apart, read_upload
from assistant.server import uploads as module
from assistant.server.auth import Caller
from assistant.server.problems import Refusal
from assistant.server.uploads import Owner, Uploads, plain_name
from index.document.sources import SourceFile
from index.document.types import Metadata
from index.errors import SourceError
from index.store import make_index
from tests.serving import client, settings

ANNA, BERT = Caller("user", "anna"), Caller("user", "bert")
PAGE, OTHER = Owner("page", ANNA.key), Owner("other", ANNA.key)
PARKING = b"# Visits\n\nVisitors park behind the mill.[^1]\n\n[^1]: Gate code 4711.\n"


def make(**given: int) -> Uploads:
    return Uploads(settings(allow_upload=True, **given))


def held(uploads: Uploads, quoth: Assistant, owner: Owner = PAGE, name: str = "parking.md") -> str:
    id, name, data = uploads.claim(owner, uploads.put(ANNA, PARKING), name)
    uploads.hold(owner, id, read_upload(quoth, id, name, data))
    return id


def test_an_upload_is_answered_from_with_its_notes(quoth: Assistant) -> None:
    uploads = make()
    id = held(uploads, quoth)
    upload = uploads.find(PAGE, id)
    assert upload.quoth
    answer = upload.quoth.ask("Where do visitors park?")
    assert answer.answered
    assert answer.evidence[0].quote == "Visitors park behind the mill."
    assert [note.text for note in answer.evidence[0].footnotes] == ["Gate code 4711."]
    assert uploads.documents(PAGE)[id].text.startswith("Visits\n\nVisitors park")


def test_nobody_else_finds_it(quoth: Assistant) -> None:
    uploads = make()
    id = held(uploads, quoth)
    for owner in (OTHER, Owner("page", BERT.key)):
        with pytest.raises(Refusal, match="This file is no longer here"):
            uploads.find(owner, id)
        assert uploads.documents(owner) == {}
    with pytest.raises(Refusal, match="This file is no longer here"):
        uploads.claim(Owner("page", BERT.key), uploads.put(ANNA, PARKING), "parking.md")


def test_a_sentence_is_encoded_when_a_question_leads_to_it(quoth: Assistant) -> None:
    asked = read_upload(quoth, "id", "parking.md", PARKING)
    again = make_index(
        [SourceFile("id", Path("parking.md"), "Visitors park behind the mill.", "", Metadata())], quoth.index.encoder
    )
    assert asked.index.contents.later is not None
    assert asked.index.contents.later._made == {}
    answer = asked.ask("Where do visitors park?")
    assert answer.evidence[0].quote == "Visitors park behind the mill."
    (at,) = [
        row for row, text in enumerate(asked.index.contents.later.texts) if text == "Visitors park behind the mill."
    ]
    assert np.array_equal(asked.index.contents.sentence_vectors([at]), again.sentence_vectors)


def test_it_is_forgotten_when_its_page_closes_or_it_is_removed_or_nobody_asks_it(
    quoth: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = make()
    left, removed, unused = held(uploads, quoth), held(uploads, quoth, OTHER), held(uploads, quoth, OTHER)
    uploads.leave("page")
    uploads.hold(PAGE, left, quoth)  # read too late
    uploads.remove(OTHER, removed)
    assert (list(uploads.of(PAGE)), list(uploads.of(OTHER))) == ([], [unused])
    uploads.put(ANNA, PARKING)
    later = time.monotonic() + module.UNUSED_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    uploads.forget_old()
    assert (uploads.of(OTHER), uploads._sent) == ({}, {})


def test_so_many_are_held_by_a_page_and_by_all(quoth: Assistant) -> None:
    uploads = make(page_uploads=1, all_uploads=2)
    held(uploads, quoth)
    with pytest.raises(Refusal, match=r"A page holds at most this many uploads: 1. Remove one first."):
        uploads.claim(PAGE, uploads.put(ANNA, PARKING), "more.md")
    held(uploads, quoth, OTHER)
    with pytest.raises(Refusal, match="As many files are uploaded as this server holds"):
        uploads.put(BERT, PARKING)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("setup.exe", b"MZ", "setup.exe is of a kind that is not read. Give one of .txt"),
        ("old.doc", b"x", "old.doc is an old Word file. Save it as .docx."),
        ("empty.txt", b" \n", "empty.txt is empty. Give a document with text in it."),
        ("torn.epub", b"PK\x03\x04", "torn.epub"),
        ("torn.pdf", b"%PDF-1.7 torn", "torn.pdf"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_name(name: str, data: bytes, said: str) -> None:
    with pytest.raises(SourceError) as refused:
        read_apart(name, data, 60)
    assert str(refused.value).startswith(said)
    assert "Traceback" not in str(refused.value)


def test_a_file_without_a_sentence_and_one_that_takes_too_long_are_said(quoth: Assistant) -> None:
    with pytest.raises(SourceError, match=r"rule.md holds no text. Give a page with text in it."):
        read_upload(quoth, "id", "rule.md", b"---\n\n***\n")
    with pytest.raises(SourceError, match=r"slow.md takes longer than 0 seconds to read. Give a shorter file."):
        read_apart("slow.md", PARKING, 0.01)


def test_a_name_is_shown_without_folders_and_control_characters() -> None:
    assert plain_name("C:\\fake\\path\\a\x00\u202eb.md") == "a  b.md"
    assert plain_name("../../") == "file"


def test_the_route_is_not_there_by_default_and_has_a_limit_of_its_own(quoth: Assistant) -> None:
    assert client(quoth).post("/upload", content=PARKING).status_code == 404
    on = client(quoth, allow_upload=True, upload_size=300_000)
    assert set(on.post("/upload", content=b"x" * 300_000).json()) == {"key"}
    refused = on.post("/upload", content=b"x" * 300_001)
    assert (refused.status_code, refused.json()["detail"][:53]) == (
        413,
        "The body is larger than the 300,000 bytes this server",
    )
    assert on.post("/api/ask", content=b"x" * 300_000).status_code == 413
    foreign = on.post("/upload", content=PARKING, headers={"Origin": "https://evil.test"})
    assert foreign.status_code == 403
    assert client(quoth, allow_upload=True, auth=True).post("/upload", content=PARKING).status_code == 401


def test_uploads_count_as_questions_do(quoth: Assistant) -> None:
    on = client(quoth, allow_upload=True, quota="1/minute")
    assert [on.post("/upload", content=PARKING).status_code for _ in range(2)] == [200, 429]
