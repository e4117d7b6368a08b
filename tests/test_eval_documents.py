"""Documents with their questions: reading them, pairs, figures, guarantees, comparisons and the gate."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import __main__ as cli
from eval import asking
from eval.asking import ANSWER_REMOVED, ASKED, STANDALONE
from eval.caching import CachingEncoder, CachingNetwork
from eval.document_figures import Guarantee, Row, figures, guarantee, score_question, spread
from eval.document_results import compare_document_results
from eval.document_run import spread_out
from eval.documents import DocumentQuestion, load_documents
from eval.gold import GoldError
from eval.metrics.statistics import clopper_pearson, compare_documents
from eval.removal import find_removed, remove
from index import store
from tests.conftest import HashEncoder, parse_text

TEXT = """The year

Rain fell in spring.[1] Snow fell in winter.[2] The river rose twice.

Snow closed the pass.

[1] Ada Roe, “Rain,” Press, 2001.

[2] Ibid. It lay until March.
"""


def line(**changes: Any) -> dict[str, Any]:
    given = {
        "id": "d-1", "kind": "date", "question": "What fell in winter?", "turns": [], "answerable": True,
        "quotes": ["Snow fell in winter."], "short": ["Snow"], "notes": [2],
    }  # fmt: skip
    return {**given, **changes}


QUESTIONS = (
    line(),
    line(id="d-2", kind="near", question="Xyzzy plugh?", answerable=False, quotes=[], short=[], notes=[]),
)


def write(folder: Path, name: str, *lines: dict[str, Any], text: str = TEXT) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")


def test_a_quotation_counts_wherever_it_stands(tmp_path: Path) -> None:
    write(tmp_path, "d", line(quotes=["Snow"]))
    (tmp_path / "unasked.txt").write_text("No questions.")
    (loaded,) = load_documents(tmp_path)
    starts = [start for start, _ in loaded.questions[0].spans]
    assert starts == [TEXT.index("Snow fell"), TEXT.index("Snow closed")]
    assert loaded.document.id == loaded.questions[0].document == "d"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (line(quotes=["Hail fell."]), "d.jsonl, line 2: d-1's quotation “Hail fell.” is not in d."),
        (line(quotes=[]), "d.jsonl, line 2: an answerable question has quotes, another has none"),
        (line(answerable=False), "an answerable question has quotes, another has none"),
        (line(colour="red"), "the field 'colour' is unknown"),
        (line(id="d-2"), "the id 'd-2' is used twice"),
    ],
)
def test_questions_that_are_not_sound_are_named(tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
    write(tmp_path, "d", QUESTIONS[1], wrong)
    with pytest.raises(GoldError) as raised:
        load_documents(tmp_path)
    assert message in str(raised.value)


def test_a_folder_without_questions_is_named(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match=r"has no NAME.txt with its questions in NAME.jsonl"):
        load_documents(tmp_path)


def lessened(*quotes: str) -> str:
    spans = [(TEXT.index(quote), TEXT.index(quote) + len(quote)) for quote in quotes]
    return remove(TEXT, find_removed(parse_text(TEXT), spans))


def test_the_sentence_that_holds_the_answer_goes_with_its_marker() -> None:
    assert lessened("fell in winter") == TEXT.replace("Snow fell in winter.[2] ", "")
    assert lessened("rose twice") == TEXT.replace("The river rose twice.", "")
    assert lessened("spring", "twice") == TEXT.replace("Rain fell in spring.[1] ", "").replace(
        "The river rose twice.", ""
    )


def test_of_a_note_the_sentence_goes_or_the_whole_note_with_its_marker() -> None:
    assert lessened("until March") == TEXT.replace(" It lay until March.", " ")
    assert lessened("Ada Roe") == TEXT.replace("[1] Ada Roe, “Rain,” Press, 2001.", "").replace("spring.[1]", "spring.")
    assert lessened("[2] Ibid.") == TEXT.replace("Ibid. It", "It")  # what is left keeps its label
    assert lessened("The year") == TEXT.removeprefix("The year")


class CountingEncoder(HashEncoder):
    """Keeps what it was given to encode."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.seen += texts
        return self.encode_questions(texts)


def test_a_text_is_encoded_once() -> None:
    counting = CountingEncoder()
    encoder = CachingEncoder(counting)
    first, again = encoder.encode_passages(["rain", "snow"]), encoder.encode_passages(["snow", "hail", "rain"])
    assert counting.seen == ["rain", "snow", "hail"]
    assert np.array_equal(again[[2, 0]], first)
    encoder.add_index(
        store.make_index([asking.SourceFile("d", Path("d.txt"), TEXT, "", parse_text(TEXT).metadata)], counting)
    )
    counting.seen.clear()
    encoder.encode_passages(["Snow fell in winter.", "The year. Snow fell in winter."])
    assert counting.seen == ["The year. Snow fell in winter."]


class CountingNetwork:
    """Reads nothing, and keeps what it was given to read."""

    fingerprint = "counting"

    def __init__(self) -> None:
        self.seen: list[tuple[str, ...]] = []

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[Any]:
        self.seen += [(question, *turns, window) for window in windows]
        return [(question, *turns, window) for window in windows]


def test_a_window_is_read_once_for_a_question() -> None:
    counting = CountingNetwork()
    network = CachingNetwork(counting)
    assert network.read("Who?", ["rain", "snow"]) == [("Who?", "rain"), ("Who?", "snow")]
    assert network.read("Who?", ["snow", "hail"]) == [("Who?", "snow"), ("Who?", "hail")]
    assert network.read("Where?", ["snow"]) == [("Where?", "snow")]
    assert counting.seen == [("Who?", "rain"), ("Who?", "snow"), ("Who?", "hail"), ("Where?", "snow")]


def quotation(start: int, end: int, *notes: tuple[int, int], document: str = "d") -> dict[str, Any]:
    footnotes = [{"number": number, "sources": [{"number": work}]} for number, work in notes]
    return {"document": document, "start": start, "end": end, "footnotes": footnotes}


def answer(confidence: float, *evidence: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"confidence": confidence, "answer": "in the winter", "evidence": list(evidence), **more}


def test_what_an_answer_scores() -> None:
    question = DocumentQuestion("d", "d-1", "footnote", "?", ("Who?",), "When?", True, ((10, 20),), ("winter",), (2, 1))
    answers = {
        ASKED: answer(0.6, quotation(0, 10, (2, 1)), quotation(10, 20, document="e"), quotation(19, 30), certainty="sure"),
        STANDALONE: answer(0.4, quotation(12, 13)),
        ANSWER_REMOVED: answer(0.5, quotation(0, 10)),
    }  # fmt: skip
    assert score_question(question, answers, 0.5).scores == {
        "confidence": 0.6, "answered": 1, "sure": 1, "first": 0, "three": 1, "served": 0,
        "short": pytest.approx(2 / 3),  # "in winter" for "winter", the article left out
        "notes": 1, "all_notes": 1, "standalone_first": 1, "standalone_served": 0,
        "less_confidence": 0.5, "less_abstained": 0,
    }  # fmt: skip
    unanswerable = DocumentQuestion("d", "d-2", "near", "?", (), None, False, (), (), ())
    assert score_question(unanswerable, {ASKED: answer(0.49, quotation(0, 1))}, 0.5).scores == {
        "confidence": 0.49, "answered": 0, "abstained": 1,
    }  # fmt: skip


def row(number: int, answerable: bool = True, document: str = "d", **scores: float) -> Row:
    return Row(f"q{number}", document, "date", answerable, scores)


ROWS = (
    row(1, confidence=0.9, answered=1, sure=1, first=1, three=1, served=1, less_confidence=0.2, less_abstained=1),
    row(2, confidence=0.6, answered=1, sure=0, first=0, three=1, served=0, less_confidence=0.7, less_abstained=0),
    row(3, confidence=0.3, answered=0, sure=0, first=1, three=1, served=0, less_confidence=0.1, less_abstained=1),
    row(4, answerable=False, confidence=0.7, answered=1, sure=1, abstained=0),
    row(5, answerable=False, confidence=0.1, answered=0, sure=0, abstained=1),
)


def test_figures_by_hand() -> None:
    assert figures(ROWS) == {
        "first": (pytest.approx(2 / 3), 3),
        "three": (1, 3),
        "served": (pytest.approx(1 / 3), 3),
        "right": (pytest.approx(1 / 3), 3),  # of q1, q2 and q4, which nothing answers
        "sure": (0.5, 2),
        "abstained": (0.5, 2),
        "auroc": (pytest.approx(4 / 6), 5),  # .9 above both, .6 and .3 above .1 alone
        "pairs": (pytest.approx(7 / 9), 3),  # .9 above all three, .6 and .3 above two
        "less": (pytest.approx(2 / 3), 3),
    }
    assert spread([0.5, 0.7]).deviation == pytest.approx(0.1414, abs=1e-4)
    assert (spread([0.5, 0.7]).mean, spread([0.5]).deviation) == (pytest.approx(0.6), 0)


def test_the_guarantee_is_clopper_and_pearsons_lower_bound() -> None:
    # One-sided, 95 %: without an error the bound is .05 ** (1 / n); else a quantile of the beta distribution.
    assert clopper_pearson(59, 59) == pytest.approx(0.05 ** (1 / 59)) == pytest.approx(0.9505, abs=1e-4)
    assert clopper_pearson(58, 58) < 0.95
    assert clopper_pearson(9, 10) == pytest.approx(0.6058, abs=1e-4)
    assert clopper_pearson(0, 5) == 0
    assert guarantee(ROWS, "answered") == Guarantee(1, 3, pytest.approx(1 / 3), clopper_pearson(1, 3))
    assert guarantee(ROWS[:3], "sure") == Guarantee(1, 1, 1, pytest.approx(0.05))
    assert guarantee(ROWS[4:], "sure") is None


def test_two_runs_are_compared_document_by_document() -> None:
    better = compare_documents([0.5, 0.5, 0.5, 0.5], [0.6, 0.7, 0.6, 0.9])
    assert (better.difference, better.better, better.worse, better.documents) == (pytest.approx(0.2), 4, 0, 4)
    assert better.p == 2 / 2**4  # all signs alike, two of sixteen ways
    assert better.low == pytest.approx(0.1)
    assert compare_documents([0.5], [1.0]).p == 1  # one document tells nothing
    # d gains on all of its three questions, e loses its one: as many documents gain as lose.
    before = as_results(
        row(1, first=0), row(2, first=0), row(3, first=0), row(4, document="e", first=1), row(5, first=1)
    )
    after = as_results(row(1, first=1), row(2, first=1), row(3, first=1), row(4, document="e", first=0))
    compared = compare_document_results(before, after)
    assert (compared["first"].a, compared["first"].b, compared["first"].p) == (0.5, 0.5, 1)
    with pytest.raises(GoldError, match="no questions in common"):
        compare_document_results(before, as_results(row(9, first=1)))


def as_results(*rows: Row) -> dict[str, Any]:
    confident = [Row(r.id, r.document, r.kind, r.answerable, {"confidence": 0.5, **r.scores}) for r in rows]
    return {
        "questions": {r.id: {"document": r.document, "kind": r.kind, "answerable": r.answerable} for r in confident},
        "scores": {r.id: r.scores for r in confident},
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two documents with their questions, and the hash encoder for every command."""
    write(tmp_path / "docs", "d", *QUESTIONS)
    follow_up = line(
        id="e-1", question="And <b>in winter</b>?", turns=["What fell in spring?"], standalone="What fell in winter?"
    )
    write(
        tmp_path / "docs",
        "e",
        follow_up,
        line(id="e-2", quotes=["It lay until March."], question="Until when did it lie?"),
    )
    monkeypatch.setattr(store, "load_encoder", lambda name: HashEncoder())
    monkeypatch.setattr(cli, "load_encoder", lambda name: HashEncoder())
    monkeypatch.chdir(tmp_path)
    return tmp_path


SIMPLE = ("--reader", "sentence", "--threshold", "0.5")


def test_a_run_over_documents(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "docs", *SIMPLE]) == 0
    out = capsys.readouterr().out
    assert "mean over documents" in out
    assert "at least" in out
    results = json.loads((folder / "eval-report" / "documents.json").read_text(encoding="utf-8"))
    assert results["documents"]["d"]["first"] == [1, 1]
    assert results["documents"]["d"]["pairs"] == [1, 1]
    assert results["mean"]["first"]["documents"] == 2
    assert set(results["scores"]) == {"d-1", "d-2", "e-1", "e-2"}
    assert results["scores"]["e-1"]["standalone_first"] == 1
    assert results["scores"]["d-1"] == {
        "confidence": 0.9082, "answered": 1, "sure": 1, "first": 1, "three": 1, "served": 1, "short": 0.4,
        "less_confidence": 0.4541, "less_abstained": 1,  # "Rain fell in spring." shares "fell" alone
    }  # fmt: skip
    report = (folder / "eval-report" / "documents.html").read_text(encoding="utf-8")
    assert "<mark>Snow fell in winter.</mark>" in report
    assert "And &lt;b&gt;in winter&lt;/b&gt;?" in report
    assert report.count("<svg") == 3
    answers = [
        json.loads(line) for line in (folder / "eval-report" / "documents-answers.jsonl").read_text().splitlines()
    ]
    assert [answer["key"] for answer in answers[1:]] == [
        ["d-1", "asked"], ["d-1", "lessened"], ["d-2", "asked"], ["e-1", "asked"], ["e-1", "standalone"],
        ["e-1", "lessened"], ["e-2", "asked"], ["e-2", "lessened"],
    ]  # fmt: skip
    quoted = [quotation["quote"] for quotation in answers[2]["value"]["evidence"]]
    assert "Snow fell in winter." not in quoted
    assert cli.main(["compare", "eval-report/documents.json", "eval-report/documents.json"]) == 0
    assert "every document counts the same" in capsys.readouterr().out


def test_without_pairs_and_with_a_reader_for_each_document(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    simple = asking.load_reader("sentence")
    monkeypatch.setattr(asking, "load_reader", lambda name: loaded.append(name) or simple)
    assert cli.main(["run", "docs", "--no-pairs", "--reader", "folds/{document}"]) == 0
    assert set(loaded) == {"folds/d", "folds/e"}
    results = json.loads((folder / "eval-report" / "documents.json").read_text(encoding="utf-8"))
    assert "pairs" not in results["all"]


def test_a_few_questions_of_each_document_then_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    ask = asking.PairedAssistant.ask
    monkeypatch.setattr(
        asking.PairedAssistant, "ask", lambda self, q, way: asked.append((q.id, way)) or ask(self, q, way)
    )
    assert cli.main(["run", "docs", "--limit", "1", *SIMPLE]) == 0
    assert {name for name, _ in asked} == {"d-1", "e-1"}
    assert cli.main(["run", "docs", *SIMPLE]) == 0
    assert cli.main(["run", "docs", *SIMPLE]) == 0
    assert len(asked) == len(set(asked)) == 8
    assert spread_out(range(10), 4) == (0, 2, 5, 7)  # type: ignore[arg-type]


def test_what_a_folder_is_not_asked_with(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "docs", "--ablate"]) == 2
    assert "Leave them out with a folder" in capsys.readouterr().err
    assert cli.main(["run", "nowhere"]) == 2
    assert "nowhere has no NAME.txt" in capsys.readouterr().err


def test_a_stopped_run_over_documents_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    ask = asking.PairedAssistant.ask

    def stop_at_third(self: asking.PairedAssistant, question: DocumentQuestion, way: str) -> dict[str, Any]:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append((question.id, way))
        return ask(self, question, way)

    monkeypatch.setattr(asking.PairedAssistant, "ask", stop_at_third)
    assert cli.main(["run", "docs", *SIMPLE]) == 130
    monkeypatch.setattr(
        asking.PairedAssistant, "ask", lambda self, q, way: asked.append((q.id, way)) or ask(self, q, way)
    )
    assert cli.main(["run", "docs", *SIMPLE]) == 0
    assert asked[:3] == [("d-1", ASKED), ("d-1", ANSWER_REMOVED), ("d-2", ASKED)]
    assert len(asked) == len(set(asked)) == 8


def test_the_articles_run_has_pairs_and_a_guarantee(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold = {
        "id": "q1", "document": "d", "question": "What fell in winter?", "type": "date", "split": "dev", "answerable": True,
        "answers": [{"text": "Snow"}], "evidence": [{"exact": "Snow fell in winter."}], "footnotes": [2], "sources": [1],
    }  # fmt: skip
    (folder / "gold.jsonl").write_text(json.dumps(gold))
    assert cli.main(["run", "--source", "docs/d.txt", "--gold", "gold.jsonl", *SIMPLE]) == 0
    assert "abstained_less_answer" in capsys.readouterr().out
    results = json.loads((folder / "eval-report" / "results.json").read_text(encoding="utf-8"))
    quoth = results["systems"]["quoth"]
    assert quoth["abstention"]["auroc_on_pairs"]["mean"] == 1
    assert list(quoth["less_confidence"]) == ["q1"]
    assert results["guarantee"]["answered"]["n"] == 1
    assert cli.main(["run", "docs", *SIMPLE]) == 0
    assert cli.main(["compare", "eval-report/results.json", "eval-report/documents.json"]) == 2
    assert "Compare two of a kind" in capsys.readouterr().err


def test_the_gate_holds_the_documents(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from eval.gate import gate_documents

    baseline = folder / "baseline.json"
    figures_ = {f"d{n}": {"first": (0.6, 30), "served": (0.5, 30)} for n in range(6)}
    results = {"hashes": {"reader": "a"}, "documents": figures_}
    with pytest.raises(GoldError, match="holds no documents"):
        gate_documents(results, baseline, update=False)
    baseline.write_text(json.dumps({"hashes": {}, "scores": {"q1": {}}}))
    assert gate_documents(results, baseline, update=True) == 0
    kept = json.loads(baseline.read_text())
    assert kept["scores"] == {"q1": {}}
    assert kept["documents"]["figures"]["d0"] == {"first": 0.6, "served": 0.5}
    capsys.readouterr()
    assert gate_documents(results, baseline, update=False) == 0
    worse = {document: {**of_one, "first": (0.5, 30)} for document, of_one in figures_.items()}
    assert gate_documents({"hashes": {"reader": "b"}, "documents": worse}, baseline, update=False) == 1
    out = capsys.readouterr().out
    assert "FAILED first              0.600 -> 0.500 (p 0.031, 0 better, 6 worse, 6 documents)" in out
    assert "ok     served" in out
    assert "note: reader differ from the baseline's" in out
