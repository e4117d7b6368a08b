"""The page's HTML, what is copied from it, and why an answer is what it is."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import escape, unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import Assistant
from assistant.bibliography import answer_markdown, bibtex, cited_markdown, cited_plain, csl, reply_markdown
from assistant.explain import explain
from assistant.page.answers import Exchange, turn_html
from assistant.page.documents import contents_html, document_html
from assistant.page.explanation import explanations_html
from assistant.page.start import start_html
from assistant.render import to_text
from assistant.types import Abstention, Answer, Certainty
from index.document.types import Block, Document, Metadata
from tests.conftest import parse_text

BLOCK = re.compile(r'<span data-start="(\d+)" data-end="(\d+)"(?: class="q-hidden")?>(.*?)</span>', re.S)
TROOPS = "How many troops and police will the UN peacekeeping mission have?"
KNOWN = Metadata("Rain & Snow_1", "Ann Roe", "2013-05-06", "https://example.org/a_b?c=1&d=2")


def blocks(html: str) -> list[tuple[int, int, str]]:
    """The blocks of a document's HTML: begin, end, and the text as a browser has it."""
    return [(int(a), int(b), unescape(re.sub(r"<[^>]*>", "", inner))) for a, b, inner in BLOCK.findall(html)]


def test_every_block_is_the_documents_text_and_nothing_is_lost(article: Document) -> None:
    shown = blocks(document_html(article))
    for start, end, text in shown:
        assert text == article.text[start:end]
    covered = set().union(*(range(start, end) for start, end, _ in shown))
    labels = set().union(*(range(note.label.start, note.label.end) for note in article.footnotes))
    lost = {article.text[i] for i in set(range(len(article.text))) - covered - labels}
    assert not "".join(lost).strip()


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab <>&\"'\r\n[1]2.😀é{}$", min_size=1, max_size=120))
def test_whatever_a_document_says_its_blocks_are_its_text(text: str) -> None:
    document = parse_text(text)
    for start, end, shown in blocks(document_html(document)):
        assert shown == document.text[start:end]


def test_notes_lead_to_their_sources_and_back() -> None:
    html = document_html(parse_text("Rain fell.[1] Snow fell.[2]\n\n[1] Roe, “Rain,” Press, 2001.\n[2] Ibid.\n"))
    assert re.search(r'data-notes="1" aria-label="Note 2">\[2\]</button>', html)
    assert re.search(r'→ <button[^>]*data-do="place"[^>]*>note 1</button>', html)
    assert html.count('data-do="back"') == 2


def test_contents_list_documents_and_headings(quoth: Assistant) -> None:
    html = contents_html(quoth.index.documents)
    assert re.findall(r">([^<>]+)</button>", html) == [
        "Stabilizing Mali", "Uncertainty Amid Troop Drawdown", "Transnational Threats", "Internal Radicalization",
        "The Road Ahead", "Notes",
    ]  # fmt: skip


def test_the_start_says_what_the_document_is(article: Document) -> None:
    assert "27 paragraphs · 4 headings · 49 notes" in start_html({article.id: article})
    known = replace(article, metadata=KNOWN)
    assert "Ann Roe, 2013-05-06, https://example.org/a_b?c=1&amp;d=2 · 27 paragraphs" in start_html({article.id: known})


def test_an_answer_in_html(quoth: Assistant) -> None:
    answer = quoth.ask("How many troops will the UN mission have? Use <b>.")
    why = explanations_html(explain(answer, quoth), quoth.index.documents)
    html = turn_html(3, Exchange(answer.question, answer), quoth.index.documents, why=why)
    assert 'id="quoth-turn-3"' in html
    assert re.search(r'<div class="q-why-body">\s*<p>Read for: How many troops', html)
    assert "Use &lt;b&gt;." in html
    assert "<b>" not in html
    assert html.count('data-do="rate"') == 2
    assert re.findall('data-reason="([^"]+)"', html) == ["wrong_place", "wrong_words", "should_have_abstained"]
    assert 'data-do="rate"' not in turn_html(3, Exchange(answer.question, answer), quoth.index.documents, rated=False)


def test_a_part_that_the_document_does_not_answer_is_named(quoth: Assistant) -> None:
    answer = replace(quoth.ask(TROOPS), unanswered=("who pays <it>",))
    html = turn_html(1, Exchange(TROOPS, answer), quoth.index.documents)
    assert "The document does not seem to say: “who pays &lt;it&gt;”" in html


def test_what_was_read_along_stands_above_the_answer_on_every_surface(quoth: Assistant) -> None:
    documents, turns = quoth.index.documents, ["Who leads <it>?", "Why is that?"]
    answer = replace(quoth.ask(TROOPS), question="And <why>?", standalone_question="And <why>?", read_with=tuple(turns))
    line = "Read together with: “Who leads <it>?”, “Why is that?”"
    html = turn_html(1, Exchange("And <why>?", answer), documents)
    assert f'<p class="q-understood"><span>{escape(line)}</span> <button' in html
    assert re.findall('data-do="as-written"[^>]*>([^<]+)<', html) == ["Ask it alone"]
    assert to_text(answer, documents).plain.startswith(f"{line}\n\n")
    escaped = line.replace("<", "\\<").replace(">", "\\>")
    assert answer_markdown(answer, documents).split("\n\n")[1] == f"*{escaped}*"
    assert reply_markdown(answer, documents).startswith(f"*{escaped}*\n\n> ")
    corrected = replace(answer, standalone_question="And <what>?")
    assert f"<span>Understood as: And &lt;what&gt;?</span><br><span>{escape(line)}</span>" in turn_html(
        1, Exchange("And <why>?", corrected), documents
    )
    alone = turn_html(1, Exchange("And <why>?", replace(corrected, read_with=())), documents)
    assert re.findall('data-do="as-written"[^>]*>([^<]+)<', alone) == ["Ask it as written"]


def test_an_abstention_shows_the_nearest_sentence_and_what_can_be_answered(quoth: Assistant) -> None:
    nearest = quoth.ask(TROOPS).evidence[:2]
    message = "The document does not seem to say. The nearest sentence has nothing on “<gold>”."
    nothing = Abstention("low_confidence", message, nearest, ("Who leads <it>?",))
    answer = Answer("Why?", "Why?", False, 0.1, "none", None, (), 0, (), nothing, {})
    html = turn_html(1, Exchange("Why?", answer), quoth.index.documents)
    assert (
        '<p class="q-abstention">The document does not seem to say. The nearest sentence has nothing on “&lt;gold&gt;”.'
        in html
    )
    assert 'data-do="ask" class="q-suggestion">Who leads &lt;it&gt;?</button>' in html
    shown, folded = html.split("What else I looked at")
    assert "11,200 troops and 1,440 police" in shown
    assert (shown.count("<blockquote"), folded.count("<blockquote")) == (1, 1)
    assert re.findall('data-reason="([^"]+)"', html) == ["should_have_answered"]
    assert "sure" not in re.sub(r"<[^>]*>", "", html)
    unrelated = replace(answer, abstention=replace(nothing, reason="no_match"))
    assert (
        "<blockquote"
        not in turn_html(1, Exchange("Why?", unrelated), quoth.index.documents).split("What I looked at")[0]
    )


def test_each_item_of_a_list_stands_on_a_line_of_its_own(ask_text: Callable[..., Assistant]) -> None:
    listed = ask_text("Leave\n\nThese things count:\n\n- rain & hail\n- snow\n")
    shown = turn_html(1, Exchange("Which things count?", listed.ask("Which things count?")), listed.index.documents)
    lines = re.findall('<span class="q-line">(.*?)</span>', shown)
    assert lines == ["These things count:", "- rain &amp; hail", "- snow"]


def test_code_is_quoted_with_its_lines(quoth: Assistant) -> None:
    answer = quoth.ask(TROOPS)
    [evidence] = answer.evidence[:1]
    documents = quoth.index.documents
    code = Block(evidence.start, evidence.end, "code")
    shown = {**documents, evidence.document: replace(documents[evidence.document], blocks=(code,))}
    assert '<blockquote class="q-code">' in turn_html(1, Exchange(TROOPS, answer), shown)
    assert '<blockquote class="q-code">' not in turn_html(1, Exchange(TROOPS, answer), documents)


def test_how_certain_an_answer_is_stands_below_it_in_words(quoth: Assistant) -> None:
    answer = quoth.ask(TROOPS)

    def certainty(certain: Certainty) -> list[str]:
        html = turn_html(1, Exchange(TROOPS, replace(answer, certainty=certain)), quoth.index.documents)
        return re.findall('<p class="q-certainty">([^<]+)</p>', html)

    assert certainty("sure") == ["Quoth is sure of this."]
    assert certainty("likely") == ["This is likely, not certain: check the passage."]
    text = to_text(replace(answer, certainty="likely"), quoth.index.documents).plain
    assert text.count("   This is likely, not certain: check the passage.\n") == 1


def test_citations_to_take_along(quoth: Assistant) -> None:
    answer = quoth.ask("What did President Déby say about the skills of the Chadian army?")
    cited = next(e for e in answer.evidence if e.footnotes and e.footnotes[0].number == 15)
    documents = quoth.index.documents
    where = "Stabilizing Mali; Uncertainty Amid Troop Drawdown, paragraph 8"
    assert cited_plain(cited, documents).endswith(f"President Déby stated.” ({where})")
    assert cited_markdown(cited, documents).endswith(f"President Déby stated.\n\n— {where}\n\n\\[15\\] Ibid.")
    assert answer_markdown(answer, documents).startswith("## What did President Déby say")


def test_a_document_of_which_nothing_is_known_has_no_entry(article: Document) -> None:
    assert bibtex(article) is None
    assert csl(article) is None


def test_bibtex_and_csl_of_what_is_known(article: Document) -> None:
    known = replace(article, title="Rain & Snow_1", metadata=KNOWN)
    assert bibtex(known) == (
        "@misc{stabilizing-mali,\n  title = {{Rain \\& Snow\\_1}},\n  author = {{Ann Roe}},\n  date = {{2013-05-06}},\n"
        "  year = {{2013}},\n  url = {{https://example.org/a\\_b?c=1\\&d=2}},\n}"
    )
    [item] = json.loads(csl(known) or "")
    assert item == {
        "id": "stabilizing-mali", "type": "document", "title": "Rain & Snow_1", "author": [{"literal": "Ann Roe"}],
        "issued": {"date-parts": [[2013, 5, 6]]}, "URL": "https://example.org/a_b?c=1&d=2",
    }  # fmt: skip
    spring = replace(known, metadata=Metadata(title="Rain", date="Spring 2013"))
    assert json.loads(csl(spring) or "")[0]["issued"] == {"raw": "Spring 2013"}


def test_why_an_answer_is_what_it_is(quoth: Assistant) -> None:
    answer = quoth.ask(TROOPS)
    [explanation] = explain(answer, quoth)
    assert (round(explanation.confidence, 4), explanation.threshold) == (answer.confidence, 0.01)
    first = explanation.passages[0]
    assert first.best is not None
    assert (first.best.start, first.best.end) == (answer.evidence[0].start, answer.evidence[0].end)
    assert first.matched == ("troops", "police", "UN", "peacekeeping", "mission")
    hits = quoth.retrieve(TROOPS)
    assert {passage.hit for passage in explanation.passages if passage.hit} == set(hits)
    assert [passage.passage.id for passage in explanation.passages if passage.hit is None]
    scores = [passage.best.score for passage in explanation.passages if passage.best]
    assert scores == sorted(scores, reverse=True)


def test_each_part_of_a_question_is_explained_and_a_question_about_structure_is_not_read(quoth: Assistant) -> None:
    both = "Who is Wolfram Lacher? When did French forces begin the offensive?"
    assert [part.question for part in explain(quoth.ask(both), quoth)] == [
        "Who is Wolfram Lacher?", "When did French forces begin the offensive?"
    ]  # fmt: skip
    assert explain(quoth.ask("What does note 15 say?"), quoth) == ()
    assert "No passages were read for this." in explanations_html((), quoth.index.documents)
