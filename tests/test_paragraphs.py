"""Whole paragraphs as quotations."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from assistant import Assistant

TEXT = """Rain

The river rose in May.[1] Two bridges were closed. The mayor asked for help.

Snow fell in June. Nobody had expected snow.

1. Annual report of the weather office. It counts every storm.
"""


@pytest.fixture
def quoth(ask_text: Callable[..., Assistant]) -> Assistant:
    quoth = ask_text(TEXT)
    return Assistant(quoth.index, replace(quoth.config, unit="paragraph"), quoth.reader, known=quoth.known)


def test_a_paragraph_is_quoted_whole_with_the_notes_of_all_its_sentences(quoth: Assistant) -> None:
    first = quoth.ask("Which bridges were closed?").evidence[0]
    assert first.quote == "The river rose in May.[1] Two bridges were closed. The mayor asked for help."
    assert TEXT[first.start : first.end] == first.quote
    assert TEXT[first.answer_start : first.answer_end] == "Two bridges were closed."
    assert (first.paragraph, first.section, first.passage) == (1, "Rain", "doc1#1")
    assert [note.number for note in first.footnotes] == [1]


def test_each_paragraph_is_quoted_once(quoth: Assistant) -> None:
    evidence = quoth.ask("When did snow fall?").evidence
    assert evidence[0].quote == "Snow fell in June. Nobody had expected snow."
    assert len({(quoth.start, quoth.end) for quoth in evidence}) == len(evidence)


def test_a_note_is_quoted_whole(quoth: Assistant) -> None:
    first = quoth.ask("Who counts every storm?").evidence[0]
    assert first.quote == "Annual report of the weather office. It counts every storm."
    assert first.footnote == 1
