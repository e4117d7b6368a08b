"""What a caller may not read is not quoted, not nearest, not suggested, not counted; whoever asks, and however."""

import json
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.feedback import FeedbackStore
from assistant.server.auth import Caller
from assistant.server.documents import Documents
from assistant.server.rights import Rights, names
from assistant.server.tokens import TokenFile
from assistant.server.wiki_rights import Strays, WikiRights
from assistant.settings_sources import to_toml
from assistant.sync.types import Caller as AsWhom
from index.document.types import Document, Metadata
from index.errors import QuothError, WikiError
from tests.conftest import HashEncoder, assistant_of, source
from tests.serving import Log, client, logged, serving, settings
from tests.test_page_queue import Page

OPEN = (
    "The harbour at Ostrava was closed in March, because the wind had turned.[1] Rain fell in June.\n\n"
    "[1] Roe, Rain, page 4.\n"
)
CLOSED = (
    "The Zanzibarium mine at Quoxville was sold in May, because its owner had died.[1] Rain fell on Zanzibarium.\n\n"
    "[1] Roe, “Zanzibarium and Its Uses,” Mining Press, 2011.\n"
)
SECRETS = ("Zanzibarium", "Quoxville", "mine", "Mining", "plans", "board")
GROUPS = {"board": ["directors"]}
PROXY = "10.0.0.5"
ASKED = (
    "Who owned the Zanzibarium mine?",
    "What was sold in May?",
    "When did rain fall?",
    "What is this about?",
    "Why?",
)


def library(encoder: HashEncoder) -> Assistant:
    """A document for everybody, and one of the folder "board"."""
    closed = replace(source(CLOSED, "board:plans"), collection="board")
    return assistant_of([source(OPEN, "weather"), closed], encoder, threshold=0.3)


@pytest.fixture(scope="module")
def both(encoder: HashEncoder) -> Assistant:
    return library(encoder)


@pytest.fixture(scope="module")
def open_alone(encoder: HashEncoder) -> Assistant:
    return assistant_of([source(OPEN, "weather")], encoder, threshold=0.3)


@pytest.fixture
def log() -> Iterator[Log]:
    with logged() as log:
        yield log


GUARDED = {
    "auth": True, "groups": GROUPS, "trusted_proxy": (PROXY,), "allow_host": ("quoth.test",), "quota": "",
    "quota_address": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def guarded(both: Assistant) -> TestClient:
    return client(both, peer=PROXY, **GUARDED)


def person(name: str = "anna", groups: str = "") -> dict[str, str]:
    return {"X-Forwarded-User": name, **({"X-Forwarded-Groups": groups} if groups else {})}


READER, DIRECTOR = person("anna", "staff"), person("bea", "staff,directors")


def untimed(answer: Mapping[str, object]) -> dict[str, object]:
    return {**answer, "timings_ms": 0}


def test_a_reader_is_answered_as_if_the_closed_documents_did_not_exist(
    guarded: TestClient, both: Assistant, open_alone: Assistant
) -> None:
    """The whole answer, scores and confidence included, is that of an assistant that never had them."""
    for question in ASKED:
        body = guarded.post("/api/ask", json={"question": question}, headers=READER).json()
        expected = json.loads(open_alone.ask(question).to_json())
        for answer in (body, expected):
            (answer["abstention"] or {}).pop("suggestions", None)  # drawn with the index, see below
        assert untimed(body) == untimed(expected)
        assert not any(secret in json.dumps(body).replace(question, "") for secret in SECRETS)
        seen = guarded.post("/api/ask", json={"question": question}, headers=DIRECTOR).json()
        assert untimed(seen) == untimed(json.loads(both.ask(question).to_json()))


def test_a_director_is_quoted_what_a_reader_is_not(guarded: TestClient) -> None:
    asked = {"question": "Who owned the Zanzibarium mine?"}
    answer = guarded.post("/api/ask", json=asked, headers=DIRECTOR).json()
    assert "The Zanzibarium mine at Quoxville was sold" in " ".join(
        evidence["quote"] for evidence in answer["evidence"]
    )
    assert {evidence["document"] for evidence in answer["evidence"][:2]} == {"board:plans"}
    answer = guarded.post("/api/ask", json=asked, headers=READER).json()
    assert (answer["answered"], {name["document"] for name in answer["abstention"]["nearest"]}) == (False, {"weather"})


def test_spelling_and_names_betray_no_hidden_word(guarded: TestClient) -> None:
    for typed, meant in (
        ("What is Zanzibariun?", "What is Zanzibarium?"),
        ("Where is Quoxvile?", "Where is Quoxville?"),
    ):
        seen = guarded.post("/api/ask", json={"question": typed}, headers=DIRECTOR).json()
        answer = guarded.post("/api/ask", json={"question": typed}, headers=READER).json()
        assert (seen["standalone_question"], answer["standalone_question"]) == (meant, typed)
        in_time = {"question": "What is it?", "history": [{"question": typed, "answer": None}]}
        assert "Zanzibarium" not in guarded.post("/api/ask", json=in_time, headers=READER).text.replace(typed, "")


def test_nothing_hidden_is_suggested_first_or_on_abstaining(guarded: TestClient) -> None:
    suggested = guarded.get("/api/suggestions", headers=DIRECTOR).json()["suggestions"]
    assert any("Zanzibarium" in question for question in suggested)
    first = guarded.get("/api/suggestions", headers=READER).json()["suggestions"]
    asked = {"question": "Who owned the Zanzibarium mine?"}
    instead = guarded.post("/api/ask", json=asked, headers=READER).json()["abstention"]["suggestions"]
    assert first
    assert instead
    assert not any(secret in question for secret in SECRETS for question in (*first, *instead))


def test_what_is_hidden_and_what_is_not_there_are_the_same_404(guarded: TestClient) -> None:
    def told(path: str, **sent: object) -> tuple[int, str]:
        method = "POST" if sent else "GET"
        answer = guarded.request(method, path, headers=READER, **sent)  # type: ignore[arg-type]
        return answer.status_code, answer.text

    for path in ("/api/documents/{}", "/api/documents/{}/passages/{}%231", "/api/suggestions?document={}"):
        hidden, missing = (told(path.replace("{}", name)) for name in ("board:plans", "board:none"))
        assert hidden == missing
        assert hidden[0] == 404
        assert guarded.get(path.replace("{}", "board:plans"), headers=DIRECTOR).status_code == 200
    for asked in ({"document": "{}"}, {"collection": "{}"}):
        sent = [
            json.loads(json.dumps(asked).replace("{}", name)) for name in ("board:plans", "board:none", "board", "x")
        ]
        answers = [told("/api/ask", json={"question": "When?", **name}) for name in sent]
        assert len({re.sub("board:plans|board:none|board|'x'", "", text) for _, text in answers[:2]}) == 1
        assert {status for status, _ in answers} == ({404} if "document" in asked else {400})
        assert "The documents are in no folders." in answers[2][1] or "document" in asked
    assert (
        guarded.post("/api/ask", json={"question": "When?", "collection": "board"}, headers=DIRECTOR).status_code == 200
    )


def test_documents_are_listed_and_counted_for_who_may_read_them(guarded: TestClient) -> None:
    listed = {name: [document["id"] for document in guarded.get("/api/documents", headers=who).json()["documents"]]
              for name, who in (("reader", READER), ("director", DIRECTOR))}  # fmt: skip
    assert listed == {"reader": ["weather"], "director": ["weather", "board:plans"]}


def test_feedback_on_what_is_hidden_is_refused_as_on_what_is_not_there(both: Assistant, tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    keeping = client(both, peer=PROXY, feedback=store, **GUARDED)
    given = {"question": "Who?", "helpful": True, "document": "board:plans", "start": 0, "end": 5}
    hidden = keeping.post("/api/feedback", json=given, headers=READER)
    missing = keeping.post("/api/feedback", json={**given, "document": "none"}, headers=READER)
    assert (hidden.status_code, hidden.text) == (404, missing.text)
    assert keeping.post("/api/feedback", json={**given, "end": 10**6}, headers=READER).text == missing.text
    assert store.list() == ()
    assert keeping.post("/api/feedback", json=given, headers=DIRECTOR).status_code == 204


def test_nobody_passes_for_a_member_of_a_group(both: Assistant, guarded: TestClient) -> None:
    def seen(http: TestClient, headers: object) -> int:
        answer = http.get("/api/documents", headers=headers)  # type: ignore[arg-type]
        return len(answer.json()["documents"]) if answer.status_code == 200 else answer.status_code

    assert seen(client(both, peer="6.6.6.6", **GUARDED), DIRECTOR) == 401  # no proxy's word
    twice = [("X-Forwarded-User", "anna"), ("X-Forwarded-Groups", "staff"), ("X-Forwarded-Groups", "directors")]
    assert seen(guarded, twice) == 1  # one of them may be the client's own
    for forged in (
        "Directors",
        "directors2",
        "dir ectors",
        "x-directors",
        '"directors"',
        "directors;staff",
        "*",
        "%64irectors",
    ):
        assert (forged, seen(guarded, person("anna", forged))) == (forged, 1)
    assert seen(guarded, person("directors")) == 1
    assert seen(guarded, person("anna", " directors , staff")) == 2
    other = client(both, peer=PROXY, **{**GUARDED, "groups_header": "X-Roles"})
    assert seen(other, person("anna", "directors")) == 1
    assert seen(other, {**person(), "X-Roles": "directors"}) == 2
    untrusted = client(both, peer="6.6.6.6", **{**GUARDED, "groups_header": "X-Roles", "user_header": "X-User"})
    assert seen(untrusted, {"X-User": "anna", "X-Roles": "directors"}) == 401


def test_a_tokens_groups_count_and_no_header_beside_it(both: Assistant, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    file, now = TokenFile(tmp_path / "tokens.json"), datetime.now(UTC)
    plain, board = file.add("plain", False, None, now), file.add("board", False, None, now, ["directors"])
    site = file.add("wiki", True, None, now, ["directors"])
    http = client(both, peer=PROXY, tokens=file.path, allow_origin=("https://wiki.test",), **GUARDED)

    def seen(secret: str) -> int:
        headers = {"Authorization": f"Bearer {secret}", "X-Forwarded-Groups": "directors", "X-Forwarded-User": "bea"}
        return len(http.get("/api/documents", headers=headers).json()["documents"])

    def minted(**wanted: object) -> httpx.Response:
        sent = {"origin": "https://wiki.test", "user": "anna", **wanted}
        return http.post("/api/embed-token", json=sent, headers={"Authorization": f"Bearer {site}"})  # type: ignore[return-value]

    assert (seen(plain), seen(board), seen(site)) == (1, 2, 1)
    assert seen(minted().json()["token"]) == 1
    member = minted(groups=["directors"]).json()["token"]
    assert seen(member) == 2
    assert (minted(groups=["owners"]).status_code, minted(groups=["owners"]).json()["type"]) == (
        403,
        "urn:quoth:forbidden",
    )
    kept = json.loads(file.path.read_text())
    kept["tokens"][2]["groups"] = []
    file.path.write_text(json.dumps(kept))
    assert seen(member) == 1  # what the site's token has lost, its embeds have lost
    by_user = http.post(
        "/api/embed-token", json={"origin": "https://wiki.test", "groups": ["directors"]}, headers=READER
    )
    assert seen(by_user.json()["token"]) == 1  # a proxy's user has their own groups, whatever they ask for
    by_user = http.post("/api/embed-token", json={"origin": "https://wiki.test"}, headers=DIRECTOR)
    assert seen(by_user.json()["token"]) == 2


def test_a_group_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    for group in ("a,b", "", " a", "a\n"):
        with pytest.raises(QuothError, match="is no name for a group"):
            TokenFile(tmp_path / "t.json").add("x", False, None, datetime.now(UTC), [group])


# The page


def opened(address: str, who: Mapping[str, str], path: str = "read_start", data: object = None) -> httpx.Response:
    """What the page's script asks of the server."""
    config = httpx.get(f"{address}/config", headers=dict(who)).json()
    component = next(component["id"] for component in config["components"] if component["type"] == "html")
    call = {"fn_name": path, "component_id": component, "session_hash": "s", "data": data}
    return httpx.post(f"{address}/gradio_api/component_server/", json=call, headers=dict(who))


def test_the_page_shows_each_caller_what_they_may_read(both: Assistant) -> None:
    local = {**GUARDED, "trusted_proxy": ("127.0.0.1",), "allow_host": ()}
    with serving(both, **local) as address:
        for who, documents in ((READER, 1), (DIRECTOR, 2)):
            page = httpx.get(f"{address}/", headers=who).text + httpx.get(f"{address}/config", headers=who).text
            assert not any(secret in page for secret in ("Zanzibarium", "Quoxville", "board:plans", "weather"))
            start = opened(address, who).json()
            assert len(set(re.findall('data-document="([^"]+)"', start["contents"]))) == documents
            assert start["several"] is (documents == 2)
            assert ("Zanzibarium" in json.dumps(start)) is (documents == 2)
        missing, hidden = (opened(address, READER, "read_document", name).text for name in ("none", "board:plans"))
        assert missing == hidden
        assert "There is no such document." in hidden
        assert "Quoxville" in opened(address, DIRECTOR, "read_document", "board:plans").text
        turns = {}
        for name, who in (("reader", READER), ("director", DIRECTOR)):
            page = Page(httpx.Client(base_url=address, headers=who, timeout=30), name)
            page.ask("Who owned the Zanzibarium mine?")
            turns[name] = " ".join(page.shown()).replace("Who owned the Zanzibarium mine?", "")
    assert "Quoxville" in turns["director"]
    assert "Searching 4 passages" in turns["director"]
    assert "Searching 2 passages" in turns["reader"]
    assert not any(secret in turns["reader"] for secret in ("Quoxville", "board:plans", "Mining", "died"))
    assert "q-why-body" in turns["reader"]


def test_what_somebody_else_has_asked_in_the_same_page_is_no_part_of_the_conversation(both: Assistant) -> None:
    local = {**GUARDED, "trusted_proxy": ("127.0.0.1",), "allow_host": ()}
    with serving(both, **local) as address:
        before = Page(httpx.Client(base_url=address, headers=DIRECTOR, timeout=30), "shared")
        before.ask("When was the Zanzibarium mine sold?")
        assert "Quoxville" in " ".join(before.shown())
        after = Page(httpx.Client(base_url=address, headers=READER, timeout=30), "shared")
        after.ask("And who owned it?")
        assert "Zanzibarium" not in " ".join(after.shown())


# What changes meanwhile


class Losing(Rights):
    """Rights to a closed folder that are lost once they were looked at."""

    looked: ClassVar[list[str]] = []

    @property
    def everything(self) -> bool:
        return False

    def readable(self, caller: Caller, documents: Mapping[str, Document]) -> frozenset[str]:
        self.looked.append(caller.name)
        return frozenset(documents) if len(self.looked) == 1 else frozenset({"weather"})


def test_a_right_that_is_lost_while_a_question_waits_is_lost_when_it_is_answered(
    both: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.server.app.make_rights", lambda settings, wikis: Losing())
    http = client(both, peer=PROXY, **GUARDED)
    answer = http.post("/api/ask", json={"question": "When was the Zanzibarium mine sold?"}, headers=READER).json()
    assert (Losing.looked, answer["answered"]) == (["anna", "anna"], False)
    assert {name["document"] for name in answer["abstention"]["nearest"]} == {"weather"}


def test_who_may_read_the_same_shares_a_view_and_new_documents_make_new_ones(
    both: Assistant, encoder: HashEncoder
) -> None:
    documents = Documents(both, Rights(GROUPS))
    anna, carl, bea = (Caller("user", name, groups=frozenset(groups)) for name, groups in
                       (("anna", ["staff"]), ("carl", []), ("bea", ["directors"])))  # fmt: skip
    view = documents.read_by(anna)
    assert view is documents.read_by(carl)
    assert (
        view.documents.keys(),
        set(dict(view.quoth.known.vocabulary.lexicons(documents.quoth.index.documents))),
    ) == ({"weather"}, {"weather"})
    assert documents.read_by(bea).documents.keys() == {"weather", "board:plans"}
    documents.replace(library(encoder))
    assert documents.read_by(anna) is not view
    assert documents.read_by(anna).documents.keys() == {"weather"}


def test_a_closed_file_that_is_renamed_is_not_opened_by_that(encoder: HashEncoder, both: Assistant) -> None:
    """Its entry names nothing then: the documents are not replaced, and a start is refused."""
    documents = Documents(both, Rights({"board/plans.txt": ["directors"]}))
    renamed = assistant_of([source(OPEN, "weather"), source(CLOSED, "notes")], encoder)
    with pytest.raises(QuothError, match=r"--groups: nothing in source_docs is named 'board/plans.txt'\. Write a file"):
        documents.replace(renamed)
    assert documents.read_by(Caller("user", "anna")).documents.keys() == {"weather"}
    with pytest.raises(QuothError, match="'bord'"):
        Documents(both, Rights({"bord": ["directors"]}))


@pytest.mark.parametrize(
    ("pattern", "document", "collection", "named"),
    [
        ("hr", "hr:pay", "hr", True),
        ("hr", "hr:old:pay", "hr/old", True),
        ("hr", "hrx:pay", "hrx", False),
        ("hr", "hr", None, True),
        ("hr/pay.md", "hr:pay", "hr", True),
        ("hr/pay", "hr:pay.md", "hr", True),  # beside a pay.pdf
        ("hr/pay.md", "hr:pay.pdf", "hr", False),
        ("hr/pay.md", "hr:payments", "hr", False),
        ("*/old", "hr:old:pay", "hr/old", True),
        ("pay*", "hr:pay", "hr", False),
        ("*", "weather", None, True),
        ("a[b]", "a[b]:c", "a[b]", True),
        ("HR", "hr:pay", "hr", False),
    ],
)
def test_what_an_entry_names(both: Assistant, pattern: str, document: str, collection: str | None, named: bool) -> None:
    name = replace(both.index.documents["weather"], id=document, collection=collection)
    assert names(pattern, name) is named


def test_every_entry_that_names_a_document_has_to_let_a_caller_in(both: Assistant) -> None:
    rights = Rights({"board": ["directors", "Ärzte"], "board/plans": ["owners"], "weather": []})
    for groups, readable in (
        ({"directors"}, set()),
        ({"owners"}, set()),
        ({"directors", "owners"}, {"board:plans"}),
        ({"%C3%84rzte", "owners"}, {"board:plans"}),
    ):
        caller = Caller("user", "anna", groups=frozenset(groups))
        assert rights.readable(caller, list(both.index.entries())) == readable


def test_who_may_read_nothing_is_told_that_nothing_matches(both: Assistant) -> None:
    nobody = client(both, peer=PROXY, **{**GUARDED, "groups": {"*": ["directors"]}})
    answer = nobody.post("/api/ask", json={"question": "When was the mine sold?"}, headers=READER).json()
    assert answer["abstention"] == {
        "reason": "no_match", "message": "Nothing in the document matches this question.", "nearest": [], "suggestions": [],
        "contact": None,
    }  # fmt: skip
    assert nobody.get("/api/documents", headers=READER).json()["documents"] == []
    assert nobody.get("/api/suggestions", headers=READER).json() == {"suggestions": []}
    collection = nobody.post("/api/ask", json={"question": "When?", "collection": "board"}, headers=READER)
    assert collection.json()["detail"] == "There is no collection 'board'. The documents are in no folders."


def test_a_note_of_a_visible_document_is_not_followed_into_a_hidden_one(encoder: HashEncoder) -> None:
    visible = source("The dam broke.[1]\n\n[1] Roe, “Zanzibarium.”\n", "dam")
    hidden = replace(source(CLOSED, "board:plans"), collection="board")
    quoth = assistant_of([visible, hidden], encoder)
    documents = Documents(quoth, Rights(GROUPS))
    for groups in (frozenset[str](), frozenset({"directors"})):
        view = documents.read_by(Caller("user", "anna", groups=groups))
        note = view.asked("dam").ask("What broke?").evidence[0].footnotes[0]
        assert (note.text, "Mining Press" in str(note)) == ("Roe, “Zanzibarium.”", False)


# Wikis


class FakeWiki:
    """A wiki that lets some read its pages, and notes who was asked about."""

    def __init__(self, readers: Mapping[str, Collection[str]]) -> None:
        self.readers = dict(readers)
        self.asked: list[tuple[str | None, str | None, frozenset[str]]] = []
        self.wait = threading.Event()
        self.wait.set()
        self.fails = False

    def readable(self, pages: Collection[str], caller: AsWhom) -> frozenset[str]:
        self.asked.append((caller.user, caller.cookie, frozenset(pages)))
        self.wait.wait(20)
        if self.fails:
            raise WikiError("The wiki cannot be reached.")
        return frozenset(pages) & frozenset(self.readers.get(caller.user or caller.cookie or "", ()))


def wiki_library(encoder: HashEncoder) -> Assistant:
    """Two pages of a wiki."""
    body = {"hb:7": (OPEN, "7"), "hb:12": (CLOSED, "12")}
    files = [
        replace(source(text, name), collection="hb", metadata=Metadata(title=f"Page {page}", page=page))
        for name, (text, page) in body.items()
    ]
    return assistant_of(files, encoder, threshold=0.3)


ANNA, BEA = Caller("user", "anna", cookie="s=a"), Caller("user", "bea%20b", cookie="s=b")


def of_wiki(
    wiki: object, clock: Callable[[], float] = time.monotonic, seconds: float = 60, as_caller: bool = True
) -> WikiRights:
    return WikiRights("hb", lambda: wiki, seconds, as_caller, clock)  # type: ignore[arg-type,return-value]


def test_a_wiki_is_asked_as_the_caller_and_its_word_kept_for_a_stated_time(encoder: HashEncoder) -> None:
    now = [100.0]
    wiki = FakeWiki({"anna": ["7"], "bea b": ["7", "12"]})
    documents = Documents(wiki_library(encoder), Rights({}, [of_wiki(wiki, lambda: now[0])]))
    assert documents.read_by(ANNA).documents.keys() == {"hb:7"}
    assert documents.read_by(BEA).documents.keys() == {"hb:7", "hb:12"}
    assert [(user, cookie) for user, cookie, _ in wiki.asked] == [("anna", "s=a"), ("bea b", "s=b")]
    wiki.readers["bea b"] = ["7"]
    now[0] += 59
    assert documents.read_by(BEA).documents.keys() == {"hb:7", "hb:12"}
    now[0] += 2
    assert documents.read_by(BEA).documents.keys() == {"hb:7"}
    assert len(wiki.asked) == 3
    assert documents.read_by(replace(BEA, cookie="s=c")).documents.keys() == {
        "hb:7"
    }  # another session is another caller
    assert len(wiki.asked) == 4


def test_who_is_not_known_to_the_wiki_is_a_visitor(encoder: HashEncoder) -> None:
    wiki = FakeWiki({"": ["7"], "anna": ["7", "12"], "s=a": ["12"]})
    pages = list(wiki_library(encoder).index.entries())
    as_visitor = of_wiki(wiki, as_caller=False)
    assert Rights({}, [as_visitor]).readable(ANNA, pages) == {"hb:7"}
    rights = Rights({}, [of_wiki(wiki)])
    for kind in ("anyone", "token", "site"):
        assert rights.readable(Caller(kind, "anna"), pages) == {"hb:7"}
    assert rights.readable(Caller("embed", "anna", "site"), pages) == {"hb:7", "hb:12"}
    assert rights.readable(Caller("embed", "%61nna", "site"), pages) == set()  # a site's user is not decoded
    assert rights.readable(Caller("embed", "%61nna"), pages) == {"hb:7", "hb:12"}
    assert {(user, cookie) for user, cookie, _ in wiki.asked[:1]} == {(None, None)}


def test_doubt_means_no(encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = list(wiki_library(encoder).index.entries())
    wiki = FakeWiki({"anna": ["7", "12"]})
    wiki.fails = True
    assert Rights({}, [of_wiki(wiki)]).readable(ANNA, pages) == set()

    def closed() -> FakeWiki:
        raise WikiError("The variable is not set.")

    assert Rights({}, [WikiRights("hb", closed, 60, True)]).readable(ANNA, pages) == set()  # type: ignore[arg-type]
    unknown = [replace(entry, page=None) for entry in pages]  # between one revision and the next
    assert Rights({}, [of_wiki(FakeWiki({"anna": ["", "7", "12"]}))]).readable(ANNA, unknown) == set()
    monkeypatch.setattr("assistant.server.wiki_rights.WAIT", 0.05)
    wiki.fails = False
    wiki.wait.clear()
    slow = Rights({}, [of_wiki(wiki)])
    assert slow.readable(ANNA, pages) == set()
    began = time.monotonic()
    assert slow.readable(ANNA, pages) == set()  # it is not waited for twice
    assert time.monotonic() - began < 5
    wiki.wait.set()
    deadline = time.monotonic() + 10
    while slow.readable(ANNA, pages) != {"hb:7", "hb:12"}:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_page_is_asked_for_by_the_wikis_own_number_so_that_a_move_takes_it_along(encoder: HashEncoder) -> None:
    wiki = FakeWiki({"anna": ["7", "12"]})
    quoth = wiki_library(encoder)
    documents = Documents(quoth, Rights({}, [of_wiki(wiki)]))
    assert documents.read_by(ANNA).documents.keys() == {"hb:7", "hb:12"}
    assert wiki.asked[0][2] == {"7", "12"}
    more = replace(source("Rain fell in Brno.", "hb:13"), collection="hb", metadata=Metadata(page="13"))
    known = [
        replace(source(document.text, document.id), collection="hb", metadata=document.metadata)
        for document in quoth.index.documents.values()
    ]
    documents.replace(assistant_of([*known, more], encoder))
    assert documents.read_by(ANNA).documents.keys() == {"hb:7", "hb:12"}  # a new page is asked for before it is shown
    assert wiki.asked[1][2] == {"7", "12", "13"}


def test_a_copy_of_a_wikis_page_among_the_sources_is_nobodys(encoder: HashEncoder) -> None:
    stray = replace(source(CLOSED, "idx:12"), collection="idx", metadata=Metadata(page="12"))
    quoth = assistant_of([source(OPEN, "weather"), stray], encoder)
    assert Rights({}, [Strays(("hb",))]).readable(ANNA, quoth.index.entries()) == {"weather"}


def test_the_wikis_cookie_comes_from_a_trusted_proxy_alone_and_goes_nowhere_else(
    encoder: HashEncoder, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki = FakeWiki({"session=4711": ["7", "12"], "": ["7"]})
    monkeypatch.setattr("assistant.sync.wikis.open_wiki", lambda settings, environment: wiki)
    table = {"name": "hb", "kind": "mediawiki", "address": "https://wiki.test", "rights": "caller"}
    settings_made = {
        "wikis": [table],
        "trusted_proxy": (PROXY,),
        "log_questions": True,
        "quota": "",
        "quota_address": "",
    }
    quoth = wiki_library(encoder)
    asked = {"question": "Who owned the Zanzibarium mine?"}
    for peer, cookie, pages in (
        (PROXY, {"X-Forwarded-Cookie": "session=4711"}, 2),
        (PROXY, {"Cookie": "session=4711"}, 1),  # a browser's own, which the proxy has not passed on as the wiki's
        ("6.6.6.6", {"X-Forwarded-Cookie": "session=4711"}, 1),
        (PROXY, [("X-Forwarded-Cookie", "session=4711"), ("X-Forwarded-Cookie", "session=1")], 1),
    ):
        http = client(quoth, peer=peer, **settings_made)
        listed = http.get("/api/documents", headers=cookie).json()["documents"]  # type: ignore[arg-type]
        assert len(listed) == pages
        http.post("/api/ask", json=asked, headers=cookie)  # type: ignore[arg-type]
        http.get("/api/documents/hb:12", headers=cookie)  # type: ignore[arg-type]
    assert {cookie for _, cookie, _ in wiki.asked} == {None, "session=4711"}
    written = log.stream.getvalue()
    assert "4711" not in written
    assert not any(
        secret in written.replace(asked["question"], "") for secret in ("Zanzibarium", "Quoxville", "Mining")
    )
    assert "4711" not in repr(Caller("user", "anna", cookie="session=4711"))


# Settings


def test_groups_in_the_settings(tmp_path: Path) -> None:
    import tomllib

    from assistant.settings_sources import read_settings

    file = tmp_path / "q.toml"
    file.write_text('auth = true\n[groups]\n"/hr/" = ["staff", "board"]\nplans = "board"\n')
    given = {"hr": ("staff", "board"), "plans": ("board",)}
    read = read_settings({"config": str(file)}, {})
    assert read.groups == given
    assert read_settings({"auth": True, "groups": ["hr=staff,board", "plans=board"]}, {}).groups == given
    assert read_settings({"auth": True}, {"QUOTH_GROUPS": "hr=staff, board;plans=board"}).groups == given
    assert tomllib.loads(to_toml(read))["groups"] == {name: list(groups) for name, groups in given.items()}
    for flags, message in (
        ({"groups": ["hr=staff"]}, "--groups says who may read what, and nobody is asked who they are; say --auth."),
        ({"auth": True, "groups": ["hr"]}, "--groups: 'hr' names no groups; write it like hr=staff,board."),
        ({"auth": True, "groups": {"../x": ["a"]}}, "--groups: '../x' is no file or folder of the sources"),
        ({"auth": True, "groups": {"hr": ["a,b"]}}, "--groups: 'a,b' is no name for a group."),
    ):
        with pytest.raises(QuothError, match=re.escape(message)):
            settings(**flags)
