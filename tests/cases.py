"""Small documents with questions and what is right: `NAME.txt` beside `NAME.json`, a list of questions.

    python -m tests.cases [FOLDER] [NAME ...]      asks them and prints what came out otherwise

FOLDER is `../shared/cases` beside the repository, or what `QUOTH_CASES` names.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant import Assistant
from assistant.config import Config
from assistant.reader import Reader
from assistant.reader.load import load_reader
from assistant.types import Answer
from index.dense import Encoder
from index.document.sources import read_source
from index.encoders import load_encoder
from index.store import make_index

ROOT = Path(__file__).parent.parent
FOLDER = Path(os.environ.get("QUOTH_CASES", ROOT.parent / "shared" / "cases"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a case with its answer and what is wrong with it: the keys of `expect` that it does not meet."""

    case: str
    question: str
    answer: Answer
    expect: Mapping[str, Any]
    wrong: tuple[str, ...]

    @property
    def name(self) -> str:
        """The case and the question, which tell it from all others."""
        return f"{self.case}: {self.question}"


def squeeze(text: str | None) -> str:
    """A text with each run of white space as one space."""
    return re.sub(r"\s+", " ", text or "").strip()


def quotation(answer: Answer) -> str:
    """The first quotation, white space folded."""
    return squeeze(answer.evidence[0].quote) if answer.evidence else ""


def sources(answer: Answer) -> str:
    """The works behind the first quotation and the numbers' own notes, as text."""
    notes = answer.evidence[0].footnotes if answer.evidence else ()
    return squeeze(" | ".join(work.text for note in notes for work in note.sources))


CHECKS: Mapping[str, Callable[[Answer, Any], bool]] = {
    "answered": lambda answer, value: answer.answered == value,
    "quote": lambda answer, value: squeeze(value) in quotation(answer),
    "whole": lambda answer, value: squeeze(value) == quotation(answer),
    "answer": lambda answer, value: squeeze(value) in squeeze(answer.answer),
    "answer_is": lambda answer, value: squeeze(value) == squeeze(answer.answer),
    "not_in_answer": lambda answer, value: squeeze(value) not in squeeze(answer.answer),
    "notes": lambda answer, value: (
        bool(answer.evidence) and sorted(note.number for note in answer.evidence[0].footnotes) == sorted(value)
    ),
    "sources": lambda answer, value: squeeze(value) in sources(answer),
    "not_sources": lambda answer, value: squeeze(value) not in sources(answer),
    "standalone": lambda answer, value: squeeze(value) == squeeze(answer.standalone_question),
}


def ask_case(path: Path, encoder: Encoder, reader: Reader) -> Iterator[Asked]:
    """The questions of the case at `path`, its `.txt`, asked one by one."""
    quoth = Assistant(make_index([read_source(path)], encoder), Config(), reader)
    for case in json.loads(path.with_suffix(".json").read_text("utf-8")):
        answer = quoth.ask(case["question"], case.get("history", ()))
        wrong = tuple(key for key, value in case["expect"].items() if not CHECKS[key](answer, value))
        yield Asked(path.stem, case["question"], answer, case["expect"], wrong)


def main() -> None:
    """Ask every case, or those whose names begin as given, and print what came out otherwise."""
    given = sys.argv[1:]
    folder = Path(given.pop(0)) if given and Path(given[0]).is_dir() else FOLDER
    encoder, reader = load_encoder(), load_reader(Config().reader)
    paths = [p for p in sorted(folder.glob("*.txt")) if not given or p.stem.startswith(tuple(given))]
    asked = [case for path in paths for case in ask_case(path, encoder, reader)]
    for asked_one in asked:
        if asked_one.wrong:
            print(f"{asked_one.name}\n    wrong: {', '.join(asked_one.wrong)}; expected {dict(asked_one.expect)}")
            notes = (
                [note.number for note in asked_one.answer.evidence[0].footnotes] if asked_one.answer.evidence else []
            )
            print(
                f"    {asked_one.answer.confidence:.3f} {asked_one.answer.answer!r} in {quotation(asked_one.answer)!r} {notes}"
            )
            if nearest := asked_one.answer.abstention and asked_one.answer.abstention.nearest:
                print(f"    nearest {squeeze(nearest[0].quote)!r}")
    print(f"{sum(not case.wrong for case in asked)} of {len(asked)} as expected")


if __name__ == "__main__":
    main()
