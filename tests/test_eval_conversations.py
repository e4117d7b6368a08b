"""Ways of understanding follow-ups: reading conversations, documents made of their passages, asking, judging."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Config
from assistant.reader.load import SIMPLE_READER
from eval import __main__ as cli
from eval.conversations import ALONE, ALONG, SERVED, STANDALONE, judge, measure_conversations, score, ways
from eval.gold import GoldError
from eval.metrics.statistics import mcnemar
from eval.turns import AskedTurn, TurnsDocument, make_documents, read_turns
from index.dense import Encoder

PASSAGES = {
    "dam": "The dam at Belovo broke in March. It was built of clay by the council.",
    "boats": "The council has 35 boats. Each boat carries six inspectors.",
    "bridge": "The bridge at Pernik is made of steel. It carries the railway.",
}


def said(*questions: str) -> list[dict[str, str]]:
    turns = [{"speaker": "user", "text": question} for question in questions]
    return [turn for user in turns for turn in (user, {"speaker": "agent", "text": "Yes."})][:-1]


def task(identity: str, answerable: str, relevant: Sequence[str], *questions: str) -> dict[str, Any]:
    return {
        "task_id": identity, "Collection": "ibmcloud", "answerability": [answerable], "input": said(*questions),
        "contexts": [{"document_id": passage, "text": f"\n{PASSAGES[passage]}"} for passage in relevant],
    }  # fmt: skip


TASKS = (
    task("a<::>2", "ANSWERABLE", ["dam"], "Which dam broke?", "Who built it?"),
    task("b<::>2", "UNANSWERABLE", [], "Which dam broke?", "Who paid for it?"),
    task("c<::>1", "UNDERSPECIFIED", ["dam"], "Which one?"),
    task("d<::>2", "ANSWERABLE", ["dam"], "Which dam broke?", "x" * 2001),
)
OLDER = {
    "e<::>1": (["How many boats are there?"], "How many boats does the council have?", "boats"),
    "e<::>2": (["How many boats are there?", "Who rides in each?"], "Who rides in each boat?", "boats"),
    "e<::>3": (["How many boats are there?", "Why?"], "Why are there boats?", "elsewhere"),
    "f<::>2": (["What is at Pernik?", "And what is it made of?"], "What is the bridge made of?", "bridge"),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    write("mtragun-human/generation_tasks/reference.jsonl", "\n".join(map(json.dumps, TASKS)))
    documents = [{"document_id": name, "text": PASSAGES[name]} for name in ("boats", "bridge")]
    judged = "mtrag-human/evaluations/reference_subset_with_human_evaluations.json"
    write(judged, json.dumps({"documents": documents, "tasks": []}))
    for domain in ("clapnq", "cloud", "fiqa", "govt"):
        rows = OLDER if domain == "clapnq" else {}
        base = f"mtrag-human/retrieval_tasks/{domain}"
        asked = {key: "\n".join(f"|user|: {one}" for one in questions) for key, (questions, _, _) in rows.items()}
        write(
            f"{base}/{domain}_questions.jsonl", "\n".join(json.dumps({"_id": k, "text": v}) for k, v in asked.items())
        )
        alone = [json.dumps({"_id": key, "text": f"|user|: {form}"}) for key, (_, form, _) in rows.items()]
        write(f"{base}/{domain}_rewrite.jsonl", "\n".join(alone))
        relevant = [f"{key}\t{passage}\t1" for key, (_, _, passage) in rows.items()]
        judged_not_relevant = ["e<::>1\tbridge\t0"] if rows else []
        write(f"{base}/qrels/dev.tsv", "\n".join(["query-id\tcorpus-id\tscore", *relevant, *judged_not_relevant]))
    return tmp_path


def test_the_turns_whose_passages_are_at_hand_are_read(repository: Path) -> None:
    passages, turns = read_turns(repository)
    assert passages == PASSAGES
    assert turns == [
        AskedTurn("a<::>2", "cloud", ("Which dam broke?",), "Who built it?", None, ("dam",)),
        AskedTurn("b<::>2", "cloud", ("Which dam broke?",), "Who paid for it?", None, ()),
        AskedTurn("e<::>1", "clapnq", (), "How many boats are there?", "How many boats does the council have?", ("boats",)),
        AskedTurn("e<::>2", "clapnq", ("How many boats are there?",), "Who rides in each?", "Who rides in each boat?", ("boats",)),
        AskedTurn("f<::>2", "clapnq", ("What is at Pernik?",), "And what is it made of?", "What is the bridge made of?", ("bridge",)),
    ]  # fmt: skip


def test_a_folder_that_is_no_copy_is_told(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match="is not a copy of the mtRAG repository"):
        read_turns(tmp_path)


def test_documents_are_made_of_one_domain_s_conversations(repository: Path) -> None:
    passages, turns = read_turns(repository)
    clapnq, cloud = make_documents(passages, turns)
    assert clapnq.text == f"{PASSAGES['boats']}\n\n{PASSAGES['bridge']}\n\n"
    assert {name: clapnq.text[slice(*place)] for name, place in clapnq.places.items()} == {
        name: PASSAGES[name] for name in ("boats", "bridge")
    }
    assert [turn.id for turn in clapnq.turns] == ["e<::>1", "e<::>2", "f<::>2"]
    assert [turn.id for turn in cloud.turns] == ["a<::>2", "b<::>2"]


def test_a_turn_is_asked_in_the_ways_it_has(repository: Path) -> None:
    _, (newer, _, first, later, _) = read_turns(repository)
    assert list(ways(first)) == [ALONE, STANDALONE]
    assert set(ways(later)) - set(ways(newer)) == {STANDALONE}
    assert list(ways(later)) == [ALONG, SERVED, ALONE, STANDALONE]


def test_every_way_is_asked_and_scored(repository: Path, encoder: Encoder, tmp_path: Path) -> None:
    passages, turns = read_turns(repository)
    config = Config(reader=SIMPLE_READER)
    documents = make_documents(passages, turns)
    figures = measure_conversations(documents, passages, config, encoder, tmp_path / "out", lambda done, total: None)
    later = figures["later turns"]
    assert later["n"] == 3
    assert set(later["ways"]) == {ALONG, ALONE, SERVED}
    assert later["ways"][ALONG]["three"]["mean"] == 1
    assert figures["later turns that cannot be answered"]["n"] == 1
    lines = (tmp_path / "out" / "conversations-answers.jsonl").read_text(encoding="utf-8").splitlines()
    answers = {tuple(line["key"]): line["value"] for line in map(json.loads, lines[1:])}
    assert answers["a<::>2", SERVED]["read_along"] is True


def test_a_quotation_is_right_by_its_place_or_its_words() -> None:
    turn = AskedTurn("t<::>2", "govt", ("Who?",), "Where?", None, ("a",))
    passages = {"a": "Rain fell. Snow fell.", "b": "Snow fell. Hail fell."}
    document = TurnsDocument(
        "Rain fell. Snow fell.\n\nSnow fell. Hail fell.\n\n", {"a": (0, 21), "b": (23, 44)}, (turn,)
    )

    class Quotation:
        def __init__(self, quote: str, start: int) -> None:
            self.quote, self.start, self.end = quote, start, start + len(quote)

    class Answered:
        confidence, read_with = 0.5, ()
        evidence = (Quotation("Hail fell.", 34), Quotation("Snow fell.", 23), Quotation("Rain fell.", 0))

    assert judge(turn, document, Answered(), passages)["right"] == [False, True, True]  # type: ignore[arg-type]


def test_figures_are_paired_over_turns() -> None:
    turns = [AskedTurn(f"t{n}<::>2", "govt", ("Who?",), "Where?", None, ("a",)) for n in range(3)]
    rows = {ALONG: [[True], [False, True], []], ALONE: [[False], [False], [False]]}
    judged = {
        (turn.id, way): {"confidence": 0.2 * (n + 1), "right": right}
        for way, rights in rows.items()
        for n, (turn, right) in enumerate(zip(turns, rights, strict=True))
    }
    scored = score(turns, judged, 0.3)
    means = {name: figure["mean"] for name, figure in scored["ways"][ALONG].items()}
    assert means == pytest.approx({"first": 1 / 3, "three": 2 / 3, "served": 0, "abstained": 2 / 3})
    assert scored["first, paired"] == {f"{ALONG}, {ALONE}": (1, 0, 1.0)}


def test_mcnemar_counts_what_one_alone_has_right() -> None:
    a, b = [True] * 9 + [False, True], [False] * 8 + [True, True, True]
    a_alone, b_alone, p = mcnemar(a, b)
    assert (a_alone, b_alone) == (8, 1)
    assert p == pytest.approx(2 * (1 + 9) / 2**9)
    assert mcnemar([True], [True]) == (0, 0, 1.0)


def test_the_limit_is_a_number_of_documents(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["conversations", str(repository), "--limit", "0"]) == 2
    assert "--limit is a number of documents from 1, not 0." in capsys.readouterr().err
