"""Whole lists as quotations, where several things are asked for."""

from collections.abc import Callable

import pytest

from assistant import Assistant

LEAVE = """Leave

Sick leave may be spent on:

- doctors, for you or your family[1]
- mental health
  - talks with a counsellor
- rest after an operation

Leave on a public holiday is paid twice.

Other leave

1. Mourning takes three days.
2. Moving house takes one day.

[1] Dentists count as doctors.
"""


def test_a_list_is_quoted_whole_with_its_lead_in_and_its_notes(ask_text: Callable[..., Assistant]) -> None:
    answer = ask_text(LEAVE).ask("Which doctors may sick leave be spent on?")
    first = answer.evidence[0]
    start, end = LEAVE.index("Sick leave may"), LEAVE.index("\n\nLeave on")
    assert (first.start, first.end, first.quote) == (start, end, LEAVE[start:end])
    assert LEAVE[first.answer_start : first.answer_end] == answer.answer == LEAVE[LEAVE.index("- doctors") : end]
    assert [note.number for note in first.footnotes] == [1]
    assert not [other for other in answer.evidence[1:] if start <= other.start < end]


@pytest.mark.parametrize(
    ("question", "beginning"),
    [
        (
            "Which operations need rest?",
            "Sick leave may be spent on:\n\n- doctors",
        ),  # an item leads to the whole
        ("What may sick leave be spent on?", "Sick leave may be spent on:\n\n- doctors"),  # a lead-in is not left alone
        ("Is mental health in it?", "- mental health"),  # one thing is asked for
        ("Which days does mourning take?", "1. Mourning takes three days.\n2. Moving house takes one day."),
        ("Which holidays are paid twice?", "Leave on a public holiday is paid twice."),  # in no list
    ],
)
def test_what_is_quoted_whole(ask_text: Callable[..., Assistant], question: str, beginning: str) -> None:
    assert ask_text(LEAVE).ask(question).evidence[0].quote.startswith(beginning)


def test_a_long_list_is_not_quoted_whole(ask_text: Callable[..., Assistant]) -> None:
    items = [f"- {word}, which is long: {'and so on, ' * 20}" for word in ("rain", "snow", "hail", "fog", "frost")]
    text = "These count:\n\n" + "\n".join(items) + "\n"
    assert ask_text(text).ask("Which kinds of hail count?").evidence[0].quote == items[2].strip()
