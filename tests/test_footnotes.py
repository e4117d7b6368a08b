"""Markers and notes find each other; "Ibid." and short forms find their works."""

import pytest

from index.document.types import Document, Footnote
from tests.conftest import parse_text

SOURCES = {15: [14], 23: [22], 26: [3], 27: [3], 29: [3, 25], 30: [3, 25], 31: [25], 36: [12], 40: [38], 42: [37], 43: [37],
           44: [3], 45: [3], 46: [3, 25], 47: [3, 25], 9: [3, 6], 17: [5], 20: [5], 49: [48]}  # fmt: skip
VIA = {27: (26,), 30: (29,), 43: (42,), 45: (44,), 47: (46,)}
CITES_NOTHING = {2, 11, 19, 28, 35, 39}


def notes(*texts: str) -> tuple[Footnote, ...]:
    """The notes of a document whose one sentence is marked by all of them."""
    body = "Words" + "".join(f"[{number}]" for number, _ in enumerate(texts, 1)) + " end here."
    return parse_text(f"{body}\n\n" + "\n\n".join(f"[{n}] {text}" for n, text in enumerate(texts, 1))).footnotes


def leads(*texts: str) -> list[list[int]]:
    return [[source.number for source in note.sources] for note in notes(*texts)]


def kinds(document: Document) -> list[tuple[str, int]]:
    return [(odd.kind, odd.number) for odd in document.odd]


def test_the_articles_notes_lead_where_they_should(article: Document) -> None:
    assert [note.number for note in article.footnotes] == list(range(1, 50))
    assert all(len(note.anchors) == 1 for note in article.footnotes)
    for note in article.footnotes:
        expected = [] if note.number in CITES_NOTHING else SOURCES.get(note.number, [note.number])
        assert sorted({source.number for source in note.sources}) == expected, note.number
        assert note.via == VIA.get(note.number, ()), note.number
        assert note.unfollowed == ()


def test_a_note_that_names_two_works_has_two_sources(article: Document) -> None:
    assert [source.text for source in article.footnotes[24].sources] == [
        "Wolfram Lacher, Organized Crime and Conflict in the Sahel-Sahara Region (Washington, D.C.: Carnegie Endowment for "
        "International Peace, 2012)",
        "Judith Scheele, “Circulations marchandes au Sahara: Entre Licite et Illicite,” Hérodote 142 (2011): 143-162.",
    ]


ROE = "Jane Roe, Green Hills (London: Verso, 1999)."
DOE = "John Doe, “On Rivers,” Water Review 3 (2001): 4-9."


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((ROE, "Ibid."), [[1], [1]]),
        ((ROE, "Ibid., p. 12.", "Ibid., 14-15."), [[1], [1], [1]]),
        ((ROE, DOE, "Roe, Green Hills, p. 12."), [[1], [2], [1]]),
        ((ROE, DOE, "Roe, op. cit., p. 3."), [[1], [2], [1]]),
        ((ROE, DOE, "Roe, supra note 1, at 12."), [[1], [2], [1]]),
        ((ROE, DOE, "See note 1 above."), [[1], [2], [1]]),
        ((ROE, DOE, "Id. at 5."), [[1], [2], [2]]),
        ((ROE, DOE, "“On Rivers.”"), [[1], [2], [2]]),
        ((ROE, "Rain fell. On rain, see Doe, “Rain,” Weather, May 2, 2001.", "Ibid."), [[1], [2], [2]]),
        ((f"{ROE[:-1]}; {DOE}", "Ibid.", "Doe."), [[1, 1], [1, 1], [1]]),
        ((f"{ROE[:-1]}; {DOE}", "Doe, supra note 1, at 5.", "Roe (n 1) 7."), [[1, 1], [1], [1]]),
        (("The river rose that year.", ROE), [[], [2]]),
        (("Town Archive, box 3.", "Ibid.", "See note 1."), [[], [1], [1]]),
        (("It was cold.", "Ibid."), [[], []]),
        ((ROE, DOE, "Id."), [[1], [2], [2]]),
        ((ROE, f"Id.; {DOE}", "Roe, supra, at 9; Doe, above n. 2, 30."), [[1], [1, 2], [1, 2]]),
        ((ROE, "Town Book, fol. 12; but see Roe, Green Hills, p. 61, who gives 1710."), [[1], [1]]),
        (("Water Act 1931, s 4(1).", "Ibid."), [[1], [1]]),
        (("Personal interview with the mayor, Gao, May 2013.",), [[1]]),
    ],
)
def test_where_notes_lead(texts: tuple[str, ...], expected: list[list[int]]) -> None:
    assert leads(*texts) == expected


@pytest.mark.parametrize(
    ("entry", "authors", "title", "container"),
    [
        ("Falkow S. 2006. Rest and motion. Back Journal.", "Falkow S", "Rest and motion", "Back Journal"),
        ("Roe A, Doe BC. Why cells die. Cell Rev. 2006;3:4-9.", "Roe A, Doe BC", "Why cells die", "Cell Rev"),
        (
            "Ito, M., & Weber, K. (2005). Growth. Stone Review, 2, 4–9.",
            "Ito, M., & Weber, K.",
            "Growth",
            "Stone Review",
        ),
        ("Vik O, Dahl E: Halving it. Fish Rev 1998, 2:4-9.", "Vik O, Dahl E", "Halving it", "Fish Rev"),
        ("Lund, Peter (3 May 1972). Long Bridges. Oslo: Fjell.", "Lund, Peter", "Long Bridges", "Oslo"),
        ("Roe, Anna. “Rain.” Weather Review 3 (2006): 4–9.", "Roe, Anna", "Rain", "Weather Review"),
        ('"Sofia opens bridge". Sund Post. 3 June 1971.', None, "Sofia opens bridge", "Sund Post"),
    ],
)
def test_an_entry_of_a_reference_list_is_a_work(entry: str, authors: str | None, title: str, container: str) -> None:
    (note,) = notes(entry)
    (source,) = note.sources
    parts = [part and part.text for part in (source.parts.authors, source.parts.title, source.parts.container)]
    assert parts == [authors, title, container]


def test_a_misspelt_title_is_found_by_its_author_and_likeness() -> None:
    assert leads("Rémi Carayol, “Mali: à Kidal, tout reste à faire,” Jeune Afrique, April 16, 2013.",
                 "Carayol, “A Kidal: Tour Reste A faire.”") == [[1], [1]]  # fmt: skip


def test_what_cannot_be_followed_says_so() -> None:
    document = parse_text("Rain.[1] Sun.[2] Snow.[3]\n\n[1] Ibid.\n\n[2] Roe, Lost Book.\n\n[3] It was cold.\n")
    assert [note.unfollowed for note in document.footnotes] == [("Ibid.",), ("Roe, Lost Book.",), ()]
    assert kinds(document) == [("reference-not-followed", 1), ("reference-not-followed", 2)]
    assert document.odd[0].message == "Note 1 refers to 'Ibid.', which leads to no work named before it."


def test_what_does_not_fit_is_reported() -> None:
    document = parse_text("Rain.[1] Sun.[3] Again.[1]\n\n[1] One.\n\n[2] Two.\n\n[2] Twice.\n")
    assert kinds(document) == [
        ("marker-without-note", 3), ("number-marked-twice", 1), ("note-without-marker", 2), ("number-used-twice", 2),
        ("note-without-marker", 2), ("number-used-twice", 2),
    ]  # fmt: skip
    assert [note.text for note in document.footnotes] == ["One.", "Two.", "Twice."]


def test_a_bracketed_number_that_is_no_marker_is_text() -> None:
    document = parse_text("In [2012] he said “we was [sic] there” twice.[1] It ended.\n\n[1] One.\n")
    first = document.paragraphs[0].sentences[0]
    assert first.plain == "In [2012] he said “we was [sic] there” twice."
    assert len(document.footnotes) == 1
    assert document.odd == ()


def test_several_markers_at_once() -> None:
    document = parse_text("Rain fell.[1][2] Snow fell.[1, 3]\n\n[1] One.\n[2] Two.\n[3] Three.\n")
    assert [s.notes for s in document.paragraphs[0].sentences] == [(0, 1), (0, 2)]
    assert [s.text for s in document.paragraphs[0].sentences] == ["Rain fell.", "Snow fell."]


def test_notes_that_start_again_in_each_chapter_find_their_own_markers() -> None:
    text = "One\n\nRain.[1]\n\n[1] First.\n\nTwo\n\nSun.[1]\n\n[1] Second.\n"
    document = parse_text(text)
    assert [p.sentences[0].notes for p in document.paragraphs] == [(0,), (1,)]
    assert [section.heading for section in document.sections] == ["One", "Two"]


def test_a_note_may_go_on_over_paragraphs() -> None:
    document = parse_text("Rain.[1] Sun.[2]\n\n[1] It rained.\n\nFor days.\n\n[2] It shone.\n")
    assert [note.text for note in document.footnotes] == ["It rained.\n\nFor days.", "It shone."]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("John Smith, Alpha Tales (London: Verso, 1990).", "Ann Smith, Beta Tales (London: Verso, 1991).",
          "Smith, Alpha Tales, 5.", "J. Smith, 7."), [[1], [2], [1], [1]]),
        (("Jan de Vries, The Dutch Economy (London: Verso, 1990).", ROE, "de Vries, The Dutch Economy, 5."), [[1], [2], [1]]),
        (("Baz Lecocq et al., “One Hippo,” Review, 2013.", ROE, "Lecocq et al., 12."), [[1], [2], [1]]),
        (("Smith, John. The Big Book. New York: Penguin, 1999.", "Ibid."), [[1], [1]]),
        (("Smith, J. (2001). The title of paper. Journal of Things, 12(3), 45-67.", "Ibid."), [[1], [1]]),
        ((ROE, "Ibid., chap. 3.", "(Ibid.)", "Roe 1999, 5.", "Roe (n 1) 45."), [[1], [1], [1], [1], [1]]),
        ((ROE, DOE, "See notes 1 and 2."), [[1], [2], [1, 2]]),
        (("Mary Jones, 'A British Title', Past & Present, 12 (1980), pp. 1-20.", "Jones, 'British Title', p. 5."), [[1], [1]]),
    ],
)  # fmt: skip
def test_other_styles_of_citing(texts: tuple[str, ...], expected: list[list[int]]) -> None:
    assert leads(*texts) == expected


@pytest.mark.parametrize(
    "text",
    [
        "“We will never surrender.”",
        "The note 5 battery lasts.",
        "Id est, the war ended.",
        "Unknown.",
    ],
)
def test_prose_is_not_read_as_a_citation(text: str) -> None:
    (note,) = notes(text)
    assert (note.sources, note.unfollowed) == ((), ())


def test_body_between_notes_stays_body() -> None:
    text = "Rain fell.[1]\n\n[1] It rained.\n\nSnow fell then.\n\n[2] It snowed.\n\nHail too.[2]"
    document = parse_text(text)
    assert [paragraph.text for paragraph in document.paragraphs] == ["Rain fell.[1]", "Snow fell then.", "Hail too.[2]"]
    assert [note.text for note in document.footnotes] == ["It rained.", "It snowed."]


def test_markers_that_start_again_mean_notes_that_start_again() -> None:
    text = "One\n\nRain.[1] Sun.[2]\n\nTwo\n\nSnow.[1]\n\n[1] First.\n[2] Second.\n[1] Third."
    document = parse_text(text)
    assert [s.notes for p in document.paragraphs for s in p.sentences] == [(0,), (1,), (2,)]


def test_labels_on_lines_of_their_own_wrapped_notes_and_bylines_with_markers() -> None:
    own = parse_text("Rain fell.[1] Sun shone.[2]\n\n[1]\nIt rained.\n\n[2]\n\nIt shone.")
    assert [note.text for note in own.footnotes] == ["It rained.", "It shone."]
    byline = parse_text("Rain fell.\n\nJane Roe is a professor of rain.[1]\n\n[1] Her page says so.")
    assert byline.byline is not None
    assert byline.byline.sentences[0].notes == (0,)
    assert byline.odd == ()


def test_markers_of_another_style_are_still_markers_and_numbers_between_words_are_not() -> None:
    document = parse_text("Rain.[1] Sun.[2] Ice.[1] Hail [2], he said. He lost [1] man.\n\n[1] One.\n[2] Two.")
    assert [s.notes for s in document.paragraphs[0].sentences] == [(0,), (1,), (0,), (1,), ()]
