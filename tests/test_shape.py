"""A document as it was read: what the page and the terminal show of it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.outline import outline_lines
from assistant.page.documents import contents_html, document_html
from assistant.shape import Listing, Node, Notes, Table, nest, outline, shape
from index.document.parse import parse
from index.document.sources import read_source
from index.document.types import Document, Paragraph
from tests import rain

PAGE = """# Rules

Take along:

- an umbrella
  - a small one
    - a red one
- a coat

### Fares

| Ship | Fare |
|------|------|
| Vik  | 12   |
| Bor  | 30   |

## Code

```
open()
```
"""


def read(folder: Path, name: str, text: str) -> Document:
    path = folder / name
    path.write_text(text)
    return parse(read_source(path))


def words(nodes: tuple[Node[Paragraph], ...]) -> list[object]:
    return [[node.value.text, words(node.inner)] if node.inner else node.value.text for node in nodes]


def of_kind(document: Document, kind: type) -> list[object]:
    return [part for part in shape(document) if isinstance(part, kind)]


@pytest.mark.parametrize("name", ["page.md", "page.txt"])
def test_headings_lists_tables_and_code_are_shown_as_they_were_read(tmp_path: Path, name: str) -> None:
    document = read(tmp_path, name, PAGE)
    assert [(heading.words, heading.depth) for heading in outline(document)] == [
        ("Rules", 1),
        ("Fares", 2),
        ("Code", 2),
    ]
    [listing] = of_kind(document, Listing)
    assert isinstance(listing, Listing)
    bullet = "" if name == "page.md" else "- "
    assert words(listing.items) == [
        [f"{bullet}an umbrella", [[f"{bullet}a small one", [f"{bullet}a red one"]]]], f"{bullet}a coat",
    ]  # fmt: skip
    [table] = of_kind(document, Table)
    assert isinstance(table, Table)
    assert (table.width, dict(table.names)) == (2, {0: "Ship", 1: "Fare"})
    assert [[document.text[cell.words : cell.end] for cell in row.cells] for row in table.rows] == [
        ["Vik", "12"], ["Bor", "30"],
    ]  # fmt: skip
    assert [part.kind for part in shape(document)] == [
        "heading", "paragraph", "list", "heading", "table", "heading", "code",
    ]  # fmt: skip
    html = document_html(document)
    assert html.count("<th") - html.count("<thead") == 2
    assert "<pre tabindex=" in html


def test_a_page_that_begins_in_a_table_is_named_above_its_row(tmp_path: Path) -> None:
    document = read(tmp_path, "page.md", PAGE)
    rows = [paragraph.start for paragraph in document.paragraphs if paragraph.kind == "row"]
    html = document_html(replace(document, pages=((0, 1), (rows[0], 1), (rows[-1], 2))))
    assert re.findall(r'data-page="(\d+)"', html) == ["1", "2"]
    assert re.search(r'<tr><td colspan="2"><span class="q-page"[^>]*data-page="2"[^>]*></span></td></tr>\s*<tr>', html)


def test_a_heading_that_is_the_title_is_shown_once(tmp_path: Path) -> None:
    document = replace(read(tmp_path, "page.md", PAGE), title="Rules")
    html = document_html(document)
    assert re.search(r'<h2 tabindex="-1"><span data-start="0" data-end="5">Rules</span></h2>', html)
    assert html.count("Rules") == 1
    listed = re.findall(r">([^<>]+)</button>", contents_html({"page": document}))
    assert listed == ["Rules", "Fares", "Code"]


def test_the_outline_in_a_terminal(tmp_path: Path) -> None:
    assert list(outline_lines(read(tmp_path, "page.md", PAGE))) == [
        "Rules (page)", "  8 paragraphs, 3 headings, 0 notes; 1 list; 1 table; 1 code block",
        "  - Rules", "    - Fares", "    - Code",
    ]  # fmt: skip


def test_a_pdf_has_its_pages_and_its_notes(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(rain.pdf())
    document = parse(read_source(path))
    html = document_html(document)
    assert re.findall(r'data-page="(\d+)"', html) == ["1", "2", "3"]  # each where it begins, and not again at its notes
    assert "3 pages" in list(outline_lines(document))[1]
    assert "  - The second chapter (page 2)" in list(outline_lines(document))
    [notes] = of_kind(document, Notes)
    assert isinstance(notes, Notes)
    assert [note.number for _, note in notes.notes] == [1, 2, 3, 4, 5, 6]


def test_notes_stand_where_the_text_has_them(tmp_path: Path) -> None:
    text = "# One\n\nRain fell.[1]\n\n[1] Roe, Rain, 2001.\n\n# Two\n\nSnow fell.[1]\n\n[1] Doe, Snow, 2002.\n"
    document = read(tmp_path, "two.txt", text)
    assert [part.kind for part in shape(document)] == ["heading", "paragraph", "notes"] * 2


def test_trees_are_no_deeper_than_can_be_shown(tmp_path: Path) -> None:
    deep = "".join(f"{' ' * n}- item {n}\n" for n in range(600))
    assert "item 599" in document_html(read(tmp_path, "deep.txt", f"Take:\n\n{deep}"))
    assert nest([(1, "a"), (3, "b"), (1, "c")]) == (Node("a", (Node("b"),)), Node("c"))


def test_a_pdfs_rows_are_read_with_the_names_of_their_columns(tmp_path: Path) -> None:
    book = rain.Book()
    book.chapter("Fares")
    book.say("These are the fares of all our ships, which have not changed since the spring of the year before this.")
    for row in (("Ship", "Adult", "Child"), ("Vik", "12", "6"), ("Bor", "30", "15"), ("Holm", "8", "4")):
        for cell in row:
            book.cell(50, 8, cell)
        book.ln(8)
    path = tmp_path / "fares.pdf"
    path.write_bytes(bytes(book.output()))
    document = parse(read_source(path))
    rows = [paragraph.sentences[0] for paragraph in document.paragraphs if paragraph.kind == "row"]
    assert [row.text for row in rows] == ["Ship | Adult | Child", "Vik | 12 | 6", "Bor | 30 | 15", "Holm | 8 | 4"]
    assert [row.plain for row in rows[1:]] == [
        "Ship: Vik; Adult: 12; Child: 6", "Ship: Bor; Adult: 30; Child: 15", "Ship: Holm; Adult: 8; Child: 4",
    ]  # fmt: skip
    [table] = of_kind(document, Table)
    assert isinstance(table, Table)
    assert table.head is not None
    assert len(table.rows) == 3
