"""The context of sentences: a list's lead-in, the question they answer, the beginning of a broken sentence.

Context is matched and read together with the sentence, and never quoted with it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from index.document.lines import BULLET, CLOSERS, SENTENCE_END
from index.document.types import Paragraph, Section, Sentence

LONGEST_LEAD = 400  # characters
CAPTION_WORDS = 25
MOST_ANSWERS = 6  # paragraphs after a question that have it as context
LISTED = ("item", "row", "code")
LEADING = (":", "：", "—", "–")  # the end of a sentence that leads in what follows

BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[^\S\r\n]*[\r\n]")

Level = tuple[int, str]  # indent, kind of numbering


def with_contexts(text: str, sections: Iterable[Section]) -> tuple[Section, ...]:
    """Add contexts to the sentences of sections."""
    return tuple(
        replace(section, paragraphs=tuple(add_contexts(text, section.paragraphs, section.heading_line)))
        for section in sections
    )


def add_contexts(text: str, paragraphs: Iterable[Paragraph], heading: Sentence | None = None) -> Iterator[Paragraph]:
    """Add contexts to the sentences of a section's paragraphs."""
    question, lead_in = QuestionContext(heading if heading and heading.asks else None), LeadIn()
    before: Paragraph | None = None
    for paragraph in paragraphs:
        if is_question(paragraph) and not (paragraph.kind == "item" and lead_in.context_for("item")):
            question, lead_in = QuestionContext(paragraph.sentences[-1]), LeadIn()
            yield paragraph
        else:
            asked = question.context_of(paragraph)
            if paragraph.kind not in LISTED:
                asked = opening_question(paragraph) or asked
                context = continued_sentence(before, paragraph) or lead_in.continued_list(before, paragraph)
                lead_in = LeadIn(paragraph.sentences[-1] if paragraph.sentences else None)
            else:
                if (
                    paragraph.kind == "row"
                    and before
                    and before.kind == "row"
                    and blank_line_between(text, before, paragraph)
                ):
                    lead_in = LeadIn()
                context = lead_in.context_for(paragraph.kind)
                if paragraph.kind == "item" and not context:
                    asked = opening_question(paragraph) or asked
                if paragraph.kind == "item":
                    context = (*context, *lead_in.items_above(level_of(paragraph), paragraph))
            yield with_context(paragraph, (*asked, *context))
        before = paragraph


class QuestionContext:
    """The question before some paragraphs, and the number of paragraphs since."""

    def __init__(self, question: Sentence | None = None) -> None:
        self.question, self.answers = question, 0

    def context_of(self, paragraph: Paragraph) -> tuple[Sentence, ...]:
        """Return the question, if it is near enough."""
        self.answers += paragraph.kind not in LISTED
        return (self.question,) if self.question and self.answers <= MOST_ANSWERS else ()


class LeadIn:
    """The sentence before a list, a table or code, and the items above the current one."""

    def __init__(self, sentence: Sentence | None = None) -> None:
        self.sentence = sentence
        self.items: list[tuple[Level, Sentence]] = []

    def context_for(self, kind: str) -> tuple[Sentence, ...]:
        """Return the sentence if it introduces such a block: it has a colon or no end, or is a short caption."""
        sentence = self.sentence
        if sentence is None or len(sentence.text) > LONGEST_LEAD:
            return ()
        caption = kind != "item" and len(sentence.plain.split()) <= CAPTION_WORDS
        return (sentence,) if caption or sentence.plain.endswith((*LEADING, "…", "...")) or not ends(sentence) else ()

    def items_above(self, level: Level, item: Paragraph) -> tuple[Sentence, ...]:
        """Return the items that an item is nested under, and add it for those that follow."""
        self.items = list(levels_above(self.items, level))
        above = tuple(sentence for _, sentence in self.items)
        if item.sentences:
            last = item.sentences[-1]
            self.items.append((level, last if last.plain.endswith(LEADING) else item.sentences[0]))
        return above

    def continued_list(self, before: Paragraph | None, paragraph: Paragraph) -> tuple[Sentence, ...]:
        """Return what led in the list before a paragraph that goes on with the sentence of "A master who—"."""
        if before is None or before.kind != "item" or not paragraph.text[0].islower():
            return ()
        leads = [sentence for _, sentence in self.items if sentence.plain.endswith(LEADING)]
        return (*self.context_for("item"), *leads[:1])


def blank_line_between(text: str, before: Paragraph, paragraph: Paragraph) -> bool:
    """Whether there is a blank line between two paragraphs."""
    return bool(BLANK_LINE.search(text[before.end : paragraph.start]))


def is_question(paragraph: Paragraph) -> bool:
    """Whether all sentences of a paragraph are questions."""
    return bool(paragraph.sentences) and all(sentence.asks for sentence in paragraph.sentences)


def opening_question(paragraph: Paragraph) -> tuple[Sentence, ...]:
    """Return the question that a paragraph begins with and answers: "What does it cost? Thirty crowns a year."."""
    first = paragraph.sentences[:1]
    return first if first and first[0].asks else ()


def ends(sentence: Sentence) -> bool:
    """Whether a sentence ends in sentence punctuation."""
    return sentence.plain.rstrip(CLOSERS).endswith(SENTENCE_END)


def continued_sentence(before: Paragraph | None, paragraph: Paragraph) -> tuple[Sentence, ...]:
    """Return the sentence that a paragraph continues, if it was interrupted by a page's notes or a formula."""
    if before is None or before.kind in LISTED or not before.sentences or not paragraph.sentences:
        return ()
    last = before.sentences[-1]
    if paragraph.text[0].islower() and len(last.text) <= LONGEST_LEAD and not last.plain.endswith((".", "!", "?")):
        return (last,)
    return ()


def level_of(item: Paragraph) -> Level:
    """Return an item's indent and the kind of its label: a bullet, `1.`, `(a)`."""
    bullet = BULLET.match(item.text)
    label = bullet[0].strip() if bullet else ""
    kind = "".join("1" if c.isdigit() else "a" if c.isalpha() else c for c in label)
    return item.level, kind.replace("11", "1").replace("aa", "a").replace("aa", "a")


def levels_above(above: Iterable[tuple[Level, Sentence]], level: Level) -> Iterator[tuple[Level, Sentence]]:
    """Yield the items above one of some level: those with less indent, or that introduce another numbering."""
    for item_level, item in above:
        if item_level == level or item_level[0] > level[0]:
            return
        if item_level[0] < level[0] or item.plain.endswith(LEADING):
            yield item_level, item


def with_context(paragraph: Paragraph, context: tuple[Sentence, ...]) -> Paragraph:
    """Set the context of a paragraph's sentences, but for those that are context themselves."""
    if not context:
        return paragraph
    bare = tuple(replace(sentence, context=()) for sentence in context)
    starts = {sentence.start for sentence in context}
    sentences = (s if s.start in starts else replace(s, context=bare) for s in paragraph.sentences)
    return replace(paragraph, sentences=tuple(sentences))
