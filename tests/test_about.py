"""Questions about the document itself are answered from its structure."""

from collections.abc import Callable

import pytest

from assistant import Assistant

TEA = """Tea and Trade

By Ann Roe

Tea came by ship.[1] Tea was dear.

Early Ships

Ships were slow and ships were small. The crew drank beer. Slow ships sank.

Late Ships

Steam ships were fast.[2] Fast steam ships won the tea trade. Nobody sang.

[1] Bo Lo, “Tea,” Press, 2001. It is a good book.
[2] Ibid.
"""


@pytest.mark.parametrize(
    ("question", "quotes"),
    [
        ("What does note 1 say?", ["Bo Lo, “Tea,” Press, 2001. It is a good book."]),
        ("What's in footnote [2]?", ["Ibid."]),
        ("What is in the section on early ships?", ["Ships were slow and ships were small.", "The crew drank beer.", "Slow ships sank."]),
        ("What is said under “Late Ships”?", ["Steam ships were fast.", "Fast steam ships won the tea trade.", "Nobody sang."]),
        ("What does it conclude?", ["Steam ships were fast.", "Fast steam ships won the tea trade.", "Nobody sang."]),
    ],
)  # fmt: skip
def test_the_document_itself(ask_text: Callable[..., Assistant], question: str, quotes: list[str]) -> None:
    answer = ask_text(TEA).ask(question)
    assert answer.answered
    assert [evidence.quote for evidence in answer.evidence] == quotes
    assert answer.needed == len(quotes)


def test_what_it_is_about_is_three_of_its_sentences(ask_text: Callable[..., Assistant]) -> None:
    answer = ask_text(TEA).ask("What is this about?")
    assert answer.needed == 3
    starts = [evidence.start for evidence in answer.evidence]
    assert starts == sorted(starts)
    assert "Tea was dear." not in [evidence.quote for evidence in answer.evidence]


@pytest.mark.parametrize(
    "question",
    [
        "What does note 9 say?",
        "What does it conclude about beer?",
        "Who wrote the report on tea?",
        "What is under water?",
    ],
)
def test_other_questions_are_read_for(ask_text: Callable[..., Assistant], question: str) -> None:
    answer = ask_text(TEA, threshold=0).ask(question)
    assert answer.confidence < 1
    assert answer.needed == 1


def test_how_many_notes_there_are_is_the_last_ones_number(ask_text: Callable[..., Assistant]) -> None:
    answer = ask_text(TEA).ask("How many notes are there?")
    assert (answer.answer, answer.evidence[0].quote) == ("2", "[2] Ibid.")
    assert (answer.evidence[0].footnote, answer.confidence) == (2, 1.0)


def test_notes_that_are_not_numbered_through_are_not_counted(ask_text: Callable[..., Assistant]) -> None:
    text = TEA.replace("[2]", "[4]").replace("[1]", "[3]")
    answer = ask_text(text, threshold=0.9).ask("How many footnotes does it have?")
    assert not answer.answered


@pytest.mark.parametrize("question", ["Which sources does it cite?", "What are its sources?", "List the references."])
def test_its_sources_are_the_notes_that_name_works(ask_text: Callable[..., Assistant], question: str) -> None:
    text = TEA.replace("[2] Ibid.", "[2] Cy Po, “Ships,” Press, 1999.\n[3] Ibid.").replace("sank.", "sank.[3]")
    answer = ask_text(text).ask(question)
    assert [evidence.quote for evidence in answer.evidence] == [
        "Cy Po, “Ships,” Press, 1999.",
        "Bo Lo, “Tea,” Press, 2001.",
    ]
    assert answer.needed == 2
