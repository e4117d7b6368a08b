"""Passages: whole sentences, in the window, with a sentence of overlap where one paragraph is split."""

from index.document.types import Document
from index.passages import make_passages
from tests.conftest import HashEncoder, parse_text


def sentence(words: int, name: str) -> str:
    return " ".join([name.capitalize(), *[name] * (words - 2), "end."])


def test_a_paragraph_that_fits_is_a_passage_and_short_neighbours_share_one(encoder: HashEncoder) -> None:
    document = parse_text(f"Part One\n\n{sentence(20, 'aa')}\n\n{sentence(5, 'bb')}\n\n{sentence(5, 'cc')}\n")
    passages = make_passages(document, encoder, 64)
    assert [p.id for p in passages] == ["doc#1", "doc#2"]
    assert [p.paragraphs for p in passages] == [(0, 1), (2, 3)]  # the heading stands before the first
    assert passages[1].text == document.text[passages[1].start : passages[1].end]
    assert passages[1].plain == "Part One. Bb bb bb bb end. Cc cc cc cc end."


def test_short_paragraphs_of_different_headings_stay_apart(encoder: HashEncoder) -> None:
    document = parse_text("Part One\n\nA b c.\n\nPart Two\n\nD e f.\n")
    assert [p.section for p in make_passages(document, encoder, 64)] == ["Part One", "Part Two"]


def test_a_long_paragraph_is_split_with_a_sentence_of_overlap(encoder: HashEncoder) -> None:
    names = ["aa", "bb", "cc", "dd", "ee"]
    document = parse_text(" ".join(sentence(10, name) for name in names))
    passages = make_passages(document, encoder, 32)  # room for 30: three sentences
    assert [[s.text[:2].lower() for s in p.sentences] for p in passages] == [["aa", "bb", "cc"], ["cc", "dd", "ee"]]


def test_a_sentence_longer_than_the_window_stands_alone(encoder: HashEncoder) -> None:
    document = parse_text(f"{sentence(5, 'aa')} {sentence(90, 'bb')} {sentence(5, 'cc')}")
    assert [len(p.sentences) for p in make_passages(document, encoder, 32)] == [1, 1, 1]


def test_notes_and_byline_are_passages_and_carry_their_notes(encoder: HashEncoder) -> None:
    text = "Rain fell.[1] Sun.[2]\n\nJane Roe is a scholar.\n\n[1] It rained.\n\n[2] It shone.\n"
    passages = {p.id: p for p in make_passages(parse_text(text), encoder, 64)}
    assert list(passages) == ["doc#1", "doc#byline", "doc#n1", "doc#n2"]
    assert passages["doc#1"].notes == (0, 1)
    assert (passages["doc#n2"].note, passages["doc#n2"].notes) == (1, (1,))


def test_every_passage_of_the_article_fits_the_window(article: Document, encoder: HashEncoder) -> None:
    passages = make_passages(article, encoder, 256)
    assert all(encoder.count_tokens([p.plain])[0] <= 256 for p in passages)
    covered = {s.start for p in passages for s in p.sentences}
    assert covered >= {s.start for paragraph in article.paragraphs for s in paragraph.sentences}
