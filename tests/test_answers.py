"""Answers: verbatim, cited, and none where nothing matches."""

from collections.abc import Callable

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from assistant import Answer, Assistant
from assistant.config import Config
from assistant.render import to_text
from index.errors import QuestionError, SourceError
from tests.test_parse import DOCUMENT

TROOPS = "How many troops will the UN mission have?"
QUOTE = (
    "The French are anxious to bring major combat operations to an end so that they can pass the baton to a UN "
    "peacekeeping mission of 11,200 troops and 1,440 police."
)


def is_verbatim(answer: Answer, quoth: Assistant) -> bool:
    """Whether every word of an answer stands where it says."""
    shown = [*answer.evidence, *(answer.abstention.nearest if answer.abstention else ())]
    for evidence in shown:
        text = quoth.index.documents[evidence.document].text
        spans = [(evidence.quote, evidence.start, evidence.end)]
        for note in evidence.footnotes:
            spans += [(note.text, note.start, note.end), *((w.text, w.start, w.end) for w in note.sources)]
        if any(text[start:end] != words for words, start, end in spans):
            return False
        if not evidence.start <= evidence.answer_start <= evidence.answer_end <= evidence.end:
            return False
    if not answer.answered:
        return answer.answer is None and not answer.evidence
    first = answer.evidence[0]
    return answer.answer == quoth.index.documents[first.document].text[first.answer_start : first.answer_end]


def test_one_answer_in_full(quoth: Assistant) -> None:
    answer = quoth.ask("How many troops and police will the UN peacekeeping mission have?")
    first = answer.evidence[0]
    assert (answer.answered, answer.needed, answer.abstention) == (True, 1, None)
    assert (first.quote, first.start, first.end) == (QUOTE, 3076, 3237)
    assert (first.document, first.passage, first.section, first.paragraph, first.footnote) == (
        "stabilizing-mali", "stabilizing-mali#4", "Uncertainty Amid Troop Drawdown", 4, None,
    )  # fmt: skip
    (note,) = first.footnotes
    assert (note.number, note.start, note.end) == (4, 20806, 20919)
    assert [(work.number, work.text) for work in note.sources] == [(4, note.text)]
    assert 0 < answer.confidence <= 1
    assert set(answer.timings_ms) == {"understand", "retrieve", "read", "total"}


def test_the_json_has_the_agreed_keys(quoth: Assistant) -> None:
    answer = quoth.ask(TROOPS).to_dict()
    assert list(answer) == ["question", "standalone_question", "answered", "confidence", "certainty", "answer", "evidence",
                          "needed", "unanswered", "abstention", "timings_ms", "read_with"]  # fmt: skip
    assert list(answer["evidence"][0]) == ["quote", "start", "end", "answer_start", "answer_end", "document", "passage",
                                         "section", "paragraph", "footnote", "score", "footnotes",
                                         "page", "link", "headings", "collection", "url"]  # fmt: skip
    assert {"number", "text", "start", "end", "sources"} <= set(answer["evidence"][0]["footnotes"][0])


def test_an_answer_out_of_a_note(quoth: Assistant) -> None:
    answer = quoth.ask("How much of the $450 million requested by ECOWAS was disbursed?")
    first = answer.evidence[0]
    assert first.quote == "Out of the $450 million requested by ECOWAS, only $16 million was disbursed."
    assert (first.footnote, first.paragraph, first.section) == (18, None, None)
    assert [note.number for note in first.footnotes] == [18]


def test_a_chain_of_notes_is_kept(quoth: Assistant) -> None:
    answer = quoth.ask("Who enjoys the protection of civilian and military authorities as drivers and handlers?")
    (note,) = answer.evidence[0].footnotes
    assert (note.number, note.text, note.via) == (30, "Ibid.", (29,))
    assert [work.number for work in note.sources] == [3, 25]


def test_a_reference_that_leads_nowhere_is_said_to(ask_text: Callable[..., Assistant]) -> None:
    quoth = ask_text("Rain fell in May.[1]\n\n[1] Ibid.\n")
    answer = quoth.ask("When did rain fall?")
    assert answer.evidence[0].footnotes[0].unfollowed == ("Ibid.",)
    assert "“Ibid.” leads to no work named before it" in to_text(answer, quoth.index.documents).plain


def test_evidence_is_three_distinct_quotations_best_first(quoth: Assistant) -> None:
    evidence = quoth.ask(TROOPS).evidence
    assert len({e.quote for e in evidence}) == len(evidence) == 3
    assert [e.score for e in evidence] == sorted((e.score for e in evidence), reverse=True)


def test_nothing_that_matches_is_an_abstention_with_the_nearest(quoth: Assistant) -> None:
    answer = quoth.ask("Xyzzy plugh?")
    assert (answer.answered, answer.answer, answer.evidence, answer.needed, answer.confidence) == (
        False,
        None,
        (),
        0,
        0.0,
    )
    assert answer.abstention is not None
    assert answer.abstention.reason == "no_match"
    assert len(answer.abstention.nearest) == 3


def test_at_threshold_0_it_always_answers(ask_text: Callable[..., Assistant]) -> None:
    answer = ask_text("Rain fell.", threshold=0).ask("Xyzzy plugh?")
    assert (answer.answered, answer.answer) == (True, "Rain fell.")


def test_reading_a_text_given_with_the_question(quoth: Assistant) -> None:
    answer = quoth.read(
        "Who is the band led by?", "Rain fell. The band is led by Ms. Roe.[1]\n\n[1] See Roe, “Band,” Press, 2001."
    )
    assert answer.answer == "The band is led by Ms. Roe."
    assert answer.evidence[0].footnotes[0].number == 1
    with pytest.raises(SourceError, match="empty"):
        quoth.read("Who?", "  ")


def test_several_documents_make_one_index(ask_text: Callable[..., Assistant]) -> None:
    quoth = ask_text("Rain fell in May.", "Snow fell in June.")
    assert quoth.ask("When did snow fall?").evidence[0].document == "doc2"


def test_runs_repeat_exactly(quoth: Assistant) -> None:
    assert quoth.ask(TROOPS) == quoth.ask(TROOPS)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("x" * 5000, "has 5,000 characters; at most 2,000"),
        (None, "not NoneType"),
    ],
)
def test_a_question_that_cannot_be_asked(quoth: Assistant, question: str, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        quoth.ask(question)


@pytest.mark.parametrize(
    "history",
    [
        "Who?",
        [3],
        [{"answer": "x"}],
        [{"question": "Who?", "answer": 3}],
        {"a": 1},
        [{"question": "Who?", "standalone": 3}],
        [{"question": "Who?", "start": True}],
        [{"question": "Who?", "end": "3"}],
    ],
)
def test_a_history_that_is_none(quoth: Assistant, history: object) -> None:
    with pytest.raises(QuestionError):
        quoth.ask("Who?", history)  # type: ignore[arg-type]


def test_a_follow_up_is_read_with_the_conversation(quoth: Assistant) -> None:
    history = [TROOPS, {"question": "How many police?", "answer": None}]
    assert quoth.ask("And why is that?", history).read_with == (TROOPS, "How many police?")
    assert quoth.ask("And why is that?", history, complete=False).read_with == ()
    assert quoth.ask("Who is Wolfram Lacher?", history).read_with == ()


@settings(max_examples=100, deadline=None)
@given(DOCUMENT.filter(lambda text: text.strip()), st.text(min_size=1, max_size=60).filter(str.strip))
def test_every_quotation_is_a_slice_of_its_document(
    ask_text: Callable[..., Assistant], text: str, question: str
) -> None:
    try:
        quoth = ask_text(text, threshold=0)
    except SourceError:  # headings alone
        reject()
    assert is_verbatim(quoth.ask(question), quoth)
    assert is_verbatim(quoth.ask(text[:200].strip() or question), quoth)


def test_every_quotation_of_the_article_is_a_slice_of_it(quoth: Assistant) -> None:
    for place in quoth.index.places:
        answer = quoth.ask(place.sentence.plain[:500])
        assert is_verbatim(answer, quoth)
        if len(place.sentence.plain) > 30 and not place.asks:
            assert place.sentence.text in [evidence.quote for evidence in answer.evidence]


def test_how_certain_an_answer_is(quoth: Assistant) -> None:
    sure = quoth.ask(TROOPS).confidence

    def certainty(threshold: float, border: float) -> str:
        config = Config(threshold=threshold, sure=border)
        return Assistant(quoth.index, config, quoth.reader, known=quoth.known).ask(TROOPS).certainty

    assert certainty(0.01, sure) == "sure"
    assert certainty(0.01, sure + 0.01) == "likely"
    assert certainty(sure, 0.0) == "sure"
    assert certainty(sure + 0.01, 0.0) == "none"
    assert certainty(0.0, 1.0) == "likely"


def test_suggestions_are_known_before_anything_is_asked(quoth: Assistant) -> None:
    class Silent(Assistant):
        def ask(self, *given, **how):  # type: ignore[no-untyped-def]
            raise AssertionError("nothing is asked for suggestions")

    silent = Silent(quoth.index, quoth.config, quoth.reader, known=quoth.known)
    first = silent.suggest(6)
    assert first[:2] == (
        "When did French forces begin a military offensive in northern Mali?",
        "When is the first battalion slated to be ready?",
    )  # fmt: skip
    assert (len(first), silent.suggest(3)) == (6, first[:3])
    for question in first:
        assert quoth.ask(question).answered
    assert quoth.ask("Hello!").abstention.suggestions == first[:3]  # type: ignore[union-attr]
    assert Assistant(quoth.index, quoth.config, quoth.reader).suggest(3) == ()


def test_an_abstention_suggests_what_is_nearest_to_the_question(quoth: Assistant) -> None:
    strict = Assistant(quoth.index, Config(threshold=0.7), quoth.reader, known=quoth.known)
    abstention = strict.ask("Which road lies ahead of those who govern?").abstention
    assert abstention is not None
    assert abstention.suggestions[0] == "What is in the section “The Road Ahead”?"
    assert len(abstention.suggestions) == 3
    assert all(strict.ask(question).answered for question in abstention.suggestions)
