"""The API as others use it: answers, documents, feedback, tokens, quotas, the queue, streams, metrics, the log."""

import json
import logging
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.feedback import FeedbackStore
from assistant.server.tokens import TokenFile
from index.errors import QuothError
from tests.serving import QUESTION, Log, client, logged, serving

QUOTE = (
    "The French are anxious to bring major combat operations to an end so that they can pass the baton to a UN "
    "peacekeeping mission of 11,200 troops and 1,440 police."
)
PROBLEM = "application/problem+json"
WIKI = "https://wiki.test"


@pytest.fixture
def log() -> Iterator[Log]:
    with logged() as log:
        yield log


@pytest.fixture(scope="module")
def open_client(quoth: Assistant) -> TestClient:
    return client(quoth, quota="", quota_address="")


class Held(Assistant):
    """The same assistant, which has `begun` to answer, and goes on once it is `let`."""

    def __init__(self, quoth: Assistant) -> None:
        super().__init__(quoth.index, quoth.config, quoth.reader)
        self.begun, self.let = threading.Event(), threading.Event()

    def ask(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        self.begun.set()
        assert self.let.wait(60)
        return super().ask(*args, **kwargs)


def test_an_answer_is_the_one_that_every_surface_gives(open_client: TestClient, quoth: Assistant) -> None:
    response = open_client.post("/api/ask", json={"question": QUESTION})
    assert response.status_code == 200
    expected = json.loads(quoth.ask(QUESTION).to_json())
    assert {**response.json(), "timings_ms": 0} == {**expected, "timings_ms": 0}
    assert response.json()["evidence"][0]["quote"] == QUOTE
    assert "set-cookie" not in response.headers


def test_a_follow_up_is_read_along_unless_it_is_to_be_taken_as_written(open_client: TestClient) -> None:
    asked = {"question": "And how many police?", "history": [{"question": QUESTION, "answer": "11,200"}]}
    understood = open_client.post("/api/ask", json=asked).json()
    assert (understood["standalone_question"], understood["read_with"]) == ("And how many police?", [QUESTION])
    answer = open_client.post("/api/ask", json={**asked, "complete": False}).json()
    assert (answer["standalone_question"], answer["read_with"]) == ("And how many police?", [])
    assert open_client.post("/api/ask", json={**asked, "history": [QUESTION]}).json()["answered"]
    first = open_client.post("/api/ask", json={"question": QUESTION}).json()
    place = {key: first["evidence"][0][key] for key in ("document", "start", "end")}
    turn = {"question": "How many troops?", "answer": "11,200", "standalone": QUESTION, **place}
    followed = open_client.post("/api/ask", json={**asked, "history": [turn]}).json()
    assert followed["read_with"] == [QUESTION]
    assert followed["evidence"] == understood["evidence"]


def test_one_document_of_several_is_asked_alone(ask_text) -> None:  # type: ignore[no-untyped-def]
    two = client(ask_text("Rain fell in May.", "Rain fell in June. Snow fell too."))
    asked = {"question": "When did rain fall?"}
    for document, quote in (("doc1", "Rain fell in May."), ("doc2", "Rain fell in June.")):
        answer = two.post("/api/ask", json={**asked, "document": document}).json()
        assert {evidence["document"] for evidence in answer["evidence"]} == {document}
        assert answer["evidence"][0]["quote"] == quote
    refused = two.post("/api/ask", json={**asked, "document": "doc3"})
    assert (refused.status_code, refused.json()["detail"]) == (
        404,
        "There is no such document. GET /api/documents lists those there are.",
    )


def test_documents_and_passages_hold_what_the_index_holds(open_client: TestClient, quoth: Assistant) -> None:
    listed = open_client.get("/api/documents").json()
    document = quoth.index.documents["stabilizing-mali"]
    assert listed["feedback"] is False
    assert [(document["id"], document["title"], document["sha256"]) for document in listed["documents"]] == [
        ("stabilizing-mali", document.title, document.sha256)
    ]
    whole = open_client.get("/api/documents/stabilizing-mali").json()
    assert [section["heading"] for section in whole["sections"]] == [section.heading for section in document.sections]
    assert len(whole["notes"]) == whole["footnotes"] == len(document.footnotes)
    body = open_client.get("/api/documents/stabilizing-mali/passages/stabilizing-mali%234").json()
    assert body["text"] == document.text[body["start"] : body["end"]]
    assert QUOTE in body["text"]
    assert (body["section"], body["footnotes"]) == ("Uncertainty Amid Troop Drawdown", [4])
    for path in ("/api/documents/x", "/api/documents/stabilizing-mali/passages/x", "/api/suggestions?document=x"):
        assert open_client.get(path).status_code == 404
    assert open_client.get("/api/suggestions").json()["suggestions"] == list(quoth.suggest(4))


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 422, "body: field required."),
        (b"{", 400, "The body is not JSON."),
        (b"\xff\xfe", 400, "The body is not JSON."),
        (b"[" * 30000, 400, "The body is not the JSON object that is asked for."),
        (b"[]", 422, "body: input should be a valid dictionary or object to extract fields from."),
        (b"{}", 422, "question: field required."),
        (b'{"question": 7}', 422, "question: input should be a valid string."),
        (b'{"question": "  "}', 400, "The question is empty. Ask something about the document."),
        (b'{"question": "a", "answer": 1}', 422, "answer: this is not a known key."),
        (b'{"question": "a", "complete": "no"}', 422, "complete: input should be a valid boolean."),
        (b'{"question": "a", "history": "b"}', 422, "history: input should be a valid tuple."),
        (json.dumps({"question": "x" * 2001}).encode(), 422, "question: string should have at most 2000 characters."),
        (
            json.dumps({"question": "a", "history": ["b"] * 21}).encode(),
            422,
            "history: tuple should have at most 20 items after validation, not 21.",
        ),
        (json.dumps({"question": "x" * 270_000}).encode(), 413, None),
    ],
)
def test_a_bad_request_gets_one_sentence(open_client: TestClient, body: bytes, status: int, detail: str | None) -> None:
    response = open_client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.headers["content-type"]) == (status, PROBLEM)
    assert set(response.json()) == {"type", "title", "status", "detail"}
    assert response.json()["detail"] == (
        detail or "The body is larger than the 262,144 bytes this server takes. Send less."
    )


def test_every_way_to_miss_a_route_is_a_problem(open_client: TestClient) -> None:
    for method, path, status in (
        ("GET", "/api/ask", 405),
        ("GET", "/nothing", 404),
        ("DELETE", "/api/documents", 405),
        ("POST", "/api/nothing", 404),
        ("GET", "/api", 404),
    ):
        response = open_client.request(method, path)
        assert (path, response.status_code, response.headers["content-type"]) == (path, status, PROBLEM)


def test_stages_come_as_events(open_client: TestClient, quoth: Assistant) -> None:
    def stages(question: str) -> list[tuple[str, dict]]:  # type: ignore[type-arg]
        asked = {"json": {"question": question}, "headers": {"Accept": "text/event-stream"}}
        with open_client.stream("POST", "/api/ask", **asked) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            text = "".join(stream.iter_text())
        return [(name, json.loads(data)) for name, data in re.findall(r"event: (\w+)\ndata: (.*)\n\n", text)]

    names, values = zip(*stages(QUESTION))
    assert names == ("queued", "reading", "answer")
    assert values[0] == {"ahead": 0}
    assert values[2]["evidence"][0]["quote"] == QUOTE
    assert stages(" ")[-1] == (
        "problem",
        {
            "type": "urn:quoth:bad_question",
            "title": "The question cannot be asked",
            "status": 400,
            "detail": "The question is empty. Ask something about the document.",
        },
    )


def test_feedback_is_kept_with_place_and_versions(quoth: Assistant, tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    keeping = client(quoth, feedback=store)
    assert keeping.get("/api/documents").json()["feedback"] is True
    given = {"question": QUESTION, "helpful": False, "reason": "wrong_place", "document": "stabilizing-mali"}
    assert keeping.post("/api/feedback", json={**given, "start": 3076, "end": 3237}).status_code == 204
    (kept,) = store.list()
    assert (kept.question, kept.helpful, kept.reason, kept.answered) == (QUESTION, False, "wrong_place", True)
    assert [(quotation.document, quotation.start, quotation.end) for quotation in kept.quotations] == [
        ("stabilizing-mali", 3076, 3237)
    ]
    assert kept.versions["reader"] == quoth.reader.fingerprint
    assert keeping.post("/api/feedback", json={**given, "document": "x", "start": 1, "end": 2}).status_code == 404
    assert keeping.post("/api/feedback", json={**given, "start": 5, "end": 10**9}).status_code == 404
    assert keeping.post("/api/feedback", json={**given, "helpful": True}).status_code == 204
    assert [(record.helpful, record.reason) for record in store.list()] == [(False, "wrong_place"), (True, None)]
    assert keeping.post("/api/feedback", json={**given, "helpful": "<b>"}).status_code == 422
    assert keeping.post("/api/feedback", json={**given, "confidence": True}).status_code == 422
    assert keeping.post("/api/feedback", json={**given, "confidence": 1}).status_code == 204
    assert client(quoth).post("/api/feedback", json=given).json()["detail"] == "This server keeps no feedback."


def test_a_full_queue_says_when_to_come_back_and_loses_no_answer(quoth: Assistant) -> None:
    held = Held(quoth)
    with serving(held, queue=1, workers=1) as address:
        responses: list[httpx.Response] = []

        def ask() -> None:
            responses.append(httpx.post(f"{address}/api/ask", json={"question": QUESTION}, timeout=60))
            if len(responses) == 3:  # were refused
                held.let.set()

        threads = [threading.Thread(target=ask) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(response.status_code for response in responses) == [200, 200, 503, 503, 503]
    for one in responses:
        if one.status_code == 503:
            assert int(one.headers["retry-after"]) >= 1
            assert one.json()["type"] == "urn:quoth:busy"
        else:
            assert one.json()["evidence"][0]["quote"] == QUOTE


def test_questions_are_answered_in_the_same_threads_whatever_else_is_done(quoth: Assistant, tmp_path: Path) -> None:
    threads: set[int] = set()

    class Noting(Assistant):
        def ask(self, *args, **kwargs):  # type: ignore[no-untyped-def]
            threads.add(threading.get_ident())
            return super().ask(*args, **kwargs)

    noting = Noting(quoth.index, quoth.config, quoth.reader)
    noting.suggest(6)
    threads.clear()
    given = {"quota": "", "quota_address": "", "queue": 100, "workers": 1}
    with (
        serving(noting, FeedbackStore(tmp_path / "feedback.sqlite"), **given) as address,
        httpx.Client(base_url=address, timeout=30) as web,
        ThreadPoolExecutor(8) as clients,
    ):

        def ask_and_rate(number: int) -> tuple[int, int]:
            asked = web.post("/api/ask", json={"question": QUESTION})
            rated = web.post("/api/feedback", json={"question": QUESTION, "helpful": True})
            return asked.status_code, rated.status_code

        assert set(clients.map(ask_and_rate, range(40))) == {(200, 204)}
    assert len(threads) == 1  # as many as --workers says


def test_an_answer_under_way_is_finished_when_the_server_is_told_to_end(quoth: Assistant) -> None:
    held, responses = Held(quoth), list[httpx.Response]()
    with serving(held) as address:
        thread = threading.Thread(
            target=lambda: responses.append(httpx.post(f"{address}/api/ask", json={"question": QUESTION}, timeout=60))
        )
        thread.start()
        assert held.begun.wait(60)
        threading.Timer(0.3, held.let.set).start()  # after the server is told to end, by leaving
    thread.join(60)
    assert responses[0].json()["evidence"][0]["quote"] == QUOTE
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/healthz")


def test_an_open_page_does_not_hold_up_the_end(quoth: Assistant, log: Log) -> None:
    with httpx.Client(timeout=30) as browser:
        with serving(quoth, grace_seconds=12) as address:
            page = browser.send(browser.build_request("GET", f"{address}/gradio_api/heartbeat/abc"), stream=True)
            assert next(page.iter_lines()) == "data: ALIVE"
            began = time.monotonic()  # leaving tells the server to end, and waits for it
        page.close()
    assert time.monotonic() - began < 10
    assert log.last(event="stopped")


def test_health_is_told_to_anyone_and_metrics_only_where_asked_for(quoth: Assistant) -> None:
    metered = client(quoth, metrics=True)
    assert metered.get("/healthz").json() == {"status": "ok"}
    assert metered.get("/readyz").json() == {"status": "ready"}
    metered.post("/api/ask", json={"question": QUESTION})
    metered.post("/api/ask", json={"question": "Xyzzy plugh?"})
    metered.get("/no/such/page")
    text = metered.get("/metrics").text
    for line in (
        'quoth_requests_total{route="/api/ask",status="200"} 2.0',
        'quoth_answers_total{outcome="answered"} 1.0',
        'quoth_answers_total{outcome="no_match"} 1.0',
        'quoth_refusals_total{kind="not_found"} 1.0',
        "quoth_questions_waiting 0.0",
        "quoth_answer_seconds_count 2.0",
    ):
        assert line in text
    assert "/no/such/page" not in text
    assert client(quoth).get("/metrics").status_code == 404


def test_the_log_has_no_question_unless_it_is_to(quoth: Assistant, log: Log) -> None:
    asked = {"json": {"question": "Who is Wolfram Lacher?"}, "headers": {"X-Request-Id": "abc-1"}}
    response = client(quoth).post("/api/ask?q=Wolfram", **asked)
    line = log.last(request_id="abc-1")
    assert response.headers["x-request-id"] == "abc-1"
    assert (line["path"], line["status"], line["outcome"]) == ("/api/ask", 200, "answered")
    assert "Wolfram" not in log.stream.getvalue()
    forged = client(quoth).get("/healthz", headers={"X-Request-Id": b'x"\n{"forged": 1}'.hex() * 9})
    assert re.fullmatch(r"[0-9a-f]{16}", forged.headers["x-request-id"])
    client(quoth, log_questions=True).post("/api/ask", **asked)
    assert log.last(question="Who is Wolfram Lacher?")["request_id"] == "abc-1"


def test_what_breaks_is_a_problem_outside_and_a_traceback_in_the_log(quoth: Assistant, log: Log) -> None:
    class Broken(Assistant):
        def ask(self, *args, **kwargs):  # type: ignore[no-untyped-def]
            raise RuntimeError("a secret")

    response = client(Broken(quoth.index, quoth.config, quoth.reader)).post("/api/ask", json={"question": "Who?"})
    assert (response.status_code, response.headers["content-type"]) == (500, PROBLEM)
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "RuntimeError: a secret" in log.last(event="error", request_id=response.headers["x-request-id"])["traceback"]


def test_quotas_count_callers_and_addresses_and_speak_in_the_operators_words(quoth: Assistant, log: Log) -> None:
    asked = {"json": {"question": QUESTION}}
    few = client(quoth, quota="", quota_address="2/minute", quota_message="Ask the library desk.")
    assert [few.post("/api/ask", **asked).status_code for _ in range(3)] == [200, 200, 429]
    response = few.post("/api/ask", **asked)
    assert response.json()["detail"] == "Ask the library desk."
    assert 1 <= int(response.headers["retry-after"]) <= 60
    assert few.get("/api/documents").status_code == 200
    assert "2 per 1 minute by address" in log.last(refused="quota")["why"]


def test_addresses_of_one_ipv6_customer_count_as_one(quoth: Assistant) -> None:
    from assistant.server.quota import network

    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
    assert network("::ffff:10.0.0.1") == "10.0.0.1" == network("10.0.0.1")


def test_the_description_tells_every_route_example_and_error(open_client: TestClient) -> None:
    body = open_client.get("/openapi.json").json()
    assert set(body["paths"]) == {
        "/api/ask",
        "/api/documents",
        "/api/documents/{document}",
        "/api/documents/{document}/passages/{passage}",
        "/api/suggestions",
        "/api/feedback",
        "/api/unanswered",
        "/api/embed-token",
        "/v1/models",
        "/v1/models/{name}",
        "/v1/chat/completions",
        "/healthz",
        "/readyz",
    }
    ask = body["paths"]["/api/ask"]["post"]
    assert set(ask["responses"]) == {
        "200", "400", "401", "403", "404", "408", "413", "415", "422", "429", "500", "503",
    }  # fmt: skip
    assert ask["responses"]["503"]["content"][PROBLEM]["examples"]["busy"]["value"]["status"] == 503
    assert body["components"]["schemas"]["AskRequest"]["examples"][0] == {"question": QUESTION}
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(body)))
    assert referred <= set(body["components"]["schemas"])


def test_a_sub_path_works_whether_the_proxy_leaves_it_on_or_takes_it_off(quoth: Assistant) -> None:
    under = client(quoth, root_path="/quoth")
    for path in ("/quoth/api/documents", "/api/documents", "/quoth/healthz", "/quoth/widget.js", "/quoth/"):
        assert (path, under.get(path).status_code) == (path, 200)
    page = under.get("/quoth/").text
    assert '"root":"http://localhost:7860/quoth"' in page
    assert under.get("/quoth/gradio_api/info").status_code == 404


# Who asks


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "tokens.json")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_under_auth_everything_but_health_and_the_embeds_shell_wants_a_caller(
    quoth: Assistant, tokens: TokenFile, now
) -> None:  # type: ignore[no-untyped-def]
    secret = tokens.add("anna", False, None, now())
    asked = client(quoth, auth=True, tokens=str(tokens.path), metrics=True)
    for path in ("/healthz", "/readyz", "/embed", "/embed.js", "/embed.css", "/widget.js"):
        assert (path, asked.get(path).status_code) == (path, 200)
    for path in ("/", "/api/documents", "/api/suggestions", "/openapi.json", "/metrics", "/config", "/nothing",
                 "/gradio_api/queue/data", "/assets/x.js", "/embed/", "/embed.js/x", "//embed", "/widget.js%00"):  # fmt: skip
        response = asked.get(path)
        assert (path, response.status_code in (401, 404)) == (path, True)
    response = asked.post("/api/ask", json={"question": QUESTION})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Bearer realm="Quoth"')
    for wrong in (
        "", "Bearer", "Bearer x", f"Basic {secret}", f"Bearer {secret}x", f"Bearer  {secret}", f"Bearer {secret[:-1]}",
    ):  # fmt: skip
        response = asked.post("/api/ask", json={"question": QUESTION}, headers={"Authorization": wrong})
        assert (wrong, response.status_code) == (wrong, 401)
    assert asked.post("/api/ask", json={"question": QUESTION}, headers=bearer(secret)).status_code == 200
    assert asked.get("/", headers=bearer(secret)).status_code == 200
    tokens.revoke("anna")
    assert asked.post("/api/ask", json={"question": QUESTION}, headers=bearer(secret)).status_code == 401


def test_tokens_are_kept_as_hashes_and_can_end(tokens: TokenFile, now) -> None:  # type: ignore[no-untyped-def]
    secret = tokens.add("anna", False, 1, now())
    assert re.fullmatch(r"quoth_[\w-]{43}", secret)
    assert secret.removeprefix("quoth_") not in tokens.path.read_text()
    assert tokens.path.stat().st_mode & 0o077 == 0
    token = tokens.read().find(secret, now())
    assert token is not None
    assert token.name == "anna"
    assert tokens.read().find(secret, now(days=2)) is None
    with pytest.raises(QuothError, match="There is a token 'anna' already"):
        tokens.add("anna", False, None, now())
    with pytest.raises(QuothError, match="is no name for a token"):
        tokens.add("../x", False, None, now())
    tokens.path.write_text("{")
    with pytest.raises(QuothError, match="is no file of tokens"):
        TokenFile(tokens.path).read()


def test_a_damaged_file_of_tokens_is_told_to_the_log_alone(quoth: Assistant, tokens: TokenFile, log: Log) -> None:
    tokens.path.write_text("{")
    response = client(quoth, auth=True, tokens=str(tokens.path), trusted_proxy=("10.0.0.5",)).get("/readyz")
    assert (response.status_code, response.json()["type"]) == (500, "urn:quoth:broken")
    assert str(tokens.path) not in response.text
    assert "is no file of tokens" in log.last(refused="broken")["why"]


@pytest.fixture
def now():  # type: ignore[no-untyped-def]
    from datetime import UTC, datetime, timedelta

    return lambda **later: datetime.now(UTC) + timedelta(**later)


def test_a_proxys_user_is_believed_from_its_address_alone(quoth: Assistant, tokens: TokenFile, log: Log) -> None:
    given = {"auth": True, "tokens": str(tokens.path), "trusted_proxy": ("10.0.0.5",)}
    asked = {"json": {"question": QUESTION}, "headers": {"X-Forwarded-User": "anna"}}
    assert client(quoth, peer="10.0.0.5", **given).post("/api/ask", **asked).status_code == 200
    assert log.last(caller="user:anna")["path"] == "/api/ask"
    for peer in ("10.0.0.6", "127.0.0.1", "::1"):
        assert (peer, client(quoth, peer=peer, **given).post("/api/ask", **asked).status_code) == (peer, 401)
    proxied = client(quoth, peer="::ffff:10.0.0.5", **given)
    assert proxied.post("/api/ask", **asked).status_code == 200
    for user in ("", "x" * 300, "a\tb"):
        response = proxied.post("/api/ask", json={"question": QUESTION}, headers={"X-Forwarded-User": user})
        assert (user, response.status_code) == (user, 401)


def test_a_person_whom_nobody_has_named_is_sent_to_sign_in_by_the_page_alone(
    quoth: Assistant, tokens: TokenFile, log: Log
) -> None:
    given = {"auth": True, "tokens": str(tokens.path), "trusted_proxy": ("10.0.0.5",), "root_path": "/quoth"}
    asked = client(quoth, peer="10.0.0.5", sign_in="/index.php/Special:UserLogin", **given)
    response = asked.get("/quoth/", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/index.php/Special:UserLogin")
    assert log.last(refused="unauthorized")["path"] == "/quoth/"
    for path in ("/quoth/api/documents", "/quoth/config"):
        assert (path, asked.get(path, follow_redirects=False).status_code) == (path, 401)
    assert asked.get("/quoth/", headers={"X-Forwarded-User": "anna"}).status_code == 200
    assert client(quoth, peer="10.0.0.5", **given).get("/quoth/", follow_redirects=False).status_code == 401


def test_forwarded_addresses_are_believed_from_the_right(quoth: Assistant, log: Log) -> None:
    through = client(quoth, peer="10.0.0.5", trusted_proxy=("10.0.0.0/24",))
    through.get("/healthz", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.7, 10.0.0.9", "X-Request-Id": "one"})
    assert log.last(request_id="one")["address"] == "203.0.113.7"
    client(quoth).get("/healthz", headers={"X-Forwarded-For": "6.6.6.6", "X-Request-Id": "two"})
    assert log.last(request_id="two")["address"] == "127.0.0.1"


def test_an_embeds_token_is_minted_for_whom_somebody_vouched_and_is_good_for_asking_alone(
    quoth: Assistant, tokens: TokenFile, now, log: Log
) -> None:  # type: ignore[no-untyped-def]
    site, person = tokens.add("wiki", True, None, now()), tokens.add("anna", False, None, now())
    given = {"auth": True, "tokens": str(tokens.path), "allow_origin": (WIKI,)}
    asked = client(quoth, **given)
    wanted = {"origin": WIKI, "user": "bob"}
    assert asked.post("/api/embed-token", json=wanted).status_code == 401
    assert asked.post("/api/embed-token", json=wanted, headers=bearer(person)).status_code == 403
    assert asked.post("/api/embed-token", json=wanted, headers={**bearer(site), "Origin": WIKI}).status_code == 403
    other = {"origin": "https://evil.test", "user": "bob"}
    assert asked.post("/api/embed-token", json=other, headers=bearer(site)).status_code == 403
    minted = asked.post("/api/embed-token", json=wanted, headers=bearer(site)).json()
    assert minted["expires_in"] == 900

    embed = {**bearer(minted["token"]), "Origin": WIKI}
    response = asked.post("/api/ask", json={"question": QUESTION}, headers=embed)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, WIKI)
    assert log.last(caller="embed:bob")["status"] == 200
    assert asked.get("/api/documents", headers=embed).status_code == 200
    for path in ("/", "/openapi.json", "/config"):
        assert (path, asked.get(path, headers=bearer(minted["token"])).status_code) == (path, 403)
    assert asked.post("/api/embed-token", json=wanted, headers=bearer(minted["token"])).status_code == 403
    altered = minted["token"][:-2] + ("AA" if minted["token"][-2:] != "AA" else "BB")
    assert asked.post("/api/ask", json={"question": QUESTION}, headers=bearer(altered)).status_code == 401
    assert tokens.check(minted["token"], -1, now()) is None  # as old as it may be, and a second older

    elsewhere = client(quoth, **{**given, "allow_origin": (WIKI, "https://other.test")})
    response = elsewhere.post(
        "/api/ask", json={"question": QUESTION}, headers={**embed, "Origin": "https://other.test"}
    )
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (401, "https://other.test")

    tokens.revoke("wiki")
    assert asked.post("/api/ask", json={"question": QUESTION}, headers=embed).status_code == 401
    tokens.add("wiki", True, None, now())
    assert asked.post("/api/ask", json={"question": QUESTION}, headers=embed).status_code == 401


def test_a_proxys_user_mints_for_nobody_else(quoth: Assistant, tokens: TokenFile, now) -> None:  # type: ignore[no-untyped-def]
    given = {"auth": True, "tokens": str(tokens.path), "trusted_proxy": ("10.0.0.5",), "allow_origin": (WIKI,)}
    tokens.ensure_key()
    asked = client(quoth, peer="10.0.0.5", **given)
    response = asked.post(
        "/api/embed-token", json={"origin": WIKI, "user": "root"}, headers={"X-Forwarded-User": "anna"}
    )
    granted = tokens.check(response.json()["token"], 60, now())
    assert granted is not None
    assert (granted.user, granted.by, granted.origin) == ("anna", "", WIKI)


def test_each_callers_quota_is_its_own(quoth: Assistant, tokens: TokenFile, now) -> None:  # type: ignore[no-untyped-def]
    secrets = [tokens.add(name, False, None, now()) for name in ("anna", "bob")]
    asked = client(quoth, auth=True, tokens=str(tokens.path), quota="1/minute", quota_address="")
    statuses = [
        asked.post("/api/ask", json={"question": QUESTION}, headers=bearer(secret)).status_code
        for secret in [*secrets, *secrets]
    ]
    assert statuses == [200, 200, 429, 429]


def test_nothing_logs_to_uvicorns_own_handlers(log: Log) -> None:
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    assert log.last(event="Invalid HTTP request received.")["level"] == "warning"
