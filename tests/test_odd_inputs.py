"""Small inputs in forms that people's files have, each with the notes, headings and sentences that are right."""

from pathlib import Path

import pytest

from index import building
from index.building import read_given
from index.document.apart import ReadingProcess
from index.document.parse import parse
from index.document.sources import FoundFile, find_files, read_source
from index.document.types import Document, Sentence
from tests.conftest import parse_text
from tests.invariants import check_slices, lost, spans_of


def sentences(document: Document) -> list[Sentence]:
    return [sentence for paragraph in document.paragraphs for sentence in paragraph.sentences]


def plain(text: str) -> list[str]:
    """The plain sentences of a text, in which nothing is lost."""
    document = parse_text(text)
    check_slices(document.text, spans_of(document))
    assert lost(document) == ""
    return [sentence.plain for sentence in sentences(document)]


def noted(document: Document) -> dict[str, list[str]]:
    """The sentences with notes, and where these begin."""
    texts = [" ".join(note.text.split())[:14] for note in document.footnotes]
    return {one.plain: [texts[position] for position in one.notes] for one in sentences(document) if one.notes}


def contexts(text: str) -> dict[str, list[str]]:
    return {one.plain: [two.plain for two in one.context] for one in sentences(parse_text(text)) if one.context}


def read(folder: Path, name: str, text: str) -> Document:
    path = folder / name
    path.write_text(text, "utf-8")
    return parse(read_source(path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rain (1) fell (2,3). Snow melts (1–3).\n\nNotes\n\n(1) One.\n(2) Two.\n(3) Three.\n",
         {"Rain fell.": ["One.", "Two.", "Three."], "Snow melts.": ["One.", "Two.", "Three."]}),
        ("It replaced a ferry.[a] It is long.[1]\n\nNotes\n\na. ^ To Holm.\n\nReferences\n\n1. ^ a b The map.\n",
         {"It replaced a ferry.": ["To Holm."], "It is long.": ["The map."]}),
        ("The dam opened [Note 1]. It leaks (see note 2).\n\nNote 1: Board minutes.\nNote 2: A little.\n",
         {"The dam opened.": ["Board minutes."], "It leaks.": ["A little."]}),
        ("It rained.[1]\n\n[Footnote 1: A shower.\n\nIt passed.]\n\nThe sun came.\n", {"It rained.": ["A shower. It p"]}),
        ("Copper was found.1 It was pure.2\n\nNotes to Part One\n\n1. Day book.\n2. Its p. 4.\n\nPART TWO\n\nTin was found.1 "
         "It was poor.2\n\nNotes to Part Two\n\n1. Log book.\n2. Its p. 9.\n",
         {"Copper was found.": ["Day book."], "It was pure.": ["Its p. 4."], "Tin was found.": ["Log book."],
          "It was poor.": ["Its p. 9."]}),
        ("Founded in 1811¹, it had 10² rooms².\n\nNotes\n\n1 The deed.\n2 A guess.\n",
         {"Founded in 1811, it had 10² rooms.": ["The deed.", "A guess."]}),
        ("Mosses drink (Harding 1999). They grow (Falk et al. 2011).\n\nReferences\n\nFalk S, Lund P. 2011. Walls. Moss 1:3.\n"
         "Harding, T. (1999). Leaves. Moss, 4, 11.\n",
         {"Mosses drink (Harding 1999).": ["Harding, T. (1"], "They grow (Falk et al. 2011).": ["Falk S, Lund P"]}),
    ],
)  # fmt: skip
def test_notes_in_their_forms(text: str, expected: dict[str, list[str]]) -> None:
    assert noted(parse_text(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cllr. Finch left. Add 1 tsp. salt. Port Ellen Ltd. The sea rose. See Tues. 2 to 4.",
         ["Cllr. Finch left.", "Add 1 tsp. salt.", "Port Ellen Ltd.", "The sea rose.", "See Tues. 2 to 4."]),
        ("MARTA (angrily). Who left? JONAS did.", ["MARTA (angrily). Who left?", "JONAS did."]),
        ("• Wait here. Then go.", ["• Wait here.", "Then go."]),
        ("(a) Wait here. Then go.", ["(a) Wait here.", "Then go."]),
        ("He left. (She slept on.) They met. (Sure.) So.", ["He left.", "(She slept on.)", "They met.", "(Sure.) So."]),
        ("2. Penalties.—A person pays.", ["2. Penalties.—A person pays."]),
        ("The ten-year-\nold boy saw an e-\nmail.", ["The ten-year-old boy saw an e-mail."]),
        ("He rows across the sound,\n  His lantern low;\nThe boats are bound\n  For home.\n\nThe net\n",
         ["He rows across the sound, His lantern low; The boats are bound For home.", "The net"]),
        ("The smell was such that\nTanners lived in\nLow Street.", ["The smell was such that Tanners lived in Low Street."]),
        ("Ann wrote:\n> The leak is\n> worse.\n>\n> How much?\n>> It was 80.\n\nI see.",
         ["Ann wrote:", "The leak is worse.", "How much?", "It was 80.", "I see."]),
        ("The job stops with\n\n    ERROR 28: no space left on device\n\nand mails the owner.",
         ["The job stops with", "ERROR 28: no space left on device", "and mails the owner."]),
        ("Item ........ Price\nCoffee ...... 30\nTea ......... 25\n",
         ["Item; Price", "Item: Coffee; Price: 30", "Item: Tea; Price: 25"]),
        ("Name\tRoom\tPhone\nIda\t12\t4401\nAnn\t\t4403\n",
         ["Name; Room; Phone", "Name: Ida; Room: 12; Phone: 4401", "Name: Ann; Phone: 4403"]),
        ("Day   High water     Low water\n      Time   Height  Time   Height\n----  -----  ------  -----  ------\n"
         "Mon   06:10  4.2     12:20  0.9\n",
         ["Day; High water; Low water", "Time; Height; Time; Height",
          "Day: Mon; High water Time: 06:10; High water Height: 4.2; Low water Time: 12:20; Low water Height: 0.9"]),
    ],
)  # fmt: skip
def test_sentences_and_rows(text: str, expected: list[str]) -> None:
    assert plain(text) == expected


def test_running_heads_of_left_and_right_pages_and_page_numbers_with_their_count() -> None:
    pages = "LIGHT DUES          3\n\nHe paid four\npounds but\n\f4          LIGHT DUES\n\nno more. He left.\n"
    assert [p.text.split()[0] for p in parse_text(pages).paragraphs] == ["He"]
    text = "".join(
        f"Review          Page {n} of 3\n\nIt was kept in the cellar of the house {n} where the light\n\n"
        for n in (1, 2, 3)
    )
    assert plain(text + "is dim.")[0].count("Review") == 0


def test_the_numbered_paragraphs_of_a_judgment_are_no_notes() -> None:
    text = (
        "[1] This is an appeal by Mr Ek.\n\n[2] We refer to Moe v Board [2019] SC 14, [33].\n\n[3] It is dismissed.\n"
    )
    assert parse_text(text).footnotes == ()
    assert plain(text)[2] == "[3] It is dismissed."


def test_questions_and_lead_ins_are_context() -> None:
    assert contexts("# Parking\n\n## What does it cost?\n\nThirty crowns.\n") == {
        "Thirty crowns.": ["What does it cost?"]
    }
    assert contexts("What does it cost? Thirty crowns.\n\nIt rained.") == {"Thirty crowns.": ["What does it cost?"]}
    assert contexts("(3) In this section, “quay” includes—\n(a) a pier, and\n(b) a jetty.\n") == {
        f"({letter}) {words}": ["(3) In this section, “quay” includes—"]
        for letter, words in (("a", "a pier, and"), ("b", "a jetty."))
    }


def test_a_list_item_is_no_heading_and_a_lead_in_neither() -> None:
    document = parse_text(
        "# Soup\n\n1. Boil the bones.\n2. Add cream.\n3. Stir in the cod\n\nA master who—\n(a) is drunk.\n"
    )
    assert [section.heading for section in document.sections] == ["Soup"]
    assert [paragraph.kind for paragraph in document.paragraphs] == ["item", "item", "item", "paragraph", "item"]


def test_markers_and_notes_of_more_web_pages(tmp_path: Path) -> None:
    tufte = ("<h1>Ink</h1><p>Made of galls<label for='s' class='margin-toggle sidenote-number'></label><input id='s'>"
             "<span class='sidenote'>By wasps.</span> and iron.</p>")  # fmt: skip
    assert noted(read(tmp_path, "tufte.html", tufte)) == {"Made of galls and iron.": ["By wasps."]}
    asciidoctor = ("<div id='header'><h1>Trains</h1></div><div id='content'><p>It leaves at ten.<sup>[<a id='r1' href='#d1'"
                   " class='footnote'>1</a>]</sup> Beds cost more.</p></div><div class='footnote' id='d1'><a href='#r1'>1</a>. "
                   "By the timetable.</div>")  # fmt: skip
    document = read(tmp_path, "asciidoctor.html", asciidoctor)
    assert noted(document) == {"It leaves at ten.": ["By the timetab"]}
    assert [section.heading for section in document.sections] == ["Trains"]


def test_a_citation_of_sphinx_leads_to_its_entry(tmp_path: Path) -> None:
    page = ("<p>It must be drained <a class='reference internal' href='#lie99'><span>[Lie99]</span></a>.</p><div class='citation' "
            "id='lie99' role='doc-biblioentry'><p>Lie, Pumps.</p></div>")  # fmt: skip
    assert noted(read(tmp_path, "sphinx.html", page)) == {"It must be drained [Lie99].": ["Lie, Pumps."]}


def test_a_page_as_confluence_renders_it(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "confluence.html",
        """<div id="header"><ul><li><a href="/spaces">Spaces</a></li></ul></div><div id="main"><h1 id="title-text">Depot</h1>
        <div id="main-content" class="wiki-content"><div class="toc-macro"><ul><li><a href="#s">Salt</a></li></ul></div>
        <h2 id="s">Salt</h2><p>It holds 900 tonnes.<sup><a name="FootnoteMarker1-0" href="#Footnote1">1</a></sup></p>
        <div class="confluence-information-macro"><span class="aui-icon">Icon</span><p>Use the east gate.</p></div>
        <table class="confluenceTable"><tr><th>Lorry</th><th>Load</th></tr><tr><td>A1</td><td>8</td></tr></table>
        <table class="confluenceTable"><tr><th>Ref</th><th>Notes</th></tr><tr><td><a name="Footnote1"
        href="#FootnoteMarker1-0">1</a></td><td>In October.</td></tr></table></div></div>""",
    )
    assert [section.heading for section in document.sections] == ["Depot", "Salt"]
    assert [one.plain for one in sentences(document)] == [
        "It holds 900 tonnes.", "Use the east gate.", "Lorry: A1; Load: 8",
    ]  # fmt: skip
    assert noted(document) == {"It holds 900 tonnes.": ["In October."]}
    assert [span.text for span in document.boilerplate] == ["Spaces", "Salt"]


def test_a_mark_in_jats_leads_to_all_that_it_names(tmp_path: Path) -> None:
    refs = "".join(
        f"<ref id='b{n}'><label>{n}</label><mixed-citation>Work {n}.</mixed-citation></ref>" for n in (1, 2, 3)
    )
    document = read(
        tmp_path,
        "two.xml",
        "<article><body><p>It rains [<xref ref-type='bibr' rid='b1 b2'>1, 2</xref>]. It snows <xref ref-type='bibr' "
        f"rid='b2 b3'>(Roe; Doe)</xref>.</p></body><back><ref-list>{refs}</ref-list></back></article>",
    )
    assert noted(document) == {"It rains.": ["Work 1.", "Work 2."], "It snows (Roe; Doe).": ["Work 2.", "Work 3."]}
    assert [note.number for note in document.footnotes] == [1, 2, 3]


def test_a_long_text_is_read_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("It rained for a week.", "utf-8")
    (found,) = find_files(tmp_path).files
    asked: list[str] = []

    class Process(ReadingProcess):
        def read(self, found: FoundFile) -> Document:
            asked.append(found.id)
            return parse(read_source(found.path))

    assert read_given(found, None, Process()).document.text == "It rained for a week."
    assert asked == []
    monkeypatch.setattr(building, "LARGEST_HERE", 20)
    assert read_given(found, None, Process()).document.text == "It rained for a week."
    assert asked == ["a"]
