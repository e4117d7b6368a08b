"""The marks of notes in a file's own markup: the words before each, and those that its note begins with.

Nothing of the readers is used here: XML is walked, Markdown, reStructuredText and LaTeX are searched by patterns.
"""

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree, html

BEFORE, BEGINS = 4, 6  # words that are kept
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TYPE = "{http://www.idpf.org/2007/ops}type"
WORD = re.compile(r"[^\W_]+")
NOTE_LINK = re.compile(r"noteref|\bfootnote[-_]ref(?:erence)?\b|\bfn_top\b|(?:^| )fn$")
VERBATIM = re.compile(r"\\begin\{(minted|verbatim|lstlisting)\}.*?\\end\{\1\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark: the words that stand before it, and those its note begins with, both folded."""

    before: tuple[str, ...]
    note: tuple[str, ...]


@dataclass(slots=True)
class Found:
    """What was walked so far: the words, and for each mark how many there were and the name of its note."""

    words: list[str] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)

    def mark(self, note: str) -> None:
        self.marks.append((len(self.words), note))

    def with_notes(self, notes: Mapping[str, str]) -> list[Mark]:
        """The marks whose notes there are."""
        return [
            Mark(tuple(self.words[max(0, at - BEFORE) : at]), tuple(words(notes[name])[:BEGINS]))
            for at, name in self.marks
            if name in notes
        ]


def words(text: str) -> list[str]:
    """The words of a text, folded."""
    return [word.casefold() for word in WORD.findall(text)]


def marks_of(path: Path) -> list[Mark]:
    """The marks in a file's own markup."""
    return READERS[path.suffix.lower()](path)


def of_docx(path: Path) -> list[Mark]:
    """`w:footnoteReference` and `w:endnoteReference`, with the notes of their parts."""
    marks, notes = Found(), {}
    with zipfile.ZipFile(path) as archive:
        for kind in ("footnote", "endnote"):
            if f"word/{kind}s.xml" in archive.namelist():
                for note in etree.fromstring(archive.read(f"word/{kind}s.xml")).iter(f"{W}{kind}"):
                    said = "".join("".join(element.itertext()) for element in note.iter(f"{W}t"))
                    notes[f"{kind}{note.get(f'{W}id')}"] = said
        body = etree.fromstring(archive.read("word/document.xml"))
    line = ""
    for element in body.iter(f"{W}t", f"{W}p", f"{W}tab", f"{W}br", f"{W}footnoteReference", f"{W}endnoteReference"):
        name = etree.QName(element).localname
        if name == "t":
            line += element.text or ""
            continue
        if name.endswith("Reference") or name == "p":
            marks.words += words(line)
            line = ""
        line += " "
        if name.endswith("Reference"):
            marks.mark(f"{name.removesuffix('Reference')}{element.get(f'{W}id')}")
    return marks.with_notes(notes)


def of_odt(path: Path) -> list[Mark]:
    """`text:note`, which holds its note."""
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read("content.xml"))
    marks, notes = Found(), {}
    for note in root.iter(f"{TEXT}note"):
        notes[str(note.get(f"{TEXT}id"))] = " ".join(note.find(f"{TEXT}note-body").itertext())
    walk(
        root,
        marks,
        lambda element: str(element.get(f"{TEXT}id")) if element.tag == f"{TEXT}note" else None,
        lambda element: element.tag in (f"{TEXT}note", f"{TEXT}tracked-changes"),
    )
    return marks.with_notes(notes)


def of_epub(path: Path) -> list[Mark]:
    """`epub:type="noteref"` and the like, with the notes that they link to, in the order of the files' names."""
    marks, notes = Found(), {}
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith((".xhtml", ".html")))
        pages = {name: etree.fromstring(archive.read(name), etree.XMLParser(recover=True)) for name in names}
    for name, page in pages.items():
        last = name.rpartition("/")[2]
        notes |= {f"{last}#{key}": text for key, text in linked(page).items()}
        walk(page, marks, lambda element, last=last: target(element, last))
    return marks.with_notes(notes)


def of_html(path: Path) -> list[Mark]:
    """Links to notes as MediaWiki, DokuWiki, WordPress, Sphinx and others write them."""
    page = html.fromstring(path.read_bytes())
    marks = Found()
    walk(page, marks, lambda element: target(element, ""))
    return marks.with_notes({f"#{key}": text for key, text in linked(page).items()})


def of_jats(path: Path) -> list[Mark]:
    """`xref` to a note or a reference; one that names several is a mark of each."""
    root = etree.parse(path).getroot()
    marks, notes = Found(), {}
    for note in root.iter("fn", "ref"):
        label = note.find("label")
        notes[str(note.get("id"))] = text_of(note)[len(text_of(label)) if label is not None else 0 :].strip()
    for part in (*root.iter("abstract"), *root.iter("body"), *root.iter("back")):
        walk(
            part,
            marks,
            lambda element: (
                element.get("rid")
                if element.tag == "xref" and element.get("ref-type") in ("fn", "bibr", "table-fn")
                else None
            ),
            lambda element: (
                element.tag in ("ref-list", "fn-group", "xref", "tex-math") or element.get("ref-type") == "fn"
            ),
        )
    split = [(at, name) for at, names in marks.marks for name in names.split()]
    return Found(marks.words, split).with_notes(notes)


def text_of(element: etree._Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def walk(
    element: etree._Element,
    marks: Found,
    mark: Callable[[etree._Element], str | None],
    left_out: Callable[[etree._Element], bool] = lambda element: False,
) -> None:
    """Collect the words of an element, and its marks, whose own words count for nothing."""
    if not isinstance(element.tag, str):
        return
    name = mark(element)
    if name is not None:
        marks.mark(name)
    elif not left_out(element) and etree.QName(element).localname not in ("script", "style", "head"):
        marks.words += words(element.text or "")
        for child in element:
            walk(child, marks, mark, left_out)
            marks.words += words(child.tail or "")


def target(link: etree._Element, page: str) -> str | None:
    """The note that a link marks, if it is one: told by what the link, or what it stands in, is said to be."""
    address = link.get("href") or ""
    if etree.QName(link).localname != "a" or "#" not in address:
        return None
    parent = link.getparent()
    around = (parent.get("class") or "") if parent is not None else ""
    told = " ".join(filter(None, (link.get(TYPE), link.get("epub:type"), link.get("role"), link.get("class"), around)))
    file, _, key = address.partition("#")
    is_cited = "reference" in around.split() and key.startswith("cite_note")
    if not is_cited and not NOTE_LINK.search(told):
        return None
    return f"{(file.rpartition('/')[2] or page) if page else ''}#{key}"


def linked(page: etree._Element) -> dict[str, str]:
    """What stands under each id, less a label and the links back."""
    notes = {}
    for element in page.iter():
        key = element.get("id") if isinstance(element.tag, str) else None
        if key:
            element = element.getparent() if etree.QName(element).localname == "a" else element
            if etree.QName(element).localname == "dt":
                element = element.getnext()
            notes[key] = re.sub(
                r"^[\W\d]*(?:\^|↑)?(?:[a-z](?: [a-z])* )?(?=\W|[A-Z“\"])", "", text_of(element)
            ) or text_of(element)
    return notes


def by_patterns(text: str, mark: re.Pattern[str], note: re.Pattern[str], strip: re.Pattern[str]) -> list[Mark]:
    """Marks that a pattern finds, by the name of their note; a name that is none means the next that has none."""
    notes: dict[str, str] = {}
    for match in note.finditer(text):
        name = match["name"]
        notes[name if name not in ("#", "") else f"#{sum(key.startswith('#') for key in notes)}"] = strip.sub(
            " ", match["note"]
        )
    body = note.sub(lambda match: " " * len(match[0]), text)
    marks, at, unnamed = Found(), 0, 0
    for match in mark.finditer(body):
        marks.words += words(strip.sub(" ", mark.sub(" ", body[at : match.start()])))
        name, at = match["name"], match.end()
        if name == "#":
            name, unnamed = f"#{unnamed}", unnamed + 1
        marks.mark(name)
    return marks.with_notes(notes)


def of_markdown(path: Path) -> list[Mark]:
    """`[^name]`, outside code."""
    text = re.sub(r"^(```|~~~).*?^\1|`[^`\n]+`", " ", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    note = re.compile(r"^ {0,3}\[\^(?P<name>[^\]\s]+)\]:(?P<note>.*(?:\n(?!\s*\n|\[\^).+)*)", re.MULTILINE)
    return by_patterns(text, re.compile(r"\[\^(?P<name>[^\]\s]+)\]"), note, re.compile(r"\]\([^)\s]*\)|<[^>]+>"))


def of_rst(path: Path) -> list[Mark]:
    """`[1]_`, `[#]_`, `[#name]_`, `[Name]_`."""
    text = path.read_text("utf-8")
    note = re.compile(
        r"^ *\.\. \[(?P<name>[#*]?[\w.-]*)\] *(?P<note>.*(?:\n[ \t]+\S.*|\n[ \t]*(?=\n[ \t]+\S))*)", re.MULTILINE
    )
    return by_patterns(text, re.compile(r"\[(?P<name>[#*]?[\w.-]*)\]_"), note, re.compile(r":[a-z:]+:(?=`)|<[^>]+>`_+"))


def of_latex(path: Path) -> list[Mark]:
    r"""`\footnote{…}`, outside comments."""
    text = VERBATIM.sub(" ", re.sub(r"(?<!\\)%.*", "", path.read_text("utf-8")))
    marks, notes, at = Found(), {}, 0
    for match in re.finditer(r"\\footnote\s*\{", text):
        end = closing(text, match.end())
        marks.words += words(plain_latex(text[at : match.start()]))
        marks.mark(str(match.start()))
        notes[str(match.start())], at = plain_latex(text[match.end() : end]), end + 1
    return marks.with_notes(notes)


def closing(text: str, at: int) -> int:
    """Where the brace that is open at a place closes."""
    depth = 1
    while depth and at < len(text):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at - 1


def plain_latex(text: str) -> str:
    return re.sub(
        r"\\(?:href|url|label|index|cite|ref|eei|ci|pai)\s*(?:\[[^]]*\])?\{[^{}]*\}|\\[A-Za-z]+\*?(?:\[[^]]*\])?",
        " ",
        text,
    )


READERS: Mapping[str, Callable[[Path], list[Mark]]] = {
    ".docx": of_docx,
    ".odt": of_odt,
    ".epub": of_epub,
    ".html": of_html,
    ".xml": of_jats,
    ".md": of_markdown,
    ".rst": of_rst,
    ".tex": of_latex,
}
