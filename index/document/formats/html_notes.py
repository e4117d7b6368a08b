"""Which links of a page are markers, which elements their notes, which links lead back.

Wikis and tools mark these in a dozen ways: by role (`doc-noteref`), by class (`footnote-ref`), by `aria-describedby`,
by the name of the target (`#cite_note-1`, `#fn:1`, `#_ftn1`), or only by a raised number that leads on the page.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from lxml.html import HtmlElement

NOTEREF = re.compile(r"\b(?:doc-noteref|noteref|doc-biblioref)\b")
NOTE_ROLE = re.compile(r"\bdoc-(?:footnote|endnote|biblioentry)\b")
BACKLINK = re.compile(r"\b(?:doc-backlink|backlink|referrer)\b")
REF_CLASS = re.compile(
    r"(?:^|\s)(?:footnote-?ref(?:erence)?|noteref|fn|fn_top|fnref|citation-reference|see-footnote|footnote_referrer)(?:\s|$)"
)
BACK_CLASS = re.compile(
    r"(?:^|\s)(?:footnote-?back(?:ref)?|reversefootnote|fn_bot|fn-backref|mw-cite-backlink|backlink|data-footnote-backref)(?:\s|$)"
)
TARGET = re.compile(
    r"(?:^|[-_:.#/])(?:_?(?:fn|ftn|edn|en)(?:[-_:.]|\d|$)|cite_note|footnotes?|endnotes?|notes?(?:[-_:.]|\d))",
    re.IGNORECASE,
)
LABEL = re.compile(
    r"\s*[\[(]?\s*(?:(?:nb|note|n|fn)\.?\s?)?(?P<label>\d{1,4}|[A-Za-z]{1,2}|[ivxlc]{1,6}|[*†‡§¶‖#]{1,4})(?::\d{1,3})?\s*[\])]?\s*[.:]?\s*"
)
SEVERAL = re.compile(r"\s*[\[(]?\s*\d{1,4}(?:\s?[,;–—-]\s?\d{1,4})+\s*[\])]?\s*")  # labels of several notes
SPOKEN = re.compile(r"\s*(?:foot)?notes?\b", re.IGNORECASE)
LEADING = re.compile(
    r"\s*(?:[\^↑↩]\s*)?(?:(?:[\[(]\s*)?(?:\d{1,4}|[*†‡§¶‖]{1,4})\s*[\]).:]+\s*|[*†‡§¶‖]{1,4}\s+|[\^↑]\s*|[\[(]\s*[\])]\s*|[.):]\s+)"
)
BACK_WORDS = re.compile(r"\b(?:back|return|jump|up|top|text|nb|note|fn|ref)\b", re.IGNORECASE)
SIDE_NOTE = re.compile(r"(?:^|\s)(?:side|margin)-?note(?:\s|$)")
SIDE_LABEL = re.compile(r"(?:^|\s)(?:margin-toggle|sidenote-(?:number|toggle))(?:\s|$)")
LONGEST_BACK = 40  # characters
BARE_NUMBER = re.compile(r"\s*\d{1,4}\s+")
CONTAINERS = frozenset(("li", "aside", "div", "p", "dd", "td", "tr", "section", "blockquote", "article", "table"))
WRAPPERS = frozenset(("li", "aside", "div", "dd", "table", "tbody", "tr"))
NO_NOTES = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "body", "main", "html", "nav"))
LONGEST_NOTE = 20_000  # characters


@dataclass(frozen=True, slots=True)
class Links:
    """A page's markers, each with its note's element; the notes in the order they are first marked; links back."""

    refs: dict[HtmlElement, HtmlElement]
    notes: tuple[HtmlElement, ...]
    labels: dict[HtmlElement, str]
    backs: frozenset[HtmlElement]


def find_links(root: HtmlElement) -> Links:
    """The markers and notes of a page."""
    targets = find_targets(root)
    places = {
        element: place for place, element in enumerate(root.iter("*")) if element.tag == "a" or is_target(element)
    }
    markers: dict[HtmlElement, HtmlElement] = {}
    backs: set[HtmlElement] = set()
    for link in root.iter("a"):
        target = target_of(link, targets, places)
        if says_back(link) or (target is not None and is_back(link, target, markers)):
            backs.add(link)
        elif target is None or target is link:
            continue
        elif (is_marker(link) or says_note(target)) and is_note_target(target, link):
            markers[link] = target
    markers |= find_side_notes(root)
    ends = set(markers.values())
    refs = {
        link: target if SIDE_NOTE.search(target.get("class") or "") else container(target, ends, markers)
        for link, target in markers.items()
    }
    refs = {link: note for link, note in refs.items() if link not in note.iterdescendants() and fits(note)}
    notes = tuple(dict.fromkeys(refs.values()))
    labels: dict[HtmlElement, str] = {}
    for link, note in refs.items():
        labels[note] = labels.get(note) or label_of(link)
    return Links(refs, notes, labels, frozenset(backs))


def find_side_notes(root: HtmlElement) -> dict[HtmlElement, HtmlElement]:
    """Notes set beside the text, as Tufte CSS does: a label, a box to tick, and the note at the marker's place."""
    found = {}
    for label in root.iter("label"):
        following = (one for one in label.itersiblings("span", "small", "aside"))
        note = next((one for one in following if SIDE_NOTE.search(one.get("class") or "")), None)
        if note is not None and SIDE_LABEL.search(label.get("class") or ""):
            found[label] = note
    return found


def is_target(element: HtmlElement) -> bool:
    """Whether links can lead to an element."""
    return bool(element.get("id") or (element.tag == "a" and element.get("name")))


def find_targets(root: HtmlElement) -> dict[str, list[HtmlElement]]:
    """The elements that links of a page can lead to, by id or name; pages that were joined may use one twice."""
    targets: dict[str, list[HtmlElement]] = {}
    for element in root.iter("*"):
        for name in {element.get("id"), element.get("name") if element.tag == "a" else None} - {None, ""}:
            targets.setdefault(str(name), []).append(element)
    return targets


def target_of(
    link: HtmlElement, targets: dict[str, list[HtmlElement]], places: dict[HtmlElement, int]
) -> HtmlElement | None:
    """The element of the page that a link leads to, of several the next behind it; None where it leads elsewhere."""
    _, mark, fragment = (link.get("href") or "").strip().partition("#")
    if not mark or not fragment or (link.get("href") or "").strip()[0] != "#":
        return None
    elements = targets.get(fragment) or targets.get(unquote(fragment)) or []
    return next((element for element in elements if places[element] > places[link]), elements[-1] if elements else None)


def attributes(element: HtmlElement) -> str:
    """Its role and EPUB type."""
    return f"{element.get('role') or ''} {element.get('epub:type') or ''}"


def says_back(link: HtmlElement) -> bool:
    """Whether a link says of itself that it leads from a note to its marker."""
    said = link.get("rev") == "footnote" or "data-footnote-backref" in link.attrib
    return bool(said or BACKLINK.search(attributes(link)) or BACK_CLASS.search(link.get("class") or ""))


def is_back(link: HtmlElement, target: HtmlElement, markers: dict[HtmlElement, HtmlElement]) -> bool:
    """Whether a link leads to a marker that was found, in words that say no more than that."""
    words = link.text_content()
    if len(words) > LONGEST_BACK or (re.search(r"[^\W\d_]{2}", words) and not BACK_WORDS.search(words)):
        return False
    near = [target, *target.iterchildren(), *(target.iterancestors("sup", "a"))]
    return any(node in markers for node in near) or any(node in markers for node in target.iterdescendants("a"))


def is_marker(link: HtmlElement) -> bool:
    """Whether a link to a place on the page looks like a marker."""
    words = link.text_content()
    parent = link.getparent()
    classes = link.get("class") or ""
    if NOTEREF.search(attributes(link)) or "data-footnote-ref" in link.attrib:
        return True
    if "footnote" in (link.get("aria-describedby") or "") or REF_CLASS.search(classes):
        return len(words) < 40
    if not LABEL.fullmatch(words):
        return False
    raised = parent is not None and (
        parent.tag == "sup" or (parent.getparent() is not None and parent.getparent().tag == "sup")
    )
    if raised or any(True for _ in link.iterchildren("sup")):
        return True
    if SPOKEN.match(words):  # "see note 24"
        return False
    return bool(TARGET.search((link.get("href") or "").rpartition("#")[2])) and bool(re.search(r"\d|[*†‡]", words))


def says_note(target: HtmlElement) -> bool:
    """Whether an element says of itself that it is a note or an entry of a reference list."""
    return bool(NOTE_ROLE.search(attributes(target)) or "citation-label" in (target.get("class") or "").split())


def is_note_target(target: HtmlElement, link: HtmlElement) -> bool:
    """Whether an element can be a note, or stand in one: no heading, nothing that holds the marker."""
    return target.tag not in NO_NOTES and target not in link.iterancestors()


def container(target: HtmlElement, ends: set[HtmlElement], refs: dict[HtmlElement, HtmlElement]) -> HtmlElement:
    """The element that holds a whole note, given one that a marker leads to."""
    note = target
    if (parent := target.getparent()) is not None and parent.tag == "dt":
        note = parent
    if note.tag == "dt" and note.getnext() is not None and note.getnext().tag == "dd":
        return note.getnext()
    while note.tag not in CONTAINERS and note.getparent() is not None and note.getparent().tag not in NO_NOTES:
        note = note.getparent()
    while (above := note.getparent()) is not None and above.tag in WRAPPERS and holds_one(above, target, ends, refs):
        note = above
    return note


def holds_one(
    above: HtmlElement, target: HtmlElement, ends: set[HtmlElement], refs: dict[HtmlElement, HtmlElement]
) -> bool:
    """Whether an element holds just this note, from its beginning, and no marker."""
    first = next((child for child in above.iterchildren("*")), None)
    if first is None or (above.text or "").strip() or (first is not target and target not in first.iterdescendants()):
        return False
    inside = list(above.iterdescendants("*"))
    return not any(
        element in refs or (element in ends and element is not target) or element.tag in NO_NOTES for element in inside
    )


def fits(note: HtmlElement) -> bool:
    """Whether an element can be a note by what it holds: no heading, and not the length of a chapter."""
    if any(True for _ in note.iterdescendants("h1", "h2", "h3")) or note.tag in NO_NOTES:
        return False
    return len(note.text_content()) <= LONGEST_NOTE


def label_of(link: HtmlElement) -> str:
    """What a marker shows, without its brackets; empty where that is more than a label."""
    match = LABEL.fullmatch(link.text_content())
    return match["label"] if match else ""


def is_label(link: HtmlElement) -> bool:
    """Whether a marker shows nothing but labels: `1`, `[b]`, `3–5`, or nothing at all."""
    words = link.text_content()
    return not words.strip() or bool(label_of(link) or SEVERAL.fullmatch(words))


def number_notes(links: Links) -> dict[HtmlElement, int]:
    """A number for each note: the one it is marked with, and for letters and signs those behind the largest."""
    numbers = {note: int(label) for note, label in links.labels.items() if label.isdecimal() and label.isascii()}
    following = max(numbers.values(), default=0)
    for note in links.notes:
        if note not in numbers:
            following += 1
            numbers[note] = following
    return numbers
