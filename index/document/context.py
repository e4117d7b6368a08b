"""What a sentence is read behind: a list's lead-in, the question it answers, the beginning of a broken sentence.

Such context is matched and read along, and never quoted with the sentence.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from index.document.lines import BULLET, CLOSERS, SENTENCE_END
from index.document.types import Paragraph, Section, Sentence

LONGEST_LEAD = 400  # characters
CAPTION_WORDS = 25
MOST_ANSWERS = 6  # paragraphs that a question leads in
LISTED = ("item", "row", "code")

BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[^\S\r\n]*[\r\n]")

Level = tuple[int, str]  # how far set in, and the kind of number


def with_contexts(text: str, sections: Iterable[Section]) -> tuple[Section, ...]:
    """Sections whose sentences have their contexts."""
    return tuple(replace(section, paragraphs=tuple(lead(text, section.paragraphs))) for section in sections)


def lead(text: str, paragraphs: Iterable[Paragraph]) -> Iterator[Paragraph]:
    """The paragraphs of a section with what leads each of them in."""
    asked, leading = Asked(), Leading()
    before: Paragraph | None = None
    for paragraph in paragraphs:
        if is_question(paragraph) and not (paragraph.kind == "item" and leading.to("item")):
            asked, leading = Asked(paragraph.sentences[-1]), Leading()
            yield paragraph
        else:
            if paragraph.kind not in LISTED:
                context = broken_off(before, paragraph)
                leading = Leading(paragraph.sentences[-1] if paragraph.sentences else None)
            else:
                if paragraph.kind == "row" and before and before.kind == "row" and parted(text, before, paragraph):
                    leading = Leading()
                context = leading.to(paragraph.kind)
                if paragraph.kind == "item":
                    context = (*context, *leading.above(level_of(paragraph), paragraph))
            yield with_context(paragraph, (*asked.by(paragraph), *context))
        before = paragraph


class Asked:
    """The question that paragraphs stand under, and how many there were."""

    def __init__(self, question: Sentence | None = None) -> None:
        self.question, self.answers = question, 0

    def by(self, paragraph: Paragraph) -> tuple[Sentence, ...]:
        """The question, as long as it is near."""
        self.answers += paragraph.kind not in LISTED
        return (self.question,) if self.question and self.answers <= MOST_ANSWERS else ()


class Leading:
    """The sentence before a list, a table or code, and the items that one stands under."""

    def __init__(self, sentence: Sentence | None = None) -> None:
        self.sentence = sentence
        self.items: list[tuple[Level, Sentence]] = []

    def to(self, kind: str) -> tuple[Sentence, ...]:
        """The sentence, if it leads in such a block: one with a colon or without an end, to a table a short one too."""
        one = self.sentence
        if one is None or len(one.text) > LONGEST_LEAD:
            return ()
        caption = kind != "item" and len(one.plain.split()) <= CAPTION_WORDS
        return (one,) if caption or one.plain.endswith((":", "：", "…", "...")) or not ends(one) else ()

    def above(self, level: Level, item: Paragraph) -> tuple[Sentence, ...]:
        """The items that an item stands under; it is remembered for those behind it."""
        self.items = list(levels_above(self.items, level))
        found = tuple(sentence for _, sentence in self.items)
        if item.sentences:
            last = item.sentences[-1]
            self.items.append((level, last if last.plain.endswith(":") else item.sentences[0]))
        return found


def parted(text: str, before: Paragraph, paragraph: Paragraph) -> bool:
    """Whether a blank line stands between two paragraphs."""
    return bool(BLANK_LINE.search(text[before.end : paragraph.start]))


def is_question(paragraph: Paragraph) -> bool:
    """Whether a paragraph asks, and does nothing else."""
    return bool(paragraph.sentences) and all(sentence.asks for sentence in paragraph.sentences)


def ends(sentence: Sentence) -> bool:
    """Whether a sentence ends as one."""
    return sentence.plain.rstrip(CLOSERS).endswith(SENTENCE_END)


def broken_off(before: Paragraph | None, paragraph: Paragraph) -> tuple[Sentence, ...]:
    """The sentence that a paragraph goes on with, where that was broken off: by a page's notes, or a formula."""
    if before is None or before.kind in LISTED or not before.sentences or not paragraph.sentences:
        return ()
    last = before.sentences[-1]
    if paragraph.text[0].islower() and len(last.text) <= LONGEST_LEAD and not last.plain.endswith((".", "!", "?")):
        return (last,)
    return ()


def level_of(item: Paragraph) -> Level:
    """How deep an item stands, and how it is numbered: with a bullet, `1.`, `(a)`."""
    bullet = BULLET.match(item.text)
    label = bullet[0].strip() if bullet else ""
    kind = "".join("1" if c.isdigit() else "a" if c.isalpha() else c for c in label)
    return item.level, kind.replace("11", "1").replace("aa", "a").replace("aa", "a")


def levels_above(above: Iterable[tuple[Level, Sentence]], level: Level) -> Iterator[tuple[Level, Sentence]]:
    """Those items that one of some level stands under: such as are set in less, or lead in another numbering."""
    for one, item in above:
        if one == level or one[0] > level[0]:
            return
        if one[0] < level[0] or item.plain.endswith(":"):
            yield one, item


def with_context(paragraph: Paragraph, context: tuple[Sentence, ...]) -> Paragraph:
    """A paragraph whose sentences are read behind some others."""
    if not context:
        return paragraph
    bare = tuple(replace(one, context=()) for one in context)
    return replace(paragraph, sentences=tuple(replace(one, context=bare) for one in paragraph.sentences))
