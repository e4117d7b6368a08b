"""Agents: the official SDK's client over HTTP and over stdio, and the openai package, against the real server."""

import json
import os
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import httpx2
import openai
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from assistant import Assistant
from assistant.bibliography import reply_markdown, short_answer_in
from assistant.cli import main
from assistant.server.tokens import TokenFile
from tests.conftest import HashEncoder
from tests.serving import QUESTION, client, logged, run_apart, serving
from tests.test_rights import GROUPS, library

RAIN = "Rain fell in Belovo on May 2, 1901.[1] The old dam broke.\n\nNotes\n\n[1] Ann Roe, “Rain,” Press, 2001.\n"
SENT = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
CHAT = {"model": "quoth", "messages": [{"role": "user", "content": QUESTION}]}
Use = Callable[[Client], Awaitable[Any]]


def call(address: str, use: Use, **headers: str) -> Any:
    """What some calls to the tools of a server give."""

    async def calling() -> Any:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(f"{address}/mcp", http_client=http)) as tools,
        ):
            return await use(tools)

    return run_apart(calling())


def post(address: str, path: str, body: object, **headers: str) -> tuple[int, Any]:
    """Status and JSON of what is posted."""
    request = urllib.request.Request(f"{address}{path}", json.dumps(body).encode(), {**SENT, **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.loads(response.read())
    except HTTPError as error:
        return error.code, json.loads(error.read())


def chat(address: str, key: str = "none") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)


def said(answer: Any) -> dict[str, Any]:
    """An answer's JSON without its times."""
    return {name: value for name, value in answer.items() if name != "timings_ms"}


@pytest.fixture(scope="module")
def address(quoth: Assistant) -> Iterator[str]:
    with serving(quoth, quota="", quota_address="") as address:
        yield address


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, str]:
    """A file of tokens, and the one that it holds."""
    file = tmp_path / "tokens.json"
    return file, TokenFile(file).add("agent", False, None, datetime.now(UTC))


# MCP


def test_the_tools_are_marked_read_only_and_say_what_they_give(address: str) -> None:
    async def use(tools: Client) -> Any:
        return (await tools.list_tools()).tools

    listed = call(address, use)
    assert [tool.name for tool in listed] == ["ask", "search", "read"]
    for tool in listed:
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)
    given = {tool.name: set(tool.output_schema["properties"]) for tool in listed}
    assert given["ask"] >= {"answer", "evidence", "abstention"}
    assert given["search"] == {"query", "passages"}
    assert given["read"] == {"document", "characters", "start", "end", "text", "notes"}


def test_what_an_agent_asks_is_the_answer_that_every_surface_gives(address: str, quoth: Assistant) -> None:
    async def use(tools: Client) -> Any:
        return await tools.call_tool("ask", {"question": "And how many police?", "history": [QUESTION]})

    given = call(address, use)
    wanted = json.loads(quoth.ask("And how many police?", [QUESTION]).to_json())
    assert said(given.structured_content) == said(wanted)
    assert json.loads(given.content[0].text) == given.structured_content


def test_search_and_read_give_the_documents_words_with_notes_and_sources(address: str, quoth: Assistant) -> None:
    text = quoth.index.documents["stabilizing-mali"].text

    async def use(tools: Client) -> Any:
        hits = await tools.call_tool("search", {"query": "skills of the Chadian army", "count": 3})
        read = await tools.call_tool("read", {"document": "stabilizing-mali", "start": 6417, "end": 6570})
        return hits.structured_content, read.structured_content

    found, read = call(address, use)
    assert [passage["rank"] for passage in found["passages"]] == [1, 2, 3]
    for passage in found["passages"]:
        assert text[passage["start"] : passage["end"]] == passage["text"]
    assert read["text"] == text[6417:6570]
    assert read["characters"] == len(text)
    [note] = [passage for passage in read["notes"] if passage["note"]["number"] == 15]
    assert note["note"]["text"] == "Ibid."
    assert [work["number"] for work in note["note"]["sources"]] == [14]
    assert [text[at : at + 4] for at in note["marked_at"]] == ["[15]"]


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("ask", {"question": " "}, "The question is empty. Ask something about the document."),
        ("ask", {}, "question: field required."),
        ("ask", {"question": "x", "collection": "no"}, "There is no collection 'no'. The documents are in no folders."),
        ("read", {"document": "no"}, "There is no such document. GET /api/documents lists those there are."),
        (
            "read",
            {"document": "stabilizing-mali", "start": 9, "end": 9},
            "stabilizing-mali has no characters from 9 to",
        ),
        ("search", {"query": "x", "count": 99}, "count: input should be less than or equal to 20."),
    ],
)
def test_what_is_wrong_is_the_sentence_that_every_surface_says(
    address: str, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    async def use(tools: Client) -> Any:
        return await tools.call_tool(tool, arguments)

    given = call(address, use)
    assert given.is_error
    assert given.content[0].text.startswith(sentence)


def test_what_breaks_in_a_tool_is_told_to_the_log_alone(quoth: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(tools: Client) -> Any:
        return await tools.call_tool("ask", {"question": QUESTION})

    with logged() as log, serving(quoth) as address:
        monkeypatch.setattr(Assistant, "ask", lambda *given: 1 / 0)
        told = call(address, use)
        assert told.is_error
        assert told.content[0].text == "The server failed at this. Its log says more, under the request's id."
        assert "ZeroDivisionError" in log.last(event="error")["traceback"]


def test_a_quota_counts_what_agents_ask_and_not_that_they_listen(quoth: Assistant) -> None:
    async def use(tools: Client) -> Any:
        for _ in range(5):
            await tools.list_tools()
        first = await tools.call_tool("ask", {"question": QUESTION})
        read = await tools.call_tool("read", {"document": "stabilizing-mali", "end": 5})
        return first, read, await tools.call_tool("search", {"query": QUESTION})

    with logged() as log, serving(quoth, quota="1/hour", quota_message="Enough.") as address:
        first, read, second = call(address, use)
        assert (first.is_error, read.is_error, second.is_error) == (False, False, True)
        assert second.content[0].text == "Enough."
        assert log.last(path="/mcp", refused="quota")["status"] == 200
        with pytest.raises(openai.RateLimitError, match="Enough"):  # one quota for all ways to ask
            chat(address).chat.completions.create(**CHAT)


@pytest.mark.parametrize(("path", "body"), [("/mcp", LIST), ("/v1/chat/completions", CHAT)])
def test_tokens_hosts_and_origins_are_looked_at_as_everywhere(
    quoth: Assistant, key: tuple[Path, str], path: str, body: object
) -> None:
    file, token = key
    with serving(quoth, auth=True, tokens=str(file), allow_origin=["https://wiki.test"]) as address:
        known = {"Authorization": f"Bearer {token}"}
        assert post(address, path, body, **known)[0] == 200
        assert post(address, path, body)[0] == 401
        assert post(address, path, body, Authorization="Bearer quoth_wrong")[0] == 401
        assert post(address, path, body, **known, Host="evil.test")[0] == 400
        assert post(address, path, body, **known, Origin="https://evil.test")[0] == 403
        assert post(address, path, body, **known, Origin="https://wiki.test")[0] == 403


def test_an_embeds_token_is_not_for_agents(quoth: Assistant, tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "tokens.json")
    site = tokens.add("wiki", True, None, datetime.now(UTC))
    asking = client(quoth, auth=True, tokens=str(tokens.path))
    response = asking.post(
        "/api/embed-token", json={"origin": "http://localhost:7860"}, headers={"Authorization": f"Bearer {site}"}
    )
    shown = {"Authorization": f"Bearer {response.json()['token']}"}
    assert asking.post("/mcp", json=LIST, headers=shown).status_code == 403
    assert asking.get("/v1/models", headers=shown).json()["error"]["code"] == "forbidden"


def test_nothing_is_held_open(address: str) -> None:
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{address}/mcp", headers=SENT), timeout=10)
    assert (refused.value.code, refused.value.headers["Allow"]) == (405, "POST")
    refused.value.close()


@pytest.mark.model
def test_an_agent_on_this_machine_asks_over_stdio(tmp_path: Path) -> None:
    (tmp_path / "rain.txt").write_text(RAIN, encoding="utf-8")
    options = ["--source", str(tmp_path / "rain.txt"), "--index-dir", str(tmp_path / "index")]
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "assistant", "mcp", *options], env=dict(os.environ)
    )

    async def use() -> Any:
        async with Client(stdio_client(server)) as tools:
            asked = await tools.call_tool("ask", {"question": "When did rain fall in Belovo?"})
            return asked, await tools.call_tool("read", {"document": "snow"})

    asked, read = run_apart(use())
    [first, *_] = asked.structured_content["evidence"]
    assert first["quote"] == "Rain fell in Belovo on May 2, 1901."
    assert first["footnotes"][0]["sources"][0]["text"] == "Ann Roe, “Rain,” Press, 2001."
    assert read.is_error


def test_without_the_extra_mcp_is_told_and_the_server_does_without(
    quoth: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("assistant.server.app", "assistant.server.command"):
        monkeypatch.setattr(f"{module}.find_spec", lambda name: None)
    assert main(["mcp"]) == 2
    assert "Install Quoth with its extra: pip install 'quoth[agents]'." in capsys.readouterr().err
    assert client(quoth).post("/mcp", json=LIST).status_code == 404


# OpenAI's form


def test_the_openai_client_gets_the_quotation_and_the_whole_answer(address: str, quoth: Assistant) -> None:
    completion = chat(address).chat.completions.create(**CHAT)
    answer = quoth.ask(QUESTION)
    [choice] = completion.choices
    assert choice.message.content == reply_markdown(answer, quoth.index.documents)
    assert choice.message.content.startswith("> The French are anxious to bring major combat operations to an end")
    assert "\n\n\\[4\\] Flavia Krause-Jackson" in choice.message.content
    assert (choice.finish_reason, completion.model) == ("stop", "quoth")
    assert said(completion.model_extra["quoth"]) == said(json.loads(answer.to_json()))


def test_a_stream_is_the_same_in_chunks(address: str, quoth: Assistant) -> None:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(chat(address).chat.completions.create(**CHAT, **options))
    words = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert words == reply_markdown(quoth.ask(QUESTION), quoth.index.documents)
    *_, last, usage = chunks
    assert last.choices[0].finish_reason == "stop"
    assert last.model_extra["quoth"]["answered"]
    assert usage.usage.total_tokens == 0
    request = urllib.request.Request(
        f"{address}/v1/chat/completions", json.dumps({**CHAT, "stream": True}).encode(), SENT
    )
    with urllib.request.urlopen(request, timeout=30) as raw:
        assert raw.headers["Content-Type"].startswith("text/event-stream")
        assert raw.read().endswith(b"\n\ndata: [DONE]\n\n")


def test_a_conversation_is_read_from_the_messages(address: str, quoth: Assistant) -> None:
    first = chat(address).chat.completions.create(**CHAT).choices[0].message.content
    completion = chat(address).chat.completions.create(
        model="quoth",
        temperature=0.2,
        messages=[
            {"role": "system", "content": "Answer as a pirate."},
            {"role": "user", "content": "x" * 3000},
            {"role": "assistant", "content": "That was too long."},
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": first},
            {"role": "user", "content": [{"type": "text", "text": "And how many police?"}]},
        ],
    )
    wanted = quoth.ask("And how many police?", [{"question": QUESTION, "answer": quoth.ask(QUESTION).answer}])
    assert completion.model_extra["quoth"]["read_with"] == [QUESTION]
    assert said(completion.model_extra["quoth"]) == said(json.loads(wanted.to_json()))
    assert completion.choices[0].message.content.startswith(f"*Read together with: “{QUESTION}”*\n\n> ")


def test_short_answers_are_read_back_out_of_a_reply(ask_text) -> None:  # type: ignore[no-untyped-def]
    quoth = ask_text("The *rain* [sic] fell in May.", threshold=0)
    answer = quoth.ask("When did the rain fall?")
    assert short_answer_in(reply_markdown(answer, quoth.index.documents)) == answer.answer
    assert short_answer_in(r"> It \*rained\* **in \*May\***, twice.") == "in *May*"
    assert short_answer_in("The document does not seem to say.") is None


def test_an_abstention_is_its_message(ask_text) -> None:  # type: ignore[no-untyped-def]
    quoth = ask_text("Rain fell on Monday. Snow fell on Tuesday.", threshold=0.99)
    response = client(quoth).post(
        "/v1/chat/completions", json={"messages": [{"role": "user", "content": "Who is Anna?"}]}
    )
    body = response.json()
    assert body["choices"][0]["message"]["content"] == body["quoth"]["abstention"]["message"]


def test_models_are_the_collections(tmp_path: Path, quoth: Assistant) -> None:
    models = client(quoth).get("/v1/models").json()
    assert models == {"object": "list", "data": [{"id": "quoth", "object": "model", "created": 0, "owned_by": "quoth"}]}


def test_problems_are_in_openais_form(address: str) -> None:
    asking = chat(address)
    with pytest.raises(openai.NotFoundError) as unknown:
        asking.chat.completions.create(**{**CHAT, "model": "gpt-5"})
    assert unknown.value.body == {
        "message": "There is no such model. GET /v1/models lists those there are.",
        "type": "invalid_request_error",
        "param": None,
        "code": "model_not_found",
    }
    with pytest.raises(openai.BadRequestError, match="The question is empty"):
        asking.chat.completions.create(model="quoth", messages=[{"role": "user", "content": ""}], stream=True)
    with pytest.raises(openai.UnprocessableEntityError, match="the last one has to be the user's"):
        asking.chat.completions.create(model="quoth", messages=[{"role": "assistant", "content": "No."}])
    with pytest.raises(openai.NotFoundError):
        asking.embeddings.create(model="quoth", input="x")


def test_a_wrong_key_is_the_clients_own_error(quoth: Assistant, key: tuple[Path, str]) -> None:
    file, token = key
    with serving(quoth, auth=True, tokens=str(file)) as address:
        assert [model.id for model in chat(address, token).models.list()] == ["quoth"]
        with pytest.raises(openai.AuthenticationError) as refused:
            chat(address, "quoth_wrong").models.list()
        assert refused.value.code == "invalid_api_key"


def test_what_a_caller_may_not_read_is_in_neither(encoder: HashEncoder, tmp_path: Path) -> None:
    quoth = library(encoder)
    tokens = TokenFile(tmp_path / "tokens.json")
    keys = [
        tokens.add(name, False, None, datetime.now(UTC), groups)
        for name, groups in (("guest", ()), ("head", ("directors",)))
    ]

    async def use(tools: Client) -> Any:
        calls = [("search", {"query": "Zanzibarium mine", "count": 20}), ("ask", {"question": "What was sold in May?"})]
        calls += [("read", {"document": "board:plans"}), ("ask", {"question": "x", "collection": "board"})]
        return [str(await tools.call_tool(tool, arguments)) for tool, arguments in calls]

    with serving(quoth, auth=True, groups=GROUPS, tokens=str(tokens.path)) as address:
        guest, head = (call(address, use, Authorization=f"Bearer {key}") for key in keys)
        assert all("Quoxville" in given for given in head[:3])
        assert not any(word in given for given in guest for word in ("Quoxville", "owner had died", "Mining"))
        assert "There is no such document" in guest[2]
        assert [[model.id for model in chat(address, key).models.list()] for key in keys] == [
            ["quoth"],
            ["quoth", "quoth/board"],
        ]
        with pytest.raises(openai.NotFoundError, match="There is no such model"):
            chat(address, keys[0]).chat.completions.create(**{**CHAT, "model": "quoth/board"})
        asked = {"model": "quoth", "messages": [{"role": "user", "content": "What was sold in May?"}]}
        assert "Quoxville" in chat(address, keys[1]).chat.completions.create(**asked).model_dump_json()
        assert "Quoxville" not in chat(address, keys[0]).chat.completions.create(**asked).model_dump_json()
