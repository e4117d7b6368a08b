"""The harness: gold that is placed or refused, runs that go on, reports, exports and the gate."""

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytrec_eval

from assistant import Assistant
from eval import __main__ as cli
from eval import harness
from eval.gold import ARTICLE_GOLD, GoldError, Quote, count_types, find_quote, load_gold
from eval.harness import ABLATION, DEFAULT, answer_gold
from eval.results import make_results, score_all
from eval.scoring import score_record, stage
from index import store
from index.document.types import Document
from tests.conftest import ARTICLE, HashEncoder, parse_text

TEXT = "Rain fell in May.[1] Snow fell in June.\n\nThe river rose twice.[2]\n\n[1] See Roe, “Rain,” Press, 2001.\n\n[2] Ibid.\n"


def gold_line(**changes: Any) -> dict[str, Any]:
    line = {
        "id": "q1", "document": "doc", "question": "In which month, May or June, fell rain?", "type": "date", "split": "dev", "answerable": True,
        "answers": [{"text": "May"}], "evidence": [{"exact": "Rain fell in May."}], "footnotes": [1], "sources": [1],
    }  # fmt: skip
    return {**line, **changes}


def write(path: Path, *lines: dict[str, Any] | str) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def document() -> Document:
    return parse_text(TEXT)


def test_the_articles_gold_is_what_was_asked_for(article: Document) -> None:
    gold = load_gold(ARTICLE_GOLD, {article.id: article})
    assert len(gold) == 200
    assert sum(item.question.answerable for item in gold) == 150
    counts = {name: dev + test for name, (dev, test) in count_types(gold).items()}
    assert counts == {
        "factoid": 12, "numeric": 12, "date": 8, "who": 8, "why": 12, "list": 8, "definition": 8, "comparison": 6,
        "note": 12, "source": 12, "ibid": 6, "across": 8, "paraphrase": 12, "noisy": 10, "followup": 10, "french": 6,
        "near-miss": 26, "false-premise": 10, "off-topic": 14,
    }  # fmt: skip
    assert sum(item.question.split == "dev" for item in gold) == 60
    splits: dict[str, set[str]] = {}
    for item in gold:
        splits.setdefault(item.question.cluster, set()).add(item.question.split)
    assert all(len(of_one) == 1 for of_one in splits.values())
    assert all(item.question.sha256 == hashlib.sha256(ARTICLE.read_bytes()).hexdigest() for item in gold)


def test_a_quotation_is_found_by_offset_words_surroundings_and_likeness() -> None:
    text = "Rain fell. Snow fell. Rain fell. Hail fell on the hill."
    document = parse_text(text)
    assert find_quote(Quote(exact="Rain fell.", start=22), document, same=True).start == 22  # type: ignore[union-attr]
    assert find_quote(Quote(exact="Rain fell.", prefix="Snow fell. ", start=0), document, same=False).start == 22  # type: ignore[union-attr]
    assert find_quote(Quote(exact="Rain fell.", suffix=" Snow"), document, same=False).start == 0  # type: ignore[union-attr]
    assert find_quote(Quote(exact="Hail fell on teh hill."), document, same=False).text == "Hail fell on the hill."  # type: ignore[union-attr]
    assert find_quote(Quote(exact="Nothing like it at all."), document, same=False) is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["{"], "line 1 is not JSON"),
        ([gold_line(), gold_line(id="q1", question="Again?")], "line 2: the id 'q1' is used on line 1 already"),
        ([{k: v for k, v in gold_line().items() if k != "question"}], "line 1: the field 'question' is missing"),
        ([gold_line(type="riddle")], "line 1: the type 'riddle' is unknown"),
        ([gold_line(answers=[{"text": "July"}])], "q1's answer “July” is not in doc"),
        ([gold_line(evidence=[{"exact": "Hail was never mentioned here"}])], "q1's evidence “Hail was never mentioned here” is not in doc"),
        ([gold_line(document="other")], "q1 is about 'other'; the source has doc"),
        ([gold_line(answerable=False)], "a question that is not answerable has no answers"),
        ([gold_line(answers=[])], "an answerable question needs answers"),
        ([gold_line(footnotes=[999])], "q1 names note 999, which doc does not have"),
        ([gold_line(history=[{"q": "Who?"}])], "q1's history: A question is a string"),
        ([gold_line(colour="red")], "line 1: the field 'colour' is unknown"),
        ([""], "has no questions in it"),
    ],
)  # fmt: skip
def test_gold_that_is_not_sound_is_named_by_file_and_line(
    tmp_path: Path, document: Document, lines: list[Any], message: str
) -> None:
    path = write(tmp_path / "gold.jsonl", *lines)
    with pytest.raises(GoldError) as raised:
        load_gold(path, {"doc": document})
    assert message in str(raised.value)
    assert "gold.jsonl" in str(raised.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a document, gold for it, and the hash encoder for every command."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "doc.txt").write_text(TEXT, encoding="utf-8")
    write(
        tmp_path / "gold.jsonl",
        gold_line(),
        gold_line(id="q2", question="When did snow fall?", answers=[{"text": "June"}], split="test", footnotes=[], sources=[],
                  evidence=[{"exact": "Snow fell in June."}]),
        gold_line(id="q3", question="How often did the river rise?", type="numeric", split="test", footnotes=[2],
                  answers=[{"text": "twice"}], evidence=[{"exact": "The river rose twice."}]),
        gold_line(id="q4", question="Xyzzy plugh?", type="off-topic", split="test", answerable=False, answers=[], evidence=[],
                  footnotes=[], sources=[]),
    )  # fmt: skip
    monkeypatch.setattr(store, "load_encoder", lambda name: HashEncoder())
    monkeypatch.setattr(cli, "load_encoder", lambda name: HashEncoder())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> int:
    return cli.main([*arguments])


SIMPLE = ("--reader", "sentence", "--threshold", "0.01")
JUDGED = ("--source", "docs", "--gold", "gold.jsonl", *SIMPLE)


def test_check_says_whether_gold_is_sound(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "gold.jsonl", "--source", "docs") == 0
    assert "gold.jsonl is sound: 4 questions, 3 answerable" in capsys.readouterr().out
    write(folder / "bad.jsonl", gold_line(type="riddle"))
    assert run("check", "bad.jsonl", "--source", "docs") == 2
    assert capsys.readouterr().err.startswith("eval: bad.jsonl, line 1: the type 'riddle' is unknown")
    assert run("check", "--source", "docs") == 2
    assert "is about 'stabilizing-mali'; the source has doc" in capsys.readouterr().err


def test_a_run_gives_a_table_json_and_a_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", *JUDGED, "--ablate") == 0
    out = capsys.readouterr().out
    assert "hit@1" in out
    results = json.loads((folder / "eval-report" / "results.json").read_text(encoding="utf-8"))
    assert list(results["systems"]) == [system.name for system in ABLATION]
    quoth = results["systems"]["quoth"]
    assert quoth["figures"]["hit@1"] == {"mean": 1.0, "low": pytest.approx(0.438, abs=1e-3), "high": 1.0, "n": 3}
    assert quoth["figures"]["abstained_rightly"]["mean"] == 1
    assert quoth["figures"]["verbatim"]["mean"] == 1
    assert results["comparisons"]["fused"]["hit@1"] == {
        "a": 1.0, "b": 1.0, "difference": 0.0, "p": 1.0, "wins": 0, "losses": 0, "ties": 3, "n": 3,
    }  # fmt: skip
    assert quoth["stages"] == {"q1": "right", "q2": "right", "q3": "right", "q4": "right"}
    assert quoth["scores"]["q3"]["source_recall"] == 1  # through Ibid.
    report = (folder / "eval-report" / "report.html").read_text(encoding="utf-8")
    assert "<mark>Rain fell in May.</mark>" in report
    assert "http" not in report.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons", ""
    )
    assert not (folder / "eval-report" / "partial.jsonl").exists()


def test_a_split_a_comparison_and_bad_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", *JUDGED, "--systems", "quoth", "bm25", "--split", "test", "--json") == 0
    assert set(json.loads(capsys.readouterr().out)["questions"]) == {"q2", "q3", "q4"}
    results = "eval-report/results.json"
    assert run("compare", f"{results}:bm25", results) == 0
    assert "hit@1" in capsys.readouterr().out
    assert run("compare", f"{results}:none", results) == 2
    assert "has no system 'none'" in capsys.readouterr().err
    assert run("compare", "gold.jsonl", results) == 2


def test_a_stopped_run_goes_on_where_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def stop_at_third(quoth: Assistant, gold: Any, system: Any) -> Any:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(gold.question.id)
        return answer_gold(quoth, gold, system)

    monkeypatch.setattr(harness, "answer_gold", stop_at_third)
    assert run("run", *JUDGED) == 130
    assert len((folder / "eval-report" / "partial.jsonl").read_text().splitlines()) == 3
    monkeypatch.setattr(harness, "answer_gold", lambda q, g, s: asked.append(g.question.id) or answer_gold(q, g, s))
    assert run("run", *JUDGED) == 0
    assert asked == ["q1", "q2", "q3", "q4"]


def test_a_line_that_was_being_written_is_asked_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("run", *JUDGED) == 0
    asked: list[str] = []

    def stop_at_third(quoth: Assistant, gold: Any, system: Any) -> Any:
        asked.append(gold.question.id)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return answer_gold(quoth, gold, system)

    monkeypatch.setattr(harness, "answer_gold", stop_at_third)
    assert run("run", *JUDGED) == 130
    partial = folder / "eval-report" / "partial.jsonl"
    partial.write_text(partial.read_text()[:-40])
    monkeypatch.setattr(harness, "answer_gold", lambda q, g, s: asked.append(g.question.id) or answer_gold(q, g, s))
    assert run("run", *JUDGED) == 0
    assert asked == ["q1", "q2", "q3", "q2", "q3", "q4"]


def test_a_quotation_from_another_document_hits_nothing(quoth: Assistant, article: Document) -> None:
    item = load_gold(ARTICLE_GOLD, {article.id: article})[0]
    record = answer_gold(quoth, item, DEFAULT)
    gold = item.spans[0]
    right = {**record.answer["evidence"][0], "start": gold.start, "end": gold.end, "quote": gold.text}
    wrong = {**right, "document": "another"}
    given_ = harness.SystemAnswer(
        record.id, record.system, {**record.answer, "evidence": [wrong, right]}, record.ranked, {}
    )
    scores = score_record(item, given_, 0.0, {article.id: article, "another": article})
    assert (scores["hit@1"], scores["hit@3"]) == (0, 1)


def test_a_partial_run_of_other_questions_is_not_gone_on_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(harness, "answer_gold", lambda q, g, s: asked.append(g.question.id) or answer_gold(q, g, s))
    (folder / "eval-report").mkdir()
    (folder / "eval-report" / "partial.jsonl").write_text('{"fingerprint": "other"}\n{"id": "q1"}\n')
    assert run("run", *JUDGED) == 0
    assert asked == ["q1", "q2", "q3", "q4"]


def test_what_a_wrong_answer_scores(quoth: Assistant, article: Document) -> None:
    gold = {item.question.id: item for item in load_gold(ARTICLE_GOLD, {article.id: article})}
    item = next(g for g in gold.values() if g.question.require == "all" and g.question.type == "across")
    record = answer_gold(quoth, item, DEFAULT)
    scores = score_record(item, record, 0.0, {article.id: article})
    assert set(scores) >= {"hit@1", "hit@3", "covered", "answer_f1", "citation_precision", "served", "verbatim"}
    nobody = next(g for g in gold.values() if not g.question.answerable)
    record = answer_gold(quoth, nobody, DEFAULT)
    scores = score_record(nobody, record, 0.0, {article.id: article})
    assert scores == {"verbatim": 1, "abstained_rightly": 0}
    assert stage(nobody, record, scores, 0.0) == "answered what is not there"
    altered = {**record.answer, "evidence": [{**record.answer["evidence"][0], "quote": "Not there."}]}
    wrong = harness.SystemAnswer(record.id, record.system, altered, record.ranked, record.timings_ms)
    assert score_record(nobody, wrong, 0.0, {article.id: article})["verbatim"] == 0


def test_the_ceilings_are_above_and_scores_repeat(quoth: Assistant, article: Document) -> None:
    gold = load_gold(ARTICLE_GOLD, {article.id: article})[:40]
    systems = [system for system in ABLATION if system.name in ("quoth", "fused", "gold passage")]
    records = [answer_gold(quoth, item, system) for system in systems for item in gold]
    scored = score_all(quoth, gold, records, systems)
    results = make_results(quoth, gold, systems, scored)
    figures = {name: system["figures"]["hit@1"]["mean"] for name, system in results["systems"].items()}
    assert figures["gold passage"] >= figures["quoth"] == figures["fused"]
    again = score_all(quoth, gold, [answer_gold(quoth, g, DEFAULT) for g in gold], [DEFAULT])
    assert [before.scores for before in again["quoth"]] == [before.scores for before in scored["quoth"]]


SQUAD = {
    "version": "v2.0",
    "data": [{"title": "Rain", "paragraphs": [
        {"context": "Rain fell in May. It was warm.", "qas": [
            {"id": "a", "question": "When did rain fall?", "answers": [{"text": "Rain fell in May.", "answer_start": 0}]},
            {"id": "b", "question": "Xyzzy plugh?", "answers": [], "is_impossible": True}]},
        {"context": "Snow fell in June.", "qas": [
            {"id": "c", "question": "When did snow fall?", "answers": [{"text": "June", "answer_start": 13}]}]},
    ]}],
}  # fmt: skip


def test_squad_gives_the_official_object(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "squad.json", SQUAD)
    assert run("squad", "squad.json", "--json", "--predictions", "p.json", *SIMPLE) == 0
    payload = json.loads(capsys.readouterr().out)
    assert (payload["exact"], payload["f1"], payload["total"]) == (
        pytest.approx(200 / 3),
        pytest.approx(100 * (2 + 0.4) / 3),
        3,
    )
    assert (payload["HasAns_exact"], payload["NoAns_exact"], payload["best_exact"]) == (50, 100, pytest.approx(200 / 3))
    assert json.loads((folder / "p.json").read_text()) == {"a": "Rain fell in May.", "b": "", "c": "Snow fell in June."}
    assert run("squad", "squad.json", "--limit", "1", "--json", "--open", *SIMPLE) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps(SQUAD)[:-40], "not whole JSON"),
        ('{"data": [{"paragraphs": [{"qas": [{"id": 1}]}]}]}', "is not a SQuAD file"),
        ('{"data": []}', "has no questions"),
        ("[]", "is not a SQuAD file"),
    ],
)
def test_a_squad_file_that_is_none(folder: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    write(folder / "squad.json", text)
    assert run("squad", "squad.json") == 2
    assert message in capsys.readouterr().err


def test_other_peoples_tools_score_our_export_the_same(folder: Path) -> None:
    assert run("export", *JUDGED) == 0
    assert run("run", *JUDGED) == 0
    out = folder / "eval-export"
    ours = json.loads((folder / "eval-report" / "results.json").read_text(encoding="utf-8"))["systems"]["quoth"][
        "scores"
    ]
    with (out / "qrels.txt").open() as qrels, (out / "run.txt").open() as run_file:
        evaluator = pytrec_eval.RelevanceEvaluator(
            pytrec_eval.parse_qrel(qrels), {"recip_rank", "ndcg_cut_10", "recall_10"}
        )
        theirs = evaluator.evaluate(pytrec_eval.parse_run(run_file))
    assert set(theirs) == {"q1", "q2", "q3"}
    for question, scores in theirs.items():
        assert ours[question]["mrr"] == pytest.approx(scores["recip_rank"])
        assert ours[question]["ndcg@10"] == pytest.approx(scores["ndcg_cut_10"])
        assert ours[question]["recall@10"] == pytest.approx(scores["recall_10"])
    lines = [line.split() for line in (out / "run.txt").read_text().splitlines()]
    for before, other in pairwise(lines):
        assert before[0] != other[0] or float(before[4]) > float(other[4])
    assert (out / "beir" / "qrels" / "test.tsv").read_text().startswith("query-id\tcorpus-id\tscore\nq1\t")


def test_the_gate_passes_fails_and_says_which_questions_were_lost(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = [json.loads(line) for line in (folder / "gold.jsonl").read_text().splitlines()]
    many = [{**gold[0], "id": f"r{n}", "question": f"Rain fell in May, {n} times?"} for n in range(12)]
    write(folder / "gold.jsonl", *many)
    baseline = folder / "baseline.json"
    assert run("gate", *JUDGED, "--baseline", "baseline.json") == 2
    assert "is no baseline" in capsys.readouterr().err
    assert run("gate", *JUDGED, "--baseline", "baseline.json", "--update") == 0
    assert run("gate", *JUDGED, "--baseline", "baseline.json") == 0
    payload = json.loads(baseline.read_text())
    assert set(payload["hashes"]) == {"documents", "gold", "index", "encoder", "reader", "settings"}
    capsys.readouterr()
    write(folder / "gold.jsonl", *({**line, "evidence": [{"exact": "The river rose twice."}], "answers": [{"text": "twice"}],
                                    "footnotes": [2]} for line in many))  # fmt: skip
    assert run("gate", *JUDGED, "--baseline", "baseline.json") == 1
    out = capsys.readouterr().out
    assert "FAILED hit@1" in out
    assert "hit@1 was lost on: r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11" in out
    assert "note: gold differ" in out
