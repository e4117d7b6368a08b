"""One small book in many formats: two chapters, one note cited twice, one of two paragraphs, one in a table; six marks."""

import zipfile
from io import BytesIO
from pathlib import Path

from fpdf import FPDF

MARKDOWN = """---
title: The Book of Rain
---

# The first chapter

It rains in May.[^roe] The river rises, and it is *cold*.[^two] Some [1] brackets are none.

Take along:

- an umbrella;
- a coat that the rain cannot pass.

# The second chapter

It rains in June too.[^roe] A late snow fell.^[Doe, On Snow, 2002.]

| Ship   | Built    |
|--------|----------|
| Birger | 2008[^c] |
| Vik    | 2010     |

    umbrella = open()

The last boat left in autumn.[^e]

[^roe]: Roe, *On Rain*, 2001, page 4.
[^two]: The first paragraph of it.

    The second paragraph of it.
[^c]: The yard book, page 3.
[^e]: Ibid., page 5.
"""

# The six marks: the sentence each stands with, and its note's beginning.
JOINED = [
    ("It rains in May.", "Roe, On Rain, 2001, page 4."),
    ("The river rises, and it is cold.", "The first paragraph of it."),
    ("It rains in June too.", "Roe, On Rain, 2001, page 4."),
    ("A late snow fell.", "Doe, On Snow, 2002."),
    ("Ship: Birger; Built: 2008", "The yard book, page 3."),
    ("The last boat left in autumn.", "Ibid., page 5."),
]

BODY = """<h1 id="first">The first chapter</h1>
<p>It rains in May.{0} The river rises, and it is <em>cold</em>.{1} Some [1] brackets are none.</p>
<p>Take along:</p><ul><li>an umbrella;</li><li>a coat that the rain cannot pass.</li></ul>
<h1 id="second">The second chapter</h1>
<p>It rains in June too.{2} A late snow fell.{3}</p>
<table><tbody><tr><th>Ship</th><th>Built</th></tr><tr><td>Birger</td><td>2008{4}</td></tr>
<tr><td>Vik</td><td>2010</td></tr></tbody></table>
<pre>umbrella = open()</pre>
<p>The last boat left in autumn.{5}</p>
"""
NOTES = [
    "Roe, <i>On Rain</i>, 2001, page 4.", "The first paragraph of it.</p><p>The second paragraph of it.",
    "Doe, On Snow, 2002.", "The yard book, page 3.", "Ibid., page 5.",
]  # fmt: skip
MARKED = [1, 2, 1, 3, 4, 5]  # the note that each mark means

# How sites write a mark (number of the note, of the mark) and a note (number, words), and what stands around the notes.
FLAVOURS = {
    "mediawiki": (
        '<sup id="cite_ref-{n}_{m}" class="reference"><a href="#cite_note-{n}">[{n}]</a></sup>',
        '<li id="cite_note-{n}"><span class="mw-cite-backlink">^ <a href="#cite_ref-{n}_{n}">a</a> '
        '<a href="#cite_ref-{n}_3">b</a></span> <span class="reference-text"><p>{words}</p></span></li>',
        '<h2>Notes<span class="mw-editsection">[edit]</span></h2><ol class="references">{notes}</ol>',
    ),
    "dokuwiki": (
        '<sup><a href="#fn__{n}" id="fnt__{n}" class="fn_top">{n})</a></sup>',
        '<div class="fn"><sup><a href="#fnt__{n}" id="fn__{n}" class="fn_bot">{n})</a></sup> '
        '<div class="content"><p>{words}</p></div></div>',
        '<div class="footnotes">{notes}</div>',
    ),
    "confluence": (
        '<sup id="FootnoteMarker{m}"><a href="#Footnote{n}">{n}</a></sup>',
        '<tr id="Footnote{n}"><td><a href="#FootnoteMarker{n}">{n}.</a></td><td><p>{words}</p></td></tr>',
        '<table class="Footnotes"><tbody>{notes}</tbody></table>',
    ),
    "wordpress": (
        '<sup data-fn="a-{n}" class="fn"><a href="#a-{n}" id="a-{n}-link">{n}</a></sup>',
        '<li id="a-{n}"><p>{words}</p> <a href="#a-{n}-link" aria-label="Jump to footnote reference {n}">↩︎</a></li>',
        '<ol class="wp-block-footnotes">{notes}</ol>',
    ),
    "forge": (
        '<sup><a href="#user-content-fn-{n}" id="user-content-fnref-{n}-{m}" data-footnote-ref '
        'aria-describedby="footnote-label">{n}</a></sup>',
        '<li id="user-content-fn-{n}"><p>{words} <a href="#user-content-fnref-{n}-{n}" data-footnote-backref>↩</a></p></li>',
        '<section data-footnotes class="footnotes"><h2 id="footnote-label" class="sr-only">Footnotes</h2><ol>{notes}</ol></section>',
    ),
    "kramdown": (
        '<sup id="fnref:{n}"><a href="#fn:{n}" class="footnote" rel="footnote" role="doc-noteref">{n}</a></sup>',
        '<li id="fn:{n}" role="doc-endnote"><p>{words} <a href="#fnref:{n}" class="reversefootnote" role="doc-backlink">&#8617;</a></p></li>',
        '<div class="footnotes" role="doc-endnotes"><ol>{notes}</ol></div>',
    ),
    "sphinx": (
        '<a class="footnote-reference brackets" href="#id{n}" id="ref{m}" role="doc-noteref"><span class="fn-bracket">[</span>'
        '{n}<span class="fn-bracket">]</span></a>',
        '<aside class="footnote brackets" id="id{n}" role="doc-footnote"><span class="label"><span class="fn-bracket">[</span>'
        '<a role="doc-backlink" href="#ref{n}">{n}</a><span class="fn-bracket">]</span></span><p>{words}</p></aside>',
        '<aside class="footnote-list brackets">{notes}</aside>',
    ),
    "word": (
        '<a href="#_ftn{n}" name="_ftnref{m}" title=""><span class=MsoFootnoteReference>[{n}]</span></a>',
        '<div id=ftn{n}><p class=MsoFootnoteText><a href="#_ftnref{n}" name="_ftn{n}" title="">'
        "<span class=MsoFootnoteReference>[{n}]</span></a> {words}</p></div>",
        "<div><br clear=all><hr align=left size=1 width=\"33%\">{notes}</div>",
    ),
}  # fmt: skip


def html(flavour: str) -> str:
    """The book as one of the sites renders it, its menus around it."""
    mark, note, around = FLAVOURS[flavour]
    body = BODY.format(*(mark.format(n=n, m=m) for m, n in enumerate(MARKED, 1)))
    notes = "".join(note.format(n=n, words=words) for n, words in enumerate(NOTES, 1))
    page = body + around.format(notes=notes)
    return (
        "<!DOCTYPE html><html><head><title>The Book of Rain</title><script>track('x');</script></head><body>"
        f"<nav><a href='/'>Home</a></nav><main>{page}</main><footer>Made with care</footer></body></html>"
    )


def epub(apart: bool) -> bytes:
    """The book as an EPUB of two chapters, its notes in a file of their own or behind each chapter."""
    first, second = BODY.split('<h1 id="second">')
    second = '<h1 id="second">' + second
    where = "notes.xhtml" if apart else ""
    marks = [f'<a epub:type="noteref" href="{where}#n{n}">{n}</a>' for n in MARKED]
    notes = {n: f'<aside epub:type="footnote" id="n{n}"><p>{words}</p></aside>' for n, words in enumerate(NOTES, 1)}
    pages = {
        "text/one.xhtml": first.format(*marks) + ("" if apart else notes[1] + notes[2]),
        "text/two.xhtml": second.format(*marks) + ("" if apart else "".join(notes[n] for n in (1, 3, 4, 5))),
    }
    if apart:
        pages["text/notes.xhtml"] = "<h1>Notes</h1>" + "".join(notes.values())
    return pack_epub(pages)


def pack_epub(pages: dict[str, str]) -> bytes:
    """Pages by name as an EPUB."""
    items = "".join(
        f'<item id="i{i}" href="{name}" media-type="application/xhtml+xml"/>' for i, name in enumerate(pages)
    )
    refs = "".join(f'<itemref idref="i{i}"/>' for i in range(len(pages)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>The Book of Rain</dc:title></metadata><manifest>{items}</manifest><spine>{refs}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    )
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OPS/book.opf", package)
        for name, body in pages.items():
            archive.writestr(
                f"OPS/{name}",
                '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
                f"<head><title>x</title><script src='a.js'/></head><body>{body}</body></html>",
            )
    return file.getvalue()


class Book(FPDF):
    """A PDF with running heads, page numbers, and notes at the foot of each page."""

    notes: list[tuple[str, str]]

    def header(self) -> None:
        self.set_font("helvetica", size=8)
        self.cell(0, 8, "The Book of Rain", align="R", new_x="LMARGIN", new_y="NEXT")
        self.ln(6)

    def footer(self) -> None:
        self.set_font("helvetica", size=8)
        self.set_y(-14)
        self.cell(0, 8, str(self.page_no()), align="C")

    def say(self, text: str) -> None:
        """A paragraph; `^4^` is a raised 4."""
        self.set_font("times", size=11)
        for number, part in enumerate(text.split("^")):
            self.char_vpos = "SUP" if number % 2 else "LINE"
            self.write(6, part)
        self.char_vpos = "LINE"
        self.ln(10)

    def chapter(self, title: str) -> None:
        """A page with a heading."""
        self.add_page()
        self.set_font("helvetica", "B", 16)
        self.cell(0, 12, title, new_x="LMARGIN", new_y="NEXT")

    def foot(self, *notes: tuple[int, str]) -> None:
        """Notes at the foot of the page."""
        self.set_y(-20 - 8 * len(notes))
        for number, text in notes:
            self.set_font("times", size=8)
            self.char_vpos = "SUP"
            self.write(4, str(number))
            self.char_vpos = "LINE"
            self.write(4, f" {text}")
            self.ln(5)


def pdf() -> bytes:
    """The book as a PDF, a page for each chapter and one more."""
    book = Book()
    book.set_title("The Book of Rain")
    book.chapter("The first chapter")
    book.say("It rains in May.^1^ The river rises, and it is cold.^2^ Some [1] brackets are none.")
    book.say(
        "Take along an umbrella and a coat that the rain cannot pass, for the way to the harbour is a long one, and the inn is shut in win-\nter."
    )
    book.foot((1, "Roe, On Rain, 2001, page 4."), (2, "The first paragraph of it. The second paragraph of it."))
    book.chapter("The second chapter")
    book.say("It rains in June too.^3^ A late snow fell.^4^")
    book.say("Ship: Birger; Built: 2008^5^")
    book.foot((3, "Roe, On Rain, 2001, page 4."), (4, "Doe, On Snow, 2002."), (5, "The yard book, page 3."))
    book.add_page()
    book.say("The last boat left in autumn.^6^")
    book.foot((6, "Ibid., page 5."))
    return bytes(book.output())


def write_pandoc(folder: Path, suffix: str, to: str) -> Path:
    """The book as pandoc writes it in another format."""
    import subprocess

    import pypandoc

    path = folder / f"book{suffix}"
    command = [pypandoc.get_pandoc_path(), "--standalone", "--from=markdown", f"--to={to}", "-o", str(path)]
    subprocess.run(command, input=MARKDOWN.encode(), check=True, cwd=folder)
    return path
