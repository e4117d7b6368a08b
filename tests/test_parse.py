"""From text to sections, paragraphs, sentences, byline and boilerplate, nothing lost."""

import itertools
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.document.sources import read_sources
from index.document.types import Document
from index.errors import SourceError
from index.passages import make_passages
from tests.conftest import HashEncoder, parse_text
from tests.invariants import check_passages, check_slices, lost, parts, spans_of


def headings(document: Document) -> list[str | None]:
    return [section.heading for section in document.sections]


def sentences(document: Document) -> list[str]:
    return [sentence.text for paragraph in document.paragraphs for sentence in paragraph.sentences]


def test_a_heading_stands_before_its_paragraph_with_or_without_a_blank_line() -> None:
    document = parse_text("Opening words here.\n\nFirst Part\nOne sentence.\n\nSecond Part\n\nAnother one.\n")
    assert headings(document) == [None, "First Part", "Second Part"]
    assert sentences(document) == ["Opening words here.", "One sentence.", "Another one."]
    assert [paragraph.number for paragraph in document.paragraphs] == [1, 2, 3]


def test_markdown_and_underlined_headings() -> None:
    document = parse_text("# Title\n\nText one.\n\nPart two\n--------\n\nText two.\n")
    assert headings(document) == ["Title", "Part two"]


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    text = (
        "The campaign to dislodge them from the mountains by the border is\n"
        "underway, as is the more difficult task of securing the towns on\n"
        "the river.\n\nThe Plan\nIt is complicated by the army, which has not\nset foot there.\n"
    )
    document = parse_text(text)
    assert headings(document) == [None, "The Plan"]
    assert len(document.paragraphs) == 2
    assert document.paragraphs[0].sentences[0].plain.endswith("securing the towns on the river.")


def test_a_marker_at_the_end_belongs_to_the_sentence_it_closes() -> None:
    document = parse_text("The people seek Kidal.[1] As a report warned,[2] it is hard.\n\n[1] One.\n\n[2] Two.\n")
    assert sentences(document) == ["The people seek Kidal.", "As a report warned,[2] it is hard."]
    first, second = document.paragraphs[0].sentences
    assert (first.notes, second.notes) == ((0,), (1,))
    assert second.plain == "As a report warned, it is hard."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Dr. Smith of the U.S. Army met Lee et al. in Kidal. They ate.",
            ["Dr. Smith of the U.S. Army met Lee et al. in Kidal.", "They ate."],
        ),
        (
            "It is “incapable of planning.”[1] The task is hard.",
            ["It is “incapable of planning.”", "The task is hard."],
        ),
        ("See vol. 3, no. 4, pp. 3-9. It cost $3.5 million.", ["See vol. 3, no. 4, pp. 3-9.", "It cost $3.5 million."]),
        ("“Is it so?” he asked. She left.", ["“Is it so?” he asked.", "She left."]),
        ("Why join?[1] Some did.", ["Why join?", "Some did."]),
    ],
)
def test_sentences_are_split_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert sentences(parse_text(f"{text}\n\n[1] A note.\n")) == expected


@pytest.mark.parametrize("space", ["\u00a0", "\u2009", "\u202f", "\u3000", "\u2028", "\x85"])
def test_a_wide_space_behind_an_initial(space: str) -> None:
    document = parse_text(f"It was plan B{space}. It failed.[1]\n\n[1] J{space}. Roe, A Book.\n")
    assert sentences(document) == [f"It was plan B{space}.", "It failed."]
    assert [sentence.plain for sentence in document.footnotes[0].sentences] == ["J . Roe, A Book."]


def test_the_byline_at_the_end_and_at_the_top() -> None:
    end = parse_text("Some text.\n\nJane Roe is a senior fellow at the Institute of Things.\n\n[1] Note.\n")
    assert end.byline is not None
    assert end.byline.text == "Jane Roe is a senior fellow at the Institute of Things."
    top = parse_text("A Title\n\nBy Jane Roe and John Doe\n\nSome text.\n")
    assert top.byline is not None
    assert top.byline.text == "By Jane Roe and John Doe"
    assert sentences(top) == ["Some text."]


def test_site_lines_are_boilerplate_and_text_about_them_is_not() -> None:
    document = parse_text(
        "Advertisement\n\nCopyright law protects authors.\n\nStay Informed\n\nSign up to receive updates.\n"
    )
    assert [line.text for line in document.boilerplate] == [
        "Advertisement",
        "Stay Informed",
        "Sign up to receive updates.",
    ]
    assert sentences(document) == ["Copyright law protects authors."]


def test_a_byte_order_mark_is_one_character_and_line_endings_stay() -> None:
    document = parse_text("\ufeffOne here.\r\n\r\nTwo there.\r\n")
    first, second = document.paragraphs
    assert (first.start, first.end, first.text) == (1, 10, "One here.")
    assert (second.start, second.text) == (14, "Two there.")


def test_the_article(article: Document) -> None:
    assert headings(article) == [
        None, "Uncertainty Amid Troop Drawdown", "Transnational Threats", "Internal Radicalization", "The Road Ahead",
    ]  # fmt: skip
    assert [len(section.paragraphs) for section in article.sections] == [3, 8, 8, 3, 5]
    assert article.byline is not None
    assert article.byline.text.startswith("Dr. Anouar Boukhars is a nonresident scholar")
    assert [line.text for line in article.boilerplate] == [
        "Stay Informed", "Sign up to receive updates from CTC.", "Sign up",
    ]  # fmt: skip
    assert lost(article) == ""
    assert article.odd == ()


PIECES = [
    "A Heading", "# Mark", "By Jane Roe", "[1] See Roe, “A Title,” Press, 2001.", "[2] Ibid.", "[2] Again.", "Sign up", "It ends here.[1] And goes on,[2] so.",
    "- item", "[2012] was a year.", "Rain fell,[7] twice [sic].", "“Ha!”[1][2]", "Ibid.", "-----", "© 2001", "Roe is an author.", "e.g. this [1, 2] and [3-5].",
    "[0]", "[00] Zero.", "[0001] One.", "[99999999999] Far.", "[9999] Last.", "[١] Arabic.", "[１] Wide.", "[²] Raised.", "x[١][１]", "[1", "1]", "[[1]]", "[[[[1]]]", "[1[2]3]",
    "[1][", "[]", "[-1]", "[1-]", "[5-3]", "[1–9999]", "[1,,2]", "[1]:", "* [3]. Roe.", "[1]\u00a0x", "(see [1])", "“[1]”", "a[1]b[1]c", "[1]", "[1] ", "[1]\n[1]", "[1] [2] [3]",
    "[3] Ibid., 4; see also note 99999999999; supra note 1.", "[4] See note 4.", "[5] Cf. notes 1-9999, op. cit.", "[6] Id. at 3; id.", "[7] Roe et al., “", "[8] ”Title“ ‘a’ «b»",
    "Plan B\u00a0. J\u2009. Roe", "5\u202f000 men", "word " * 400, "a" * 3000, "A. " * 300, "[1] " + "See Roe, " * 100, "[" * 300, "“" * 300, "\u200b", "\ufeff", "\ufeff[1] Note.", "e\u0301" * 20, "\u202eabc", "👩‍👩‍👧[1]",
    "日本は島国です。[1]首都は東京です。", "هذا نص.[1]", "MR. AND MRS. ROE", "NOTES", "Notes", "References", "===", "* * *", "1. Boil it.", "(a) Drink it.", "II. TWO.", "1.2.3", "...", "…", "?!?!", "\x1b[1m", "\x00",
]  # fmt: skip
GAPS = [
    "\n\n",
    "\n",
    "\r\n\r\n",
    "\r",
    "\r\r",
    "\n\r",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\x1c",
    "\u3000\n",
    " \t\n\n",
    "",
    " ",
]
BLOCK = st.one_of(
    st.text(max_size=80),  # never a lone surrogate: UTF-8 has none
    st.text(alphabet="[]0123456789 ,-–;.:aA“”\n", max_size=60),
    st.sampled_from(PIECES),
    st.lists(st.sampled_from(PIECES), min_size=2, max_size=3).map("".join),
    st.integers(0, 120).map(lambda number: f"[{number}] Roe, “Title {number},” Press, 2001."),
    st.integers(0, 120).map(lambda number: f"It rained on day {number}.[{number}]"),
)
DOCUMENT = st.lists(st.tuples(BLOCK, st.sampled_from(GAPS)), min_size=1, max_size=12).map(
    lambda blocks: "".join(block + gap for block, gap in blocks)
)
TOML = st.lists(
    st.tuples(
        st.sampled_from(["title", "author", "date", "url", "titel", "a.b", '"\\u0000"', "[title]"]),
        st.one_of(
            st.sampled_from(
                [
                    "1",
                    "'x'",
                    '"\\ud800"',
                    "1979-05-27",
                    "07:32:00",
                    "true",
                    "inf",
                    "[1]",
                    "{a=1}",
                    "''",
                    "9" * 5000,
                    "[" * 5000,
                    "0x" + "f" * 5000,
                ]
            ),
            st.text(max_size=20).map(json.dumps),
        ),
    ),
    max_size=4,
).map(lambda pairs: "\n".join(f"{key} = {value}" for key, value in pairs).encode())
MANY = pytest.mark.parametrize(
    "examples", [200, pytest.param(5_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)


@MANY
def test_nothing_is_lost_and_every_offset_is_exact(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(DOCUMENT)
    def check(text: str) -> None:
        document = parse_text(text)
        assert lost(document) == ""
        check_slices(text, spans_of(document))

    check()


@MANY
def test_the_parts_of_a_document_do_not_overlap(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(DOCUMENT)
    def check(text: str) -> None:
        assert all(before[1] <= other[0] for before, other in itertools.pairwise(parts(parse_text(text))))

    check()


@MANY
def test_sentences_hold_all_of_a_paragraph_but_markers_and_space(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(DOCUMENT)
    def check(text: str) -> None:
        document = parse_text(text)
        for paragraph in document.paragraphs:
            gaps, at = "", paragraph.start
            for sentence in paragraph.sentences:
                gaps += document.text[at : sentence.start]
                at = sentence.end
            gaps += document.text[at : paragraph.end]
            assert not any(c.isalpha() for c in gaps)

    check()


@MANY
def test_passages_hold_every_sentence_once_or_overlap_by_one(encoder: HashEncoder, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(DOCUMENT, st.integers(1, 64))
    def check(text: str, window: int) -> None:
        document = parse_text(text)
        check_passages(document, make_passages(document, encoder, window))

    check()


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=60), DOCUMENT.map(str.encode)), st.one_of(st.binary(max_size=60), TOML))
def test_any_bytes_are_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, words: bytes, sidecar: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "doc.txt").write_bytes(words)
    (folder / "doc.toml").write_bytes(sidecar)
    try:
        (file,) = read_sources(folder)
    except SourceError as error:
        message = str(error)
        assert re.fullmatch(r"[^\r\n]*doc\.(txt|toml)[^\r\n]*\.", message)
        assert message.isprintable()
    else:
        assert file.text in {decoded(words, encoding) for encoding in ("utf-8", "utf-16", "cp1252")}


def decoded(words: bytes, encoding: str) -> str | None:
    """Bytes as text; None if they are none in this encoding."""
    try:
        return words.decode(encoding)
    except UnicodeDecodeError:
        return None


def test_wrapped_text_with_many_one_line_notes_and_scripts_without_small_letters() -> None:
    body = "The tea trade grew quickly in the seventeenth century, and by the end\nof it there were ships every year.[1]\n\n"
    document = parse_text(body + "\n".join(f"[{n}] Roe{n}, “Title,” Press, 2001." for n in range(1, 9)))
    assert (len(document.paragraphs), headings(document), len(document.footnotes)) == (1, [None], 8)
    tea = parse_text("茶は十七世紀のはじめにオランダ人の商人によって欧州に\nもたらされた。最初は高価であった。\n")
    assert [len(paragraph.sentences) for paragraph in tea.paragraphs] == [2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("日本の歴史\n\n日本は島国です。首都は東京です。\n\n人口は一億人です。", ["日本の歴史"]),
        ("Title\n\nHe asked: who leads?\n\nNobody answered!\n\nMore text here.", ["Title"]),
        ("What Went Wrong?\n\nA lot did.", ["What Went Wrong?"]),
        ("I. INTRODUCTION.\n\nText here.", ["I. INTRODUCTION."]),
        ("Text.[1]\n\nNOTES\n\n[1] A note.", [None, "NOTES"]),
        ("By Christmas Eve\n\nThe troops came home.", ["By Christmas Eve"]),
    ],
)
def test_what_is_a_heading(text: str, expected: list[str | None]) -> None:
    assert headings(parse_text(text)) == expected


def test_a_lists_number_is_no_sentence_and_history_no_byline() -> None:
    assert sentences(parse_text("Steps\n\n1. Boil it.\n2. Drink it.\n\nText.")) == [
        "1. Boil it.",
        "2. Drink it.",
        "Text.",
    ]
    assert parse_text("Intro here.\n\nBarack Obama was elected president of the United States in 2008.").byline is None


@pytest.mark.parametrize(
    "text",
    ["Aa Bb and " * 60 + "went.", "Rain fell and then it went home. " * 3000, "[1] " + "See " * 20000, "[1] Smith, A Book," + " " * 5000 + "x",
     "[1] a\n" * 5000, "“" * 50000, "[1] " + "Aa, " * 20000, "‘a " * 20000,
     "a\n" * 20000, "> > a\n" * 10000, "Roe A, " * 10000, "(A b. " * 10000],
)  # fmt: skip
@pytest.mark.timeout(20)
def test_no_text_is_slow_to_parse(text: str) -> None:
    assert lost(parse_text(f"Body.[1]\n\n{text}")) == ""
