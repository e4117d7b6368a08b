"""Each kind of wiki against a small server with answers written out: listings, pages, rights, and what goes wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xmlrpc import client as xmlrpc

import pytest

from assistant.sync import site as sites
from assistant.sync.bookstack import BookStack
from assistant.sync.confluence import Confluence
from assistant.sync.dokuwiki import DokuWiki, version_of
from assistant.sync.mediawiki import MediaWiki
from assistant.sync.open import open_wiki
from assistant.sync.types import Caller, ListedPage, Page, WikiSettings
from index.errors import WikiError
from tests.fake_wiki import Asked, FakeWiki, Reply, fake_wiki

SINCE = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[FakeWiki]:
    with fake_wiki() as wiki:
        yield wiki


def settings(server: FakeWiki, kind: str = "mediawiki", **given: Any) -> WikiSettings:
    return WikiSettings(name="handbook", kind=kind, address=server.url, **given)  # type: ignore[arg-type]


# --- any of them


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((500, {}), "answers {url}/api.php with an error (500). Look into the wiki's own log."),
        ((429, {}), "is busy (429). It is asked again next time."),
        ((404, {}), "has nothing at {url}/api.php (404). Give the address of its api.php"),
        ((403, {}), "lets nobody in unnamed (403). Give user and password_env of an account that may read."),
        ((302, {}, {"Location": "http://evil.test/"}), "leads from {url}/api.php to 'http://evil.test/'. Give that"),
        (
            (200, b"<html>Welcome</html>"),
            "does not answer as expected at {url}/api.php. Give the address of its api.php",
        ),
        ((200, []), "does not answer as expected at {url}/api.php."),
        ((200, {"error": {"code": "readapidenied"}}), "lets nobody in unnamed (readapidenied)."),
        ((200, {"error": {"code": "internal_error", "info": "Oh"}}), "says 'Oh' (internal_error)."),
        ((200, {"query": {"namespaces": 3}}), "does not answer as expected at {url}/api.php."),
        ((200, b'{"a": "' + b"x" * 2_000_000 + b'"}'), "sends more than 1 MB at once."),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    server: FakeWiki, reply: Reply, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sites, "MAX_RESPONSE_BYTES", 1 << 20)
    server.answer = lambda asked: reply
    wiki = MediaWiki(settings(server), "")
    with pytest.raises(WikiError) as raised:
        wiki.list_pages()
    assert str(raised.value).startswith("The wiki 'handbook' ")
    assert message.format(url=server.url) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert wiki.readable(["1"], Caller()) == frozenset()


def test_no_redirect_is_followed_and_no_secret_is_sent_elsewhere(server: FakeWiki) -> None:
    with fake_wiki() as other:
        server.answer = lambda asked: (307, {}, {"Location": f"{other.url}/api.php"})
        for wiki in (
            MediaWiki(settings(server, password_env="X"), "secret"),
            DokuWiki(settings(server, "dokuwiki", user="u", password_env="X"), "secret"),
            BookStack(settings(server, "bookstack", user="u", password_env="X"), "secret"),
            Confluence(settings(server, "confluence", user="u", password_env="X"), "secret"),
        ):
            with pytest.raises(WikiError, match="leads from"):
                wiki.list_pages()
            assert wiki.readable(["1"], Caller("u", "session=1")) == frozenset()
        assert other.asked == []


def test_a_wiki_that_is_too_slow(server: FakeWiki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "SECONDS", -1)
    server.answer = lambda asked: (200, {})
    with pytest.raises(WikiError, match="does not answer in time at http"):
        MediaWiki(settings(server), "").list_pages()


def test_a_secret_comes_from_the_environment(server: FakeWiki) -> None:
    named = settings(server, user="u", password_env="HANDBOOK")
    with pytest.raises(WikiError, match="wants the variable HANDBOOK, which is not set"):
        open_wiki(named, {"OTHER": "1"})
    assert type(open_wiki(named, {"HANDBOOK": "1"})) is MediaWiki
    assert "secret" not in repr(named)


# --- MediaWiki

SPACES = {
    "namespaces": {
        "0": {"id": 0, "name": "", "content": True},
        "1": {"id": 1, "name": "Talk", "canonical": "Talk"},
        "12": {"id": 12, "name": "Hilfe", "canonical": "Help"},
        "-1": {"id": -1, "name": "Special"},
    },
    "namespacealiases": [],
}


def page_info(number: int, title: str, read: bool = True, **more: Any) -> dict[str, Any]:
    revisions = [{"revid": 10 * number, "timestamp": "2026-11-24T08:00:00Z"}]
    page = {"pageid": number, "title": title, "lastrevid": 10 * number, "touched": "2026-11-25T09:00:00Z"}
    return {**page, "actions": {"read": read}, "revisions": revisions, **more}


def mediawiki(asked: Asked) -> Reply:
    """Pages 1, 2 (hidden from the account) and 3, listed in two parts."""
    values = asked.values
    if values.get("meta") == "siteinfo":
        return 200, {"query": SPACES}
    if values.get("generator") == "allpages" and "gapcontinue" not in values:
        pages = [page_info(1, "Leave"), page_info(2, "Secret", read=False)]
        return 200, {"query": {"pages": pages}, "continue": {"gapcontinue": "S", "continue": "-||"}}
    if values.get("generator") == "allpages":
        return 200, {"batchcomplete": True, "query": {"pages": [page_info(3, "Snow")]}}
    if values.get("generator") == "recentchanges":
        pages = [page_info(3, "Snow"), page_info(4, "Old name", redirect=True), {"title": "Gone", "missing": True}]
        return 200, {"batchcomplete": True, "query": {"pages": pages}}
    if values.get("action") == "parse" and values["pageid"] == "1":
        return 200, {"parse": {"title": "Leave & pay", "pageid": 1, "revid": 11, "text": "<p>Thirty days.</p>"}}
    return 200, {"error": {"code": "nosuchpageid", "info": "There is no page with ID 9."}}


def test_mediawiki_lists_what_the_account_may_read(server: FakeWiki) -> None:
    server.answer = mediawiki
    wiki = MediaWiki(settings(server), "")
    assert wiki.list_pages() == {
        "1": ListedPage("1", "Leave", "10:2026-11-25T09:00:00Z", "2026-11-24"),
        "3": ListedPage("3", "Snow", "30:2026-11-25T09:00:00Z", "2026-11-24"),
    }
    assert [asked.values.get("gapnamespace") for asked in server.asked] == [None, "0", "0"]
    assert {asked.path for asked in server.asked} == {"/api.php"}
    assert list(wiki.list_changed(SINCE)) == ["3"]
    assert server.asked[-1].values["grcend"] == "2026-11-25T10:00:00Z"
    named = MediaWiki(settings(server, namespaces=(0, "help", "Main")), "")
    assert named.namespaces() == ("0", "12")
    with pytest.raises(WikiError, match=r"has no namespace 'Hulp'. There are \(main\), Talk, Hilfe\."):
        MediaWiki(settings(server, namespaces=("Hulp",)), "").list_pages()
    with pytest.raises(WikiError, match=r"has more than 1 pages\. Name fewer namespaces, or raise most_pages"):
        MediaWiki(settings(server, most_pages=1), "").list_pages()


def test_mediawiki_pages_are_fetched_at_their_revision(server: FakeWiki) -> None:
    server.answer = mediawiki
    wiki = MediaWiki(settings(server, public_address="https://wiki.test/w"), "")
    assert wiki.fetch(ListedPage("1", "Leave", "v", "2026-11-24")) == Page(
        "1",
        "Leave & pay",
        "<p>Thirty days.</p>",
        "https://wiki.test/w/index.php?title=Leave_%26_pay&oldid=11",
        "11",
        "2026-11-24",
        "firstHeading",
    )
    assert wiki.fetch(ListedPage("9", "Gone", "v")) is None


def test_a_listing_that_is_cut_is_no_listing(server: FakeWiki) -> None:
    def cut(asked: Asked) -> Reply:
        if "gapcontinue" in asked.values:
            return 200, {"error": {"code": "internal_api_error_DBQueryError", "info": "Lost"}}
        return mediawiki(asked)

    server.answer = cut
    with pytest.raises(WikiError, match="says 'Lost'"):
        MediaWiki(settings(server), "").list_pages()
    untold = {key: value for key, value in page_info(1, "Leave").items() if key != "actions"}
    server.answer = lambda asked: (
        mediawiki(asked) if asked.values.get("meta") else (200, {"query": {"pages": [untold]}})
    )
    with pytest.raises(WikiError, match="does not tell of the page 'Leave'"):
        MediaWiki(settings(server), "").list_pages()
    again = {"query": {"pages": []}, "continue": {"gapcontinue": "A"}}
    server.answer = lambda asked: mediawiki(asked) if asked.values.get("meta") else (200, again)
    with pytest.raises(WikiError, match="the same again and again"):
        MediaWiki(settings(server), "").list_pages()


def test_mediawiki_signs_in_once_and_says_who_was_refused(server: FakeWiki) -> None:
    def private(asked: Asked) -> Reply:
        values = asked.values
        if values.get("meta") == "tokens":
            return 200, {"query": {"tokens": {"logintoken": "t+\\"}}}, {"Set-Cookie": "session=1"}
        if values["action"] == "login":
            good = (values["lgname"], values["lgpassword"], values["lgtoken"]) == ("Quoth@sync", "right", "t+\\")
            return 200, {"login": {"result": "Success" if good else "Failed"}}, {"Set-Cookie": "session=2"}
        if asked.headers.get("cookie") == "session=2" and values.get("assert") == "user":
            return mediawiki(asked)
        return 200, {"error": {"code": "assertuserfailed", "info": "You are no longer logged in"}}

    server.answer = private
    named = settings(server, user="Quoth@sync", password_env="HANDBOOK")
    wiki = MediaWiki(named, "right")
    assert list(wiki.list_pages()) == list(wiki.list_pages()) == ["1", "3"]
    assert [asked.values["action"] for asked in server.asked].count("login") == 1
    with pytest.raises(
        WikiError, match=r"refuses the account 'Quoth@sync' \(Failed\)\. Check it, and the variable HAND"
    ):
        MediaWiki(named, "wrong").list_pages()


def test_mediawiki_is_asked_for_rights_as_the_caller(server: FakeWiki) -> None:
    def rights(asked: Asked) -> Reply:
        allowed = {"session=alice": {"1", "2"}, None: {"1"}}.get(asked.headers.get("cookie"), set())
        pages = [page_info(int(number), "P", read=number in allowed) for number in asked.values["pageids"].split("|")]
        pages[-1:] = [{"pageid": 99, "missing": True}] if "99" in asked.values["pageids"] else pages[-1:]
        return 200, {"query": {"pages": pages}}, {"Set-Cookie": "session=alice"}  # whatever a wiki sets is dropped

    server.answer = rights
    wiki = MediaWiki(settings(server, password_env="X"), "secret")
    assert wiki.readable(["1", "2", "3", "x", "2|5"], Caller("alice", "session=alice")) == {"1", "2"}
    assert wiki.readable(["1", "2", "99"], Caller()) == {"1"}
    assert wiki.readable(["1", "2"], Caller("alice", "session=expired")) == frozenset()
    assert all("authorization" not in asked.headers for asked in server.asked)
    server.asked.clear()
    assert wiki.readable([str(number) for number in range(1, 121)], Caller()) == {"1"}
    assert sorted(len(asked.values["pageids"].split("|")) for asked in server.asked) == [20, 50, 50]
    server.answer = lambda asked: (200, {"query": {"pages": [page_info(7, "Other")]}})
    assert wiki.readable(["1"], Caller()) == frozenset()  # an answer to another question
    server.answer = lambda asked: (500, {})
    assert wiki.readable(["1"], Caller()) == frozenset()
    assert wiki.readable(["1"], Caller("alice", "bad\r\nheader: 1")) == frozenset()


# --- DokuWiki

EDITED = 1795604931
HTML = '<h1 class="sectionedit1" id="leave">Leave &amp; pay</h1><p>Thirty days.</p>'


def xml(value: object) -> bytes:
    return xmlrpc.dumps((value,), methodresponse=True, allow_none=True).encode()


def fault(code: int, words: str) -> Reply:
    return 200, xmlrpc.dumps(xmlrpc.Fault(code, words)).encode()


def xml_rpc(asked: Asked) -> Reply:
    """DokuWiki of 2022: no JSON-RPC; pages `hr:leave` and `start`."""
    if asked.path != "/lib/exe/xmlrpc.php":
        return 404, b"File not found."
    values, method = xmlrpc.loads(asked.body)
    pages = [{"id": "hr:leave", "rev": EDITED, "mtime": EDITED, "size": 5}, {"id": "start", "rev": 1700000000}]
    response: dict[str | None, Any] = {
        "dokuwiki.getXMLRPCAPIVersion": 11,
        "dokuwiki.login": values[-1] == "right" if values else 0,
        "dokuwiki.getPagelist": pages[:1] if values and values[0] == "hr" else pages,
        "wiki.getRecentChanges": [
            {
                "name": "hr:leave",
                "version": EDITED,
                "size": 5,
                "lastModified": xmlrpc.DateTime("2026-11-25T11:08:51+0000"),
            },
            {"name": "gone", "version": EDITED, "size": False},
        ],
        "wiki.getPageHTML": HTML if values and values[0] == "hr:leave" else "",
        "wiki.aclCheck": {"alice": 8, "bob": 0}.get(str(values[1]), 0) if len(values) > 1 else 1,
    }
    if method == "wiki.getRecentChanges" and values[0] > EDITED:
        return fault(321, "There are no changes in the specified timeframe")
    return 200, xml(response[method])


def json_rpc(asked: Asked) -> Reply:
    """DokuWiki of 2024."""
    if asked.path != "/lib/exe/jsonrpc.php":
        return 404, b"File not found."
    values, method = asked.json["params"], asked.json["method"]
    pages = [{"id": "hr:leave", "revision": EDITED}, {"id": "start", "revision": 1700000000}]
    response: dict[str, Any] = {
        "core.getAPIVersion": 14,
        "core.whoAmI": {"login": "quoth" if asked.headers.get("authorization", "").startswith("B") else ""},
        "core.listPages": pages[:1] if values.get("namespace") == "hr" else pages,
        "core.getRecentPageChanges": [
            {"id": "hr:leave", "revision": EDITED, "type": "E"}, {"id": "gone", "revision": EDITED, "type": "D"}
        ],
        "core.getPageHTML": HTML if values.get("page") == "hr:leave" else "",
        "core.aclCheck": {"alice": 8, "bob": 0}.get(values.get("user"), 0) if "user" in values else 1,
    }  # fmt: skip
    return 200, {"jsonrpc": "2.0", "id": 1, "result": response[method]}


@pytest.mark.parametrize("protocol", [xml_rpc, json_rpc])
def test_dokuwiki_in_either_protocol(server: FakeWiki, protocol: Any) -> None:
    server.answer = protocol
    wiki = DokuWiki(settings(server, "dokuwiki", user="quoth", password_env="DESK"), "right")
    assert wiki.list_pages() == {
        "hr:leave": ListedPage("hr:leave", "hr:leave", str(EDITED), "2026-11-25"),
        "start": ListedPage("start", "start", "1700000000", "2023-11-14"),
    }
    assert list(wiki.list_changed(SINCE)) == ["hr:leave"]
    assert wiki.fetch(ListedPage("hr:leave", "hr:leave", str(EDITED), "2026-11-25")) == Page(
        "hr:leave", "Leave & pay", HTML, f"{server.url}/doku.php?id=hr:leave&rev={EDITED}", str(EDITED), "2026-11-25"
    )
    assert wiki.fetch(ListedPage("gone", "gone", "1")) is None
    named = DokuWiki(settings(server, "dokuwiki", user="quoth", password_env="DESK", namespaces=("hr",)), "right")
    assert list(named.list_pages()) == ["hr:leave"]
    assert list(named.list_changed(SINCE)) == ["hr:leave"]
    assert list(DokuWiki(settings(server, "dokuwiki", namespaces=("it",)), "").list_changed(SINCE)) == []
    assert wiki.readable(["hr:leave", "start", ""], Caller("alice")) == {"hr:leave", "start"}
    assert wiki.readable(["hr:leave"], Caller("bob")) == frozenset()
    assert wiki.readable(["hr:leave"], Caller("carol")) == frozenset()
    server.asked.clear()
    assert wiki.readable(["hr:leave"], Caller()) == {"hr:leave"}  # asked without an account
    assert all("authorization" not in asked.headers for asked in server.asked)
    assert DokuWiki(settings(server, "dokuwiki"), "").readable(["hr:leave"], Caller("alice")) == frozenset()


def test_dokuwiki_without_changes_and_with_a_wrong_password(server: FakeWiki) -> None:
    server.answer = xml_rpc
    wiki = DokuWiki(settings(server, "dokuwiki", user="quoth", password_env="DESK"), "wrong")
    assert wiki.list_changed(datetime(2030, 1, 1, tzinfo=UTC)) == {}
    with pytest.raises(
        WikiError, match=r"refuses the account 'quoth' \(not signed in\)\. Check it, and the variable DESK"
    ):
        wiki.list_pages()


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            fault(-32605, "XML-RPC server not enabled."),
            "says 'XML-RPC server not enabled.' (-32605). Give the address of",
        ),
        (
            (200, b"<html>Welcome</html>"),
            "does not answer as expected at {url}/lib/exe/xmlrpc.php. Give the address of",
        ),
        ((200, xml([{"id": "x"}])), "lists its pages in a form that is not known."),
        ((404, b""), "has nothing at {url}/lib/exe/xmlrpc.php (404). Give the address of its doku.php"),
        ((403, b""), "lets nobody in unnamed (403)."),
    ],
)
def test_what_is_wrong_with_a_dokuwiki_is_one_sentence(server: FakeWiki, reply: Reply, message: str) -> None:
    server.answer = lambda asked: reply
    wiki = DokuWiki(settings(server, "dokuwiki"), "")
    with pytest.raises(WikiError) as raised:
        wiki.list_pages()
    assert message.format(url=server.url) in str(raised.value)


def test_dokuwikis_rights_after_a_failure_are_none(server: FakeWiki) -> None:
    def failing(asked: Asked) -> Reply:
        if b"wiki.aclCheck" in asked.body and b"hr:leave" in asked.body:
            return 500, b""
        return xml_rpc(asked)

    server.answer = failing
    wiki = DokuWiki(settings(server, "dokuwiki", user="quoth", password_env="DESK"), "right")
    assert "hr:leave" not in wiki.readable(["a", "hr:leave", *(f"z{n}" for n in range(50))], Caller("alice"))
    assert len([asked for asked in server.asked if b"aclCheck" in asked.body]) < 10


# --- BookStack, as its manual writes answers


def book_page(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "book_id": 1, "book_slug": "staff", "chapter_id": 0, "name": f"Page {number}",
        "slug": f"page-{number}", "priority": 1, "draft": False, "template": False, "revision_count": 3,
        "created_at": "2026-01-01T00:00:00.000000Z", "updated_at": "2026-11-24T08:00:00.000000Z", **more,
    }  # fmt: skip


def bookstack(asked: Asked) -> Reply:
    if asked.headers.get("authorization") != "Token id:secret" and asked.headers.get("cookie") != "s=alice":
        return 401, {"error": {"code": 401, "message": "No authorization token found on the request"}}
    if asked.path == "/api/pages":
        pages = [book_page(1), book_page(2, draft=True), book_page(3, book_slug="it", book_id=2), book_page(4)]
        pages = pages[:1] if "cookie" in asked.headers else pages
        at = int(asked.values["offset"])
        return 200, {"data": pages[at : at + 3], "total": len(pages)}
    if asked.path == "/api/pages/1":
        return 200, {**book_page(1), "html": '<p id="bkmrk-thirty">Thirty days.</p>', "raw_html": ""}
    return 404, {"error": {"code": 404, "message": "Entity not found"}}


def test_bookstack(server: FakeWiki) -> None:
    server.answer = bookstack
    wiki = BookStack(settings(server, "bookstack", user="id", password_env="BOOKS"), "secret")
    assert wiki.list_pages() == {
        number: ListedPage(number, f"Page {number}", "3:2026-11-24T08:00:00.000000Z", "2026-11-24") for number in "134"
    }
    assert list(BookStack(settings(server, "bookstack", user="id", password_env="B", namespaces=("it",)), "secret")
                .list_pages()) == ["3"]  # fmt: skip
    assert list(wiki.list_changed(SINCE)) == ["1", "3", "4"]
    assert server.asked[-1].values["filter[updated_at:gte]"] == "2026-11-24 10:00:00"
    assert wiki.fetch(ListedPage("1", "Page 1", "v", "2026-11-24")) == Page(
        "1", "Page 1", '<p id="bkmrk-thirty">Thirty days.</p>', f"{server.url}/link/1", "3", "2026-11-24",
        "bkmrk-page-title",
    )  # fmt: skip
    assert wiki.fetch(ListedPage("9", "Gone", "v")) is None
    assert wiki.readable(["1", "3"], Caller("alice", "s=alice")) == {"1"}
    assert wiki.readable(["1", "3"], Caller("bob", "s=bob")) == wiki.readable(["1"], Caller("alice")) == frozenset()
    with pytest.raises(WikiError, match=r"refuses the account 'id' \(401\)"):
        BookStack(settings(server, "bookstack", user="id", password_env="B"), "wrong").list_pages()


def test_a_bookstack_that_changes_while_it_is_listed(server: FakeWiki) -> None:
    totals = iter([4, 3])
    server.answer = lambda asked: (200, {"data": [book_page(1 + int(asked.values["offset"]))], "total": next(totals)})
    with pytest.raises(WikiError, match="changed while its pages were listed"):
        BookStack(settings(server, "bookstack"), "").list_pages()


# --- Confluence, as its manual writes answers


def content(number: int) -> dict[str, Any]:
    return {
        "id": str(number), "type": "page", "status": "current", "title": f"Page {number}",
        "version": {"number": 7, "when": "2026-11-24T08:00:00.000Z"}, "_links": {"webui": f"/spaces/HR/pages/{number}"},
    }  # fmt: skip


def confluence(asked: Asked) -> Reply:
    base = "/wiki/rest/api/content"
    if asked.path == f"{base}/1/permission/check":
        return 200, {"errors": [], "hasPermission": asked.json["subject"]["identifier"] == "alice"}
    if asked.path in (base, f"{base}/search"):
        if "cursor" not in asked.values:
            return 200, {"results": [content(1)], "_links": {"next": "/rest/api/content?cursor=2", "context": "/wiki"}}
        return 200, {"results": [content(2)], "_links": {}}
    if asked.path == f"{base}/1" and asked.headers.get("cookie", "s=alice") == "s=alice":
        return 200, {**content(1), "body": {"view": {"value": "<p>Thirty days.</p>", "representation": "view"}}}
    return 404, {"statusCode": 404, "message": "No content found with id : ContentId{id=9}"}


def test_confluence(server: FakeWiki) -> None:
    server.answer = confluence
    named = settings(server, "confluence", user="me@team.test", password_env="TEAM").model_copy(
        update={"address": f"{server.url}/wiki", "namespaces": ("HR",)}
    )
    wiki = Confluence(named, "token")
    listed = {number: ListedPage(number, f"Page {number}", "7", "2026-11-24") for number in "12"}
    assert wiki.list_pages() == listed
    assert [asked.values.get("spaceKey") for asked in server.asked] == ["HR", None]
    assert wiki.list_changed(SINCE) == listed
    assert server.asked[-2].values["cql"] == 'type=page and lastmodified >= "2026/11/24" and space in ("HR")'
    assert wiki.fetch(listed["1"]) == Page(
        "1", "Page 1", "<p>Thirty days.</p>", f"{server.url}/wiki/pages/viewpage.action?pageId=1", "7", "2026-11-24",
        "title-text",
    )  # fmt: skip
    assert wiki.fetch(ListedPage("9", "Gone", "v")) is None
    assert wiki.readable(["1", "9", "x"], Caller("alice")) == {"1"}
    assert wiki.readable(["1"], Caller("bob")) == wiki.readable(["1"], Caller()) == frozenset()
    assert wiki.readable(["1", "9"], Caller("alice", "s=alice")) == {"1"}
    assert wiki.readable(["1", "9"], Caller("alice", "s=bob")) == frozenset()
    assert {asked.headers.get("authorization", "")[:5] for asked in server.asked if "cookie" in asked.headers} == {""}


@pytest.mark.parametrize("leads", ["http://evil.test/rest/api/content", "//evil.test/rest/", "/admin", "@evil.test/"])
def test_confluences_next_page_is_its_own(server: FakeWiki, leads: str) -> None:
    server.answer = lambda asked: (200, {"results": [content(1)], "_links": {"next": leads}})
    with pytest.raises(WikiError, match="which is not part of it"):
        Confluence(settings(server, "confluence"), "").list_pages()
    assert len(server.asked) == 1


def test_a_page_edited_just_now_is_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.sync.dokuwiki.time.time", lambda: 1000.5)
    assert [version_of(edited) for edited in (900, 998, 999, 1000)] == ["900", "998", "999?", "1000?"]
