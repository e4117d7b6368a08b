"""The command line: results on standard output, one sentence and exit code 2 for bad input."""

import json
from pathlib import Path

import pytest

from assistant import cli
from tests.conftest import ARTICLE, HashEncoder

TROOPS = "How many troops and police will the UN peacekeeping mission have?"


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the article's index is made once for all tests: its first questions take some dozens of readings."""
    return tmp_path_factory.mktemp("index")


@pytest.fixture(autouse=True)
def _hash_encoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, index_dir: Path) -> None:
    (tmp_path / ".quoth").symlink_to(index_dir)
    monkeypatch.setattr(cli, "load_encoder", lambda name: HashEncoder())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("Q", raising=False)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    try:
        code = cli.main([str(argument) for argument in arguments])
    except SystemExit as stopped:  # argparse
        code = int(stopped.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_ask_in_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "ask", TROOPS, "--source", ARTICLE)
    assert code == 0
    assert "11,200 troops and 1,440 police." in out
    assert "Uncertainty Amid Troop Drawdown, paragraph 4" in out
    assert "[4] Flavia Krause-Jackson, “UN Security Council Approves" in out
    assert "\x1b" not in out
    code, out, err = run(capsys, "ask", TROOPS, "--source", ARTICLE, "--json", "--history", "Who?", "What?")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert (answer["evidence"][0]["start"], answer["standalone_question"], answer["read_with"]) == (3076, TROOPS, [])
    assert "trace" not in answer


def test_the_question_may_come_through_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("Q", 'What did `al-Qa"ida` do for $5?')
    _, out, _ = run(capsys, "ask", "--source", ARTICLE, "--json")
    assert json.loads(out)["question"] == 'What did `al-Qa"ida` do for $5?'
    monkeypatch.delenv("Q")
    assert run(capsys, "ask", "--source", ARTICLE)[0] == 2


def test_threshold_1_abstains(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "ask", "Why did the French come?", "--source", ARTICLE, "--threshold", "1")
    assert out.startswith("The document does not seem to say.")


def test_batch_answers_in_order_and_goes_on_after_a_bad_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = [json.dumps({"id": "a", "question": TROOPS}), "{", '{"id": 7}', "[]", json.dumps({"id": 9, "question": ""}),
             json.dumps({"id": None, "question": "And police?", "history": [{"question": TROOPS}]}),
             json.dumps({"id": 10, "question": "And how many police?",
                         "history": [{"question": "How many?", "standalone": "How many troops will the UN send?"}]}),
             json.dumps({"id": 11, "question": "Who?", "history": [{"question": "How many?", "start": "3"}]})]  # fmt: skip
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n\n")
    code, out, _ = run(capsys, "batch", "in.jsonl", "-o", "out.jsonl", "--source", ARTICLE)
    assert (code, out) == (0, "")
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [answer["id"] for answer in answers] == ["a", None, 7, None, 9, None, 10, 11]
    assert answers[0]["evidence"][0]["start"] == 3076
    assert answers[1]["error"].startswith("Line 2 is not JSON")
    assert answers[2]["error"] == 'Line 3 has no "question".'
    assert answers[4]["error"] == "The question is empty. Ask something about the document."
    assert (answers[5]["standalone_question"], answers[5]["read_with"]) == ("And police?", [TROOPS])
    assert answers[6]["read_with"] == ["How many troops will the UN send?"]
    assert answers[7]["error"] == "A history's start is a whole number or null, not '3'."


def test_chat_remembers_what_was_asked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([TROOPS, "x" * 3000, "And when?", "alone", ""])
    monkeypatch.setattr(cli, "read_line", lambda: next(typed))
    code, out, err = run(capsys, "chat", "--source", ARTICLE)
    assert code == 0
    assert out.replace("\n", " ").count(f"Read together with: “{TROOPS}”") == 1  # "alone" asks again without it
    assert "“alone” asks the last question again by itself" in err
    assert "has 3,000 characters" in err


def test_document_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "document", "--json", "--source", ARTICLE)
    assert (code, err) == (0, "")
    (document,) = json.loads(out)["documents"]
    assert document["id"] == "stabilizing-mali"
    assert [section["heading"] for section in document["sections"]][1] == "Uncertainty Amid Troop Drawdown"
    note = document["footnotes"][26]
    assert (note["number"], note["text"], note["via"]) == (27, "Ibid.", [26])
    assert [source["number"] for source in note["sources"]] == [3]
    text = ARTICLE.read_text(encoding="utf-8")
    assert text[note["anchors"][0]["start"] : note["anchors"][0]["end"]] == "[27]"
    assert document["byline"]["text"].startswith("Dr. Anouar Boukhars")
    assert [line["text"] for line in document["boilerplate"]][-1] == "Sign up"
    assert document["odd"] == []
    assert run(capsys, "document", "--source", ARTICLE)[1].startswith("Stabilizing Mali (stabilizing-mali)")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", "Who?", "--source", "nowhere"], "No such file or folder: nowhere"),
        (["ask", "Who?", "--source", "."], "holds no documents (.txt, .text, .md"),
        (["ask", "", "--source", ARTICLE], "The question is empty"),
        (["ask", "x" * 5000, "--source", ARTICLE], "has 5,000 characters"),
        (
            ["ask", "Who?", "--source", ARTICLE, "--threshold", "2"],
            "--threshold cannot be '2': input should be less than or equal to 1.",
        ),
        (["ask", "Who?", "--source", ARTICLE, "--index-dir", "/dev/null"], "/dev/null"),
        (["batch", "nowhere.jsonl", "--source", ARTICLE], "nowhere.jsonl cannot be read"),
        (["serve", "--port", "99999"], "--port cannot be '99999'"),
        (["document", "--source", "nowhere"], "No such file or folder: nowhere"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[object], message: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_wrapped_lines_of_any_kind_are_shown_as_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "crlf.txt").write_bytes(b"Rain fell in the\r\nmonth of May and it\r\nwas cold.\r\n")
    _, out, _ = run(capsys, "ask", "When did rain fall?", "--source", "crlf.txt")
    assert out.startswith("Rain fell in the\nmonth of May and it\nwas cold.\n")


def test_terminal_codes_in_a_document_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "evil.txt").write_text("Rain \x1b[31mfell\x07 in May.")
    _, out, _ = run(capsys, "ask", "When did rain fall?", "--source", "evil.txt")
    assert out.startswith("Rain \N{REPLACEMENT CHARACTER}[31mfell\N{REPLACEMENT CHARACTER} in May.")


def test_every_command_takes_its_options_from_the_environment_and_a_file_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QUOTH_SOURCE", str(ARTICLE))
    monkeypatch.setenv("QUOTH_HOST", "0.0.0.0")  # serve's, and refused there without --auth
    assert run(capsys, "document")[1].startswith("Stabilizing Mali (stabilizing-mali)")
    (tmp_path / "quoth.toml").write_text("threshold = 1\n")
    asked = ["ask", "Why did the French come?", "--config", "quoth.toml"]
    assert run(capsys, *asked)[1].startswith("The document does not seem to say.")
    assert json.loads(run(capsys, *asked, "--threshold", "0", "--json")[1])["answered"] is True
    monkeypatch.setenv("QUOTH_SOURCES", "x")
    code, _, err = run(capsys, "document")
    assert (code, err.startswith("quoth: The environment has QUOTH_SOURCES, which is no setting.")) == (2, True)
