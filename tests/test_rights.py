"""What a caller may not read is not quoted, not nearest, not suggested, not counted; whoever asks, and however."""

import json
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

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
from assistant.settings import to_toml
from assistant.sync.types import Caller as AsWhom
from assistant.sync.types import WikiError
from index.document.types import Document, Metadata
from index.errors import QuothError
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
ASKED = ("Who owned the Zanzibarium mine?", "What was sold in May?", "When did rain fall?", "What is this about?", "Why?")


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
        told = guarded.post("/api/ask", json={"question": question}, headers=READER).json()
        expected = json.loads(open_alone.ask(question).to_json())
        for answer in (told, expected):
            (answer["abstention"] or {}).pop("suggestions", None)  # drawn with the index, see below
        assert untimed(told) == untimed(expected)
        assert not any(secret in json.dumps(told).replace(question, "") for secret in SECRETS)
        seen = guarded.post("/api/ask", json={"question": question}, headers=DIRECTOR).json()
        assert untimed(seen) == untimed(json.loads(both.ask(question).to_json()))


def test_a_director_is_quoted_what_a_reader_is_not(guarded: TestClient) -> None:
    asked = {"question": "Who owned the Zanzibarium mine?"}
    told = guarded.post("/api/ask", json=asked, headers=DIRECTOR).json()
    assert "The Zanzibarium mine at Quoxville was sold" in " ".join(one["quote"] for one in told["evidence"])
    assert {one["document"] for one in told["evidence"][:2]} == {"board:plans"}
    told = guarded.post("/api/ask", json=asked, headers=READER).json()
    assert (told["answered"], {one["document"] for one in told["abstention"]["nearest"]}) == (False, {"weather"})


def test_spelling_and_names_betray_no_hidden_word(guarded: TestClient) -> None:
    for typed, meant in (("What is Zanzibariun?", "What is Zanzibarium?"), ("Where is Quoxvile?", "Where is Quoxville?")):
        seen = guarded.post("/api/ask", json={"question": typed}, headers=DIRECTOR).json()
        told = guarded.post("/api/ask", json={"question": typed}, headers=READER).json()
        assert (seen["standalone_question"], told["standalone_question"]) == (meant, typed)
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
        hidden, missing = (told(path.replace("{}", one)) for one in ("board:plans", "board:none"))
        assert hidden == missing
        assert hidden[0] == 404
        assert guarded.get(path.replace("{}", "board:plans"), headers=DIRECTOR).status_code == 200
    for asked in ({"document": "{}"}, {"collection": "{}"}):
        sent = [json.loads(json.dumps(asked).replace("{}", one)) for one in ("board:plans", "board:none", "board", "x")]
        answers = [told("/api/ask", json={"question": "When?", **one}) for one in sent]
        assert len({re.sub("board:plans|board:none|board|'x'", "", text) for _, text in answers[:2]}) == 1
        assert {status for status, _ in answers} == ({404} if "document" in asked else {400})
        assert "The documents are in no folders." in answers[2][1] or "document" in asked
    assert guarded.post("/api/ask", json={"question": "When?", "collection": "board"}, headers=DIRECTOR).status_code == 200


def test_documents_are_listed_and_counted_for_who_may_read_them(guarded: TestClient) -> None:
    listed = {name: [one["id"] for one in guarded.get("/api/documents", headers=who).json()["documents"]]
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
    for forged in ("Directors", "directors2", "dir ectors", "x-directors", '"directors"', "directors;staff", "*", "%64irectors"):
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
    assert (minted(groups=["owners"]).status_code, minted(groups=["owners"]).json()["type"]) == (403, "urn:quoth:forbidden")
    kept = json.loads(file.path.read_text())
    kept["tokens"][2]["groups"] = []
    file.path.write_text(json.dumps(kept))
    assert seen(member) == 1  # what the site's token has lost, its embeds have lost
    by_user = http.post("/api/embed-token", json={"origin": "https://wiki.test", "groups": ["directors"]}, headers=READER)
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
    component = next(one["id"] for one in config["components"] if one["type"] == "html")
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
        missing, hidden = (opened(address, READER, "read_document", one).text for one in ("none", "board:plans"))
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
