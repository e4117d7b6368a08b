"""Rows: extractive questions over a paragraph, with the offsets of their answers."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

# The articles reserved for final tests; no training data may come from them.
RESERVED = frozenset(
    [
        "1973_oil_crisis",
        "Computational_complexity_theory",
        "European_Union_law",
        "Force",
        "French_and_Indian_War",
        "Harvard_University",
        "Huguenot",
        "Immune_system",
        "Imperialism",
        "Islamism",
        "Normans",
        "Packet_switching",
        "Scottish_Parliament",
        "Steam_engine",
        "Warsaw",
        "Yuan_dynasty",
    ]
)


@dataclass(frozen=True, slots=True)
class Row:
    """A question, its paragraph, and the answers' offsets in it, none if unanswerable; `turns` precede it."""

    question: str
    context: str
    answers: tuple[tuple[int, int], ...]
    source: str
    article: str
    turns: tuple[str, ...] = ()


def read_rows(path: Path) -> list[Row]:
    """Read `rows.jsonl.gz`; raises ValueError if a row is of a reserved article."""
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            item = json.loads(line)
            if item["article"].rpartition("/")[2] in RESERVED:
                raise ValueError(f"{path} has the reserved article {item['article']}")
            answers = tuple((a["start"], a["start"] + len(a["text"])) for a in item["answers"])
            rows.append(Row(item["question"].strip(), item["context"], answers, item["source"], item["article"]))
    return rows
