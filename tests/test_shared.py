"""A store that several processes share: SQLite's and PostgreSQL's keep and count the same; away, it is told and lost nothing."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from assistant import Assistant, shared
from assistant.cli import main
from assistant.feedback import FeedbackStore, Record, rate
from assistant.server import quota
from assistant.server.quota import OwnCounts, SharedCounts, rates
from assistant.settings import Settings
from assistant.settings_sources import read_settings, to_toml
from assistant.shared import SharedStore, without_password
from assistant.unanswered import UnansweredStore
from eval.__main__ import main as eval_main
from index.errors import QuothError, SharedStoreError
from tests.conftest import ARTICLE, ROOT
from tests.postgres import FOLDERS, NOT_THERE, Cluster, cluster
from tests.serving import QUESTION, client, logged
from tests.wikis import free_port

GIVEN = {
    "question": QUESTION, "helpful": False, "reason": "wrong_place", "document": "stabilizing-mali", "start": 3076,
    "end": 3237,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A store for a test, which can be taken away and brought back; a file, or a server."""

    address: str
    place: Path | Cluster

    def away(self) -> None:
        if isinstance(self.place, Path):
            self.place.rename(self.place.with_name("away"))
        else:
            self.place.stop()

    def back(self) -> None:
        if isinstance(self.place, Path):
            self.place.with_name("away").rename(self.place)
        else:
            self.place.start()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    if not FOLDERS:
        pytest.skip(NOT_THERE)
    with cluster() as one:
        yield one


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    if request.param == "sqlite":
        (tmp_path / "shared").mkdir()
        return Kept(f"sqlite:///{tmp_path}/shared/quoth.sqlite", tmp_path / "shared")
    server: Cluster = request.getfixturevalue("postgres")
    with SharedStore(server.address).open() as run:
        for table in ("feedback", "unanswered", "quota"):
            run(f"DROP TABLE IF EXISTS {table}")
    return Kept(server.address, server)


def process(quoth: Assistant, kept: Kept, **given: Any) -> TestClient:
    """An application as a process of its own has it."""
    shared = SharedStore(kept.address)
    return client(quoth, feedback=FeedbackStore(shared), shared=shared, **given)


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(SharedStore, "now", lambda self, run: seconds)


def test_who_used_up_the_quota_at_one_process_is_refused_by_the_other(
    quoth: Assistant, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (process(quoth, kept, quota="2/minute") for _ in range(2))
    for seconds, asked, status in ((1000, one, 200), (1010, other, 200), (1015.5, other, 429), (1015.5, one, 429)):
        at(monkeypatch, seconds)
        answer = asked.post("/api/ask", json={"question": QUESTION})
        assert answer.status_code == status
    assert answer.headers["Retry-After"] == "45"  # the first leaves the window at 1060
    assert answer.json()["type"] == "urn:quoth:quota"
    at(monkeypatch, 1060.1)
    assert other.post("/api/ask", json={"question": QUESTION}).status_code == 200
    again = one.post("/api/ask", json={"question": QUESTION})
    assert (again.status_code, again.headers["Retry-After"]) == (429, "10")


def test_what_is_shared_counts_as_one_process_does(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    own, shared = OwnCounts(), SharedCounts(SharedStore(kept.address))
    counters = [(rate, "caller", "Anna") for rate in rates("3/second;5/minute")]
    for hundredth in range(0, 400, 13):
        seconds = 1_000_000 + hundredth / 100
        monkeypatch.setattr(time, "time", lambda seconds=seconds: seconds)
        at(monkeypatch, seconds)
        expected, found = own.count(counters), shared.count(counters)
        assert (expected is None) == (found is None)
        if expected and found:
            assert found[:2] == expected[:2]
            assert found[2] == pytest.approx(expected[2], abs=1e-3)


def test_a_quota_is_never_exceeded_by_those_who_ask_at_once(kept: Kept) -> None:
    counts = [SharedCounts(SharedStore(kept.address)) for _ in range(4)]
    counters = [(rate, "caller", "Anna") for rate in rates("10/hour")]
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda number: counts[number % 4].count(counters), range(30)))
    assert told.count(None) == 10


def test_who_asked_is_kept_as_a_hash_and_forgotten(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SharedStore(kept.address)
    counts = SharedCounts(store)
    at(monkeypatch, 1000)
    assert counts.count([(rates("9/minute")[0], "address", "192.0.2.7")]) is None
    with store.open() as run:
        [row] = run("SELECT * FROM quota")
    assert (re.fullmatch("[0-9a-f]{32}", str(row["name"])) is not None, row["at"], row["ends"]) == (True, 1000, 1060)
    at(monkeypatch, 1061)
    monkeypatch.setattr(quota, "SWEPT", 0)
    assert counts.count([(rates("9/minute")[0], "address", "192.0.2.8")]) is None
    with store.open() as run:
        assert [row["at"] for row in run("SELECT at FROM quota")] == [1061]


def test_feedback_given_at_one_process_is_in_the_insights_of_the_store(
    quoth: Assistant, kept: Kept, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    one, other = (process(quoth, kept, keep_unanswered=True) for _ in range(2))
    assert one.post("/api/feedback", json=GIVEN).status_code == 204
    left = {"question": "Who mends\0 boats?", "address": "anna@wiki.test", "consent": True}
    assert other.post("/api/unanswered", json=left).status_code == 204
    assert main(["insights", "--shared-store", kept.address]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 questions kept, 1 rated: 0 helpful, 1 not.\n")
    assert "Wrong place (1)" in told
    assert "Who mends\N{REPLACEMENT CHARACTER} boats?" in told
    assert main(["insights", "--shared-store", kept.address, "--json"]) == 0
    rated, asked = map(json.loads, capsys.readouterr().out.splitlines())
    assert (rated["quotations"][0]["start"], rated["helpful"], asked["address"]) == (3076, False, "anna@wiki.test")
    assert main(["insights", "--shared-store", kept.address, "--forget", asked["id"][:8]]) == 0
    assert UnansweredStore(SharedStore(kept.address)).list() == ()
    out = str(tmp_path / "candidates.jsonl")
    assert eval_main(["candidates", "--shared-store", kept.address, "--source", str(ARTICLE), "--out", out]) == 0
    assert "1 answers were marked; 1 candidates to be checked." in capsys.readouterr().err


def test_a_second_opinion_takes_the_first_ones_place_and_numbers_stay_as_they_were(kept: Kept) -> None:
    store = FeedbackStore(SharedStore(kept.address))
    record = Record("When?", "When?", True, 0.123456789012345, (), {"quoth": "1"}, id="a")
    store.save(rate(record, False, "wrong_words"))
    store.save(rate(record, True))
    assert store.list() == (rate(record, True),)


def test_a_store_that_is_away_is_told_and_used_again_when_it_is_back(quoth: Assistant, kept: Kept) -> None:
    asked = {"question": QUESTION}
    with logged() as log:
        one = process(quoth, kept, keep_unanswered=True)
        assert one.post("/api/feedback", json=GIVEN).status_code == 204
        kept.away()
        try:
            for path, body in (("/api/ask", asked), ("/api/feedback", GIVEN), ("/readyz", None)):
                answer = one.post(path, json=body) if body else one.get(path)
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
                assert answer.json()["type"] == "urn:quoth:not_shared"
                assert answer.json()["detail"] == "What all processes share cannot be reached. Try again soon."
            chat = {"model": "quoth", "messages": [{"role": "user", "content": QUESTION}]}
            refused = one.post("/v1/chat/completions", json=chat)
            assert (refused.status_code, refused.json()["error"]["type"]) == (503, "server_error")
            assert one.get("/healthz").status_code == 200
            assert one.get("/api/documents").status_code == 200
            why = str(log.last(path="/readyz")["why"])
            assert why.startswith(f"The shared store {without_password(kept.address)} cannot be used now (")
            assert "s3cret" not in log.stream.getvalue()
        finally:
            kept.back()
        assert one.get("/readyz").status_code == 200
        assert one.post("/api/feedback", json=GIVEN).status_code == 204
        assert one.post("/api/ask", json=asked).status_code == 200
    assert len(FeedbackStore(SharedStore(kept.address)).list()) == 2


def test_a_store_that_is_away_keeps_nobody_from_being_told_what_was_read(quoth: Assistant, kept: Kept) -> None:
    """What is kept without the asker's doing is left out, and nobody waits for it."""
    unlimited = process(quoth, kept, quota="", quota_address="")
    kept.away()
    try:
        assert unlimited.post("/api/ask", json={"question": QUESTION}).status_code == 200
    finally:
        kept.back()


def test_a_table_of_another_version_is_told_in_one_sentence(kept: Kept) -> None:
    store = SharedStore(kept.address)
    with store.open() as run:
        run("CREATE TABLE feedback (id TEXT PRIMARY KEY, stars INTEGER)")
    with pytest.raises(SharedStoreError, match=r"^The shared store \S+ cannot be used now \(.*question"):
        FeedbackStore(store)


@pytest.mark.slow
def test_tables_may_be_made_by_all_at_once(postgres: Cluster) -> None:
    with SharedStore(postgres.address).open() as run:
        for table in ("feedback", "unanswered", "quota"):
            run(f"DROP TABLE IF EXISTS {table}")
    with ThreadPoolExecutor(8) as threads:
        stores = list(threads.map(lambda _: FeedbackStore(SharedStore(postgres.address)), range(8)))
    assert [store.list() for store in stores] == [()] * 8


@pytest.mark.slow
def test_a_server_that_lets_nobody_in_is_told_without_the_password(
    postgres: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = postgres.address.replace("s3cret", "s4cret")
    assert main(["insights", "--shared-store", wrong]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "password authentication failed" in told
    assert "s4cret" not in told


def test_a_file_that_is_no_database_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.sqlite").write_text("this is no database, whatever it is called")
    assert main(["insights", "--shared-store", f"sqlite:///{tmp_path}/no.sqlite"]) == 2
    assert "cannot be used now (file is not a database). See that it runs" in capsys.readouterr().err


def test_a_file_of_feedback_may_be_shared_from_now_on(tmp_path: Path) -> None:
    record = Record("When?", "When?", True, 0.5, (), {"quoth": "1"})
    FeedbackStore(tmp_path / "feedback.sqlite").save(record)
    assert FeedbackStore(SharedStore(f"sqlite:///{tmp_path}/feedback.sqlite")).list() == (record,)


@pytest.mark.parametrize(
    "address", ["mysql://anna:s3cret@db/quoth", "postgresql://anna:s3cret@db/quoth", "quoth.sqlite", "sqlite://"]
)
def test_what_is_no_address_is_told_without_repeating_it(address: str) -> None:
    with pytest.raises(QuothError) as error:
        read_settings({"shared_store": address}, {})
    assert str(error.value) == (
        "--shared-store: this is no address; give sqlite:///FILE, or postgresql+psycopg://USER@HOST/DATABASE."
    )


def test_an_address_that_cannot_be_read_is_told_without_its_password() -> None:
    with pytest.raises(
        QuothError, match=r"--shared-store postgresql\+psycopg://anna:\*\*\*@db:no/quoth cannot be read"
    ):
        SharedStore("postgresql+psycopg://anna:s3cret@db:no/quoth")


def test_print_config_leaves_the_password_out() -> None:
    settings = read_settings({}, {"QUOTH_SHARED_STORE": "postgresql+psycopg://anna:s3cret@db/quoth"})
    assert 'shared_store = "postgresql+psycopg://anna:***@db/quoth"' in to_toml(settings)
    assert 'shared_store = ""' in to_toml(Settings())


def test_the_extra_is_named_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.shared.find_spec", lambda name: None)
    with pytest.raises(QuothError, match=r"--shared-store needs sqlalchemy\. Install the extra: pip install 'quoth"):
        SharedStore("sqlite:///quoth.sqlite")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "PATIENCE", 0.5)
    monkeypatch.setitem(shared.POSTGRESQL, "options", "-c statement_timeout=500 -c lock_timeout=500")


@pytest.mark.usefixtures("impatient")
def test_a_store_that_is_slow_counts_as_away(quoth: Assistant, kept: Kept) -> None:
    one, other = process(quoth, kept), SharedStore(kept.address)
    with other.open() as run:
        if other.is_sqlite:
            run("SELECT 1")  # whoever is in it keeps all others waiting
        else:
            run("LOCK TABLE quota, feedback IN ACCESS EXCLUSIVE MODE")
        answer = one.post("/api/ask", json={"question": QUESTION})
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:quoth:not_shared")
    assert one.post("/api/ask", json={"question": QUESTION}).status_code == 200


@dataclass(frozen=True, slots=True)
class Serving:
    """A process of `quoth serve`, its log, and a client of it."""

    process: subprocess.Popen[bytes]
    log: Path
    http: httpx.Client

    def ask(self) -> httpx.Response:
        return self.http.post("/api/ask", json={"question": QUESTION})


@contextmanager
def two_servers(kept: Kept, folder: Path, *given: str) -> Iterator[list[Serving]]:
    """Two processes of `quoth serve` that take questions."""
    index = ["--source", str(ARTICLE), "--index-dir", str(folder / "idx"), "--reader", "sentence"]
    assert main(["index", *index]) == 0
    command = [sys.executable, "-m", "assistant", "serve", *index, "--shared-store", kept.address, *given]
    servers = []
    for port in (free_port(), free_port()):
        log = folder / f"{port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen([*command, "--port", str(port)], stderr=out)
        servers.append(Serving(process, log, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)))
    try:
        for one in servers:
            wait_for(one.http)
        yield servers
    finally:
        for one in servers:
            one.http.close()
            one.process.kill()
            one.process.wait()


def wait_for(server: httpx.Client) -> None:
    """Until a server takes questions."""
    deadline = time.monotonic() + 120
    while True:
        with suppress(httpx.TransportError):
            if server.get("/readyz").status_code == 200:
                return
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.model
def test_two_servers_have_one_quota_and_one_feedback(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One is ended, and the other goes on."""
    with two_servers(kept, tmp_path, "--quota", "3/hour", "--quota-address", "") as (one, other):
        assert [one.ask().status_code, other.ask().status_code] == [200, 200]
        assert one.http.post("/api/feedback", json=GIVEN).status_code == 204
        for refused in (other.ask(), one.ask()):
            assert refused.status_code == 429
            assert 3500 < int(refused.headers["Retry-After"]) <= 3600
        assert main(["insights", "--shared-store", kept.address]) == 0
        assert "1 questions kept, 1 rated: 0 helpful, 1 not." in capsys.readouterr().out
        kept.away()
        assert [one.http.get(path).status_code for path in ("/readyz", "/healthz")] == [503, 200]
        kept.back()
        assert [server.http.get("/readyz").status_code for server in (one, other)] == [200, 200]
        assert one.ask().status_code == 429  # it is still known
        one.process.terminate()
        one.process.wait(30)
        assert other.http.get("/readyz").status_code == 200
        with pytest.raises(httpx.ConnectError):
            one.http.get("/healthz")


NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def balancer(servers: list[Serving], folder: Path) -> Iterator[httpx.Client]:
    """nginx as docs/server.md has it, in front of them."""
    example = re.search(r"```nginx\n(upstream quoth .*?)```", (ROOT / "docs" / "server.md").read_text(), re.S)
    assert example
    conf, port = example[1], free_port()
    for number, one in enumerate(servers, 11):
        conf = conf.replace(f"10.0.0.{number}:7860", f"127.0.0.1:{one.http.base_url.port}")
    conf = conf.replace("listen 80;", f"listen 127.0.0.1:{port};")
    paths = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(f"events {{}}\nhttp {{\naccess_log off;\n{paths}\n{conf}}}\n")
    told = f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;"
    process = subprocess.Popen([str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", told])
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Host": "quoth.example"}, timeout=60)
    try:
        wait_for(client)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(10)


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.skipif(not NGINX, reason="nginx is not installed: apt-get install nginx-light")
def test_the_balancer_goes_to_the_other_where_one_has_ended(kept: Kept, tmp_path: Path) -> None:
    given = ("--quota", "3/hour", "--allow-host", "quoth.example", "--trusted-proxy", "127.0.0.1")
    with two_servers(kept, tmp_path, *given) as servers, balancer(servers, tmp_path) as client:
        assert client.post("/api/ask", json={"question": QUESTION}).status_code == 200
        asked: list[Serving] = []
        while not asked:  # the line is written once the answer is out
            asked = [one for one in servers if "/api/ask" in one.log.read_text()]
        asked[0].process.terminate()
        asked[0].process.wait(30)
        assert client.post("/api/ask", json={"question": QUESTION}).status_code == 200
        assert client.post("/api/feedback", json=GIVEN).status_code == 204
        assert client.post("/api/ask", json={"question": QUESTION}).status_code == 429
    assert len(FeedbackStore(SharedStore(kept.address)).list()) == 1
