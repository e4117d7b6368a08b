"""The same book in every format: every mark is found, and joined to the same sentence and the same note."""

import re
import zipfile
from pathlib import Path

import pytest

from index.document.parse import parse
from index.document.sources import read_source
from index.document.types import Document
from tests import rain
from tests.conftest import parse_text
from tests.invariants import check_slices, lost, spans_of

PANDOC = {
    ".docx": "docx",
    ".odt": "odt",
    ".epub": "epub3",
    ".rst": "rst",
    ".tex": "latex",
    ".xml": "jats_archiving",
    ".html": "html",
}
MARKS = {".docx": ("word/document.xml", "<w:footnoteReference "), ".odt": ("content.xml", "<text:note ")}


def read_bytes(folder: Path, name: str, data: bytes) -> Document:
    path = folder / name
    path.write_bytes(data)
    return checked(path)


def checked(path: Path) -> Document:
    """The document of a file, every span of it checked."""
    document = parse(read_source(path))
    check_slices(document.text, spans_of(document))
    assert lost(document) == ""
    return document


def joined(document: Document) -> list[tuple[str, str]]:
    """Each mark's sentence, without marks, and its note's beginning."""
    return [
        (sentence.plain, " ".join(document.footnotes[position].text.replace("\u00a0", " ").split("\n\n")[0].split()))
        for paragraph in document.paragraphs
        for sentence in paragraph.sentences
        for position in sentence.notes
    ]


@pytest.mark.parametrize("suffix", PANDOC)
def test_the_book_as_pandoc_writes_it(tmp_path: Path, suffix: str) -> None:
    path = rain.write_pandoc(tmp_path, suffix, PANDOC[suffix])
    document = checked(path)
    assert joined(document) == rain.JOINED
    assert sum(len(note.anchors) for note in document.footnotes) == 6
    if suffix in MARKS:
        member, mark = MARKS[suffix]
        with zipfile.ZipFile(path) as archive:
            assert archive.read(member).decode().count(mark) == 6
    assert [s.heading for s in document.sections][-2:] == ["The first chapter", "The second chapter"]
    assert "The second paragraph of it." in document.footnotes[1].text


def test_the_book_in_markdown_and_a_note_marked_twice_is_one(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "book.md", rain.MARKDOWN.encode())
    assert joined(document) == rain.JOINED
    assert [(note.number, len(note.anchors)) for note in document.footnotes] == [(1, 2), (2, 1), (3, 1), (4, 1), (5, 1)]
    assert document.title == "The Book of Rain"
    start = document.text.index("A late snow")
    assert (document.link_at(start), document.headings_at(start)) == ("#the-second-chapter", ("The second chapter",))


@pytest.mark.parametrize("flavour", rain.FLAVOURS)
def test_the_book_as_a_page_of_a_site(tmp_path: Path, flavour: str) -> None:
    document = read_bytes(tmp_path, "book.html", rain.html(flavour).encode())
    assert joined(document) == rain.JOINED
    assert [note.number for note in document.footnotes] == [1, 2, 3, 4, 5]
    assert document.footnotes[1].text == "The first paragraph of it.\n\nThe second paragraph of it."
    assert [line.text for line in document.boilerplate] == ["Home", "Made with care"]
    assert "edit" not in document.text
    assert document.link_at(document.text.index("A late snow")) == "#second"


@pytest.mark.parametrize("apart", [False, True])
def test_an_epub_with_its_notes_in_a_file_of_their_own_or_not(tmp_path: Path, apart: bool) -> None:
    document = read_bytes(tmp_path, "book.epub", rain.epub(apart))
    assert joined(document) == rain.JOINED
    assert document.link_at(document.text.index("A late snow")) == "text/two.xhtml#second"
    notes = "text/notes.xhtml" if apart else "text/one.xhtml"
    assert document.link_at(document.footnotes[0].start) == f"{notes}#n1"


def test_the_book_as_a_pdf(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "book.pdf", rain.pdf())
    assert joined(document)[1:] == [
        ("The river rises, and it is cold.", "The first paragraph of it. The second paragraph of it."),
        *rain.JOINED[2:],
    ]
    assert [s.heading for s in document.sections] == ["The first chapter", "The second chapter"]
    assert "the inn is shut in winter." in document.text
    assert [line.text for line in document.boilerplate] == ["The Book of Rain", "1", "2", "3"]
    pages = [
        document.page_at(document.text.index(words)) for words in ("It rains in May", "A late snow", "The last boat")
    ]
    assert pages == [1, 2, 3]
    assert document.page_at(document.footnotes[3].start + 4) == 2


def test_blocks_tell_what_the_original_has(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "book.html", rain.html("mediawiki").encode())
    kinds = [(block.kind, document.text[block.start : block.end]) for block in document.blocks]
    assert kinds[1:] == [
        ("heading", "The first chapter"),
        ("paragraph", "It rains in May.[1] The river rises, and it is cold.[2] Some [1] brackets are none."),
        ("paragraph", "Take along:"), ("item", "an umbrella;"), ("item", "a coat that the rain cannot pass."),
        ("heading", "The second chapter"),
        ("paragraph", "It rains in June too.[1] A late snow fell.[3]"),
        ("row", "Ship: Birger; Built: 2008[4]"), ("row", "Ship: Vik; Built: 2010"),
        ("code", "umbrella = open()"),
        ("paragraph", "The last boat left in autumn.[5]"),
        ("heading", "Notes"), ("boilerplate", "Made with care"),
        *(("note", f"[{n}] " + re.sub("<.*?>", "", words.replace("</p><p>", "\n\n"))) for n, words in enumerate(rain.NOTES, 1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("It rains.".encode("utf-16"), "It rains."),
        (b"\xfe\xff" + "It rains.".encode("utf-16-be"), "It rains."),
        ("“It rains – he said – in Genève.” Même à l’été.".encode("cp1252"), "“It rains – he said – in Genève.” Même à l’été."),
        ("Es regnet in Köln, Düsseldorf und Münster; später schneit es.".encode("latin-1"), "Es regnet in Köln, Düsseldorf und Münster; später schneit es."),
    ],
)  # fmt: skip
def test_other_encodings_are_read_where_they_are_certain_and_named(tmp_path: Path, data: bytes, text: str) -> None:
    document = read_bytes(tmp_path, "page.txt", data)
    assert document.text == text
    assert re.match("It was read as (UTF-16|Windows-1252)", document.odd[0].message)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Rules of *the* mill[^1]\n\n## Fares\n\nIt rains.\n\n[^1]: Roe.\n", "Rules of the mill"),
        ("---\ntitle: The mill\n---\n\n# Rules\n\nIt rains.\n", "The mill"),
        ("# One\n\nIt rains.\n\n# Two\n\nIt snows.\n", "Mill Rules"),
        ("It rains.\n\n# Rules\n\nIt snows.\n", "Mill Rules"),
    ],
)
def test_the_title_of_markdown_is_its_front_matter_or_its_only_first_heading(
    tmp_path: Path, text: str, title: str
) -> None:
    assert read_bytes(tmp_path, "mill-rules.md", text.encode()).title == title


def test_a_reference_in_jats_whose_parts_are_only_named_has_words_between_them(tmp_path: Path) -> None:
    article = (
        "<article><body><p>It rains <xref ref-type='bibr' rid='b1'>Roe, 2001</xref>.</p></body><back><ref-list>"
        "<ref id='b1'><element-citation><person-group><name><surname>Roe</surname><given-names>A</given-names></name>"
        "<name><surname>Doe</surname><given-names>B</given-names></name></person-group><year>2001</year>"
        "<article-title>Is it rain?</article-title><source>Weather Rev</source><volume>12</volume><fpage>3</fpage>"
        "<lpage>9</lpage></element-citation></ref></ref-list></back></article>"
    )
    (note,) = read_bytes(tmp_path, "a.xml", article.encode()).footnotes
    assert note.text == "Roe A, Doe B. 2001. Is it rain? Weather Rev 12: 3–9."


def test_no_sentence_ends_inside_a_word() -> None:
    (sentence,) = parse_text("The reasons stand in README.Debian and in asyncio.Queue.").paragraphs[0].sentences
    assert sentence.plain == "The reasons stand in README.Debian and in asyncio.Queue."


def test_links_in_a_notes_words_are_neither_markers_nor_links_back(tmp_path: Path) -> None:
    page = (
        '<p id="may">It rains.<a href="#note-1" role="doc-noteref">1</a> It snows.<a href="#note-2" role="doc-noteref">2</a></p>'
        '<ol><li id="note-1">See <a href="#may">May 4th</a>. <a href="#may">↩</a></li>'
        '<li id="note-2">On rain see <a href="#note-1">note 1</a>.</li></ol>'
    )
    document = read_bytes(tmp_path, "page.html", page.encode())
    assert [len(note.anchors) for note in document.footnotes] == [1, 1]
    assert [note.text for note in document.footnotes] == ["See May 4th.", "On rain see note 1."]
