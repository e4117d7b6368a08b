"""A summary of the feedback: answers rated wrong, questions asked, questions unanswered."""

from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from assistant.feedback import REASONS, Record
from assistant.render import printable
from assistant.unanswered import Unanswered

MAX_QUESTIONS = 20  # questions in a list


def insights_text(records: Sequence[Record], waiting: Sequence[Unanswered] = ()) -> Text:
    """Summarize feedback as text for a terminal."""
    text = Text()
    helpful = sum(record.helpful is True for record in records)
    wrong = [record for record in records if record.helpful is False]
    summary = f"{len(records)} questions kept, {helpful + len(wrong)} rated: {helpful} helpful, {len(wrong)} not.\n"
    text.append(summary, "bold")
    put_waiting(text, waiting)
    for reason, words in [*REASONS.items(), (None, "No reason given")]:
        put_wrong(text, words, [record for record in wrong if record.reason == reason])
    unanswered = [record for record in records if not record.answered]
    put_counted(text, "Unanswered", unanswered)
    put_counted(text, "Asked", records)
    text.rstrip()
    return text


def put_waiting(text: Text, waiting: Sequence[Unanswered]) -> None:
    """Add the questions that somebody waits to have answered, each with where to."""
    if not waiting:
        return
    text.append(f"\nTo be answered ({len(waiting)}); --forget ID deletes one\n", "yellow")
    for question in waiting:
        text.append(f"  {question.asked[:10]}  {printable(question.question)}\n")
        whom = f"; {printable(question.contact)} was named" if question.contact else ""
        text.append(f"              to {printable(question.address)}{whom}; {question.id[:8]}\n", "dim")


def put_wrong(text: Text, heading: str, records: Sequence[Record]) -> None:
    """Add the answers rated wrong for one reason, with the places of their quotations."""
    if not records:
        return
    text.append(f"\n{heading} ({len(records)})\n", "yellow")
    for record in records:
        text.append(f"  {record.asked[:10]}  {printable(record.standalone_question)}\n")
        places = ", ".join(f"{quoted.document} {quoted.start}–{quoted.end}" for quoted in record.quotations)
        outcome = "quoted" if record.answered else "abstained, nearest"
        text.append(f"              {outcome} {places or 'nothing'}; confidence {record.confidence:.2f}\n", "dim")


def put_counted(text: Text, heading: str, records: Sequence[Record]) -> None:
    """Add questions by how often they were asked."""
    if not records:
        return
    counted = Counter(" ".join(record.standalone_question.split()) for record in records).most_common()
    text.append(f"\n{heading} ({len(records)})\n", "yellow")
    for question, times in counted[:MAX_QUESTIONS]:
        text.append(f"  {times:4} × {printable(question)}\n")
    if len(counted) > MAX_QUESTIONS:
        text.append(f"         and {len(counted) - MAX_QUESTIONS} others\n", "dim")
