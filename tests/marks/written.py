"""A text with many notes, for formats of which few real files have as many.

python -m tests.marks.written FOLDER [NOTES]      writes written.md, .docx and .odt there, with 120 notes or as many
"""

import random
import sys
from pathlib import Path

WORDS = (  # noqa: SIM905
    "harbour ledger copper winter mule toll bridge salt keeper lantern ferry granite orchard weaver charter tide gauge "
    "mill quarry parish steam clock canal rope anchor barley flood market tanner vault"
).split()
PER_PARAGRAPH, PER_CHAPTER = 2, 10  # notes


def some_words(count: int, chance: random.Random) -> str:
    """So many words, the first with a capital."""
    return " ".join(chance.choice(WORDS) for _ in range(count)).capitalize()


def write_markdown(notes: int) -> str:
    """Chapters of paragraphs with notes, every third of these in two paragraphs."""
    chance = random.Random(4)
    body, below = "", ""
    for number in range(1, notes + 1):
        if number % PER_CHAPTER == 1:
            body += f"\n\n# {some_words(3, chance)}"
        body += "\n\n" if number % PER_PARAGRAPH else " "
        body += f"{some_words(9, chance)} {1500 + number}.[^{number}] {some_words(7, chance)}."
        more = f"\n\n    {some_words(5, chance)}." if number % 3 == 0 else ""
        below += f"\n\n[^{number}]: {some_words(6, chance)}, p. {number}.{more}"
    return body.strip() + below + "\n"


def main() -> None:
    import pypandoc

    folder = Path(sys.argv[1])
    text = write_markdown(int(sys.argv[2]) if len(sys.argv) > 2 else 120)
    (folder / "written.md").write_text(text, "utf-8")
    for suffix in ("docx", "odt"):
        pypandoc.convert_text(text, suffix, format="markdown", outputfile=str(folder / f"written.{suffix}"))


if __name__ == "__main__":
    main()
