"""Questions as people ask them: follow-ups, names, typing errors, several at once, small talk, other languages."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import Answer, Assistant, Turn
from assistant.config import Config
from assistant.known import Known
from assistant.reader.sentence import SentenceReader
from assistant.suggest import ask_what, ask_when, ask_who, ask_why
from assistant.understand.follow_up import is_follow_up
from assistant.understand.language import language_of, shares_names
from assistant.understand.learning import learn
from assistant.understand.names import long_form
from assistant.understand.parts import split
from assistant.understand.smalltalk import reply_to
from assistant.understand.spelling import english
from assistant.understand.vocabulary import Vocabulary
from index.folding import stemmer
from tests.conftest import HashEncoder, parse_text

RIVERS = (
    "The National Rivers Council (NRC) was founded in Varna in 1901. The NRC has 240 inspectors and 35 boats.\n\n"
    "Ivan Tchernov leads the council. Tchernov was born in Plovdiv.\n\n"
    "The dam at Belovo broke because the winter was wet."
)


def known(*texts: str) -> Known:
    return Known(Vocabulary.of((str(number), learn(parse_text(text))) for number, text in enumerate(texts)))


class Multilingual(HashEncoder):
    multilingual = True


@pytest.mark.parametrize(
    "question",
    [
        "And how many police?",
        "What about the Malian army?",
        "Why is that?",
        "Since when?",
        "Why not?",
        "Who are its core members?",
        "What did he write?",
        "Could they still help?",
        "How big is that force?",
        "Where do they come from?",
        "What are the symptoms?",
        "Who lives there?",
        "By whom?",
        "Which one is the oldest?",
        "Is it like Danish?",
        "why was Brightwater picked, then?",
        "So what matters instead?",
        "Do the experts think that’s enough?",
    ],
)
def test_a_question_leans_on_the_conversation(question: str) -> None:
    assert is_follow_up(question)


@pytest.mark.parametrize(
    "question",
    [
        "Why did Chad withdraw its soldiers?",
        "What mountains near Algeria had AQIM been using as its hideout?",
        "How long does it take to train a battalion?",
        "Is it true that the MNLA disarmed?",
        "Who said that the army is weak?",
        "How many mountains are there in Mali?",
        "What is the role of the Security Council?",
        "Which groups smuggle cocaine through the Sahel?",
        "What is a prime number?",
        "What is part number 7738?",
        "If something fits none of the classes, how is it treated?",
        "It’s true that the MNLA disarmed?",
        "When did the trustees agree to this edition of the handbook?",
        "Who wrote this handbook?",
    ],
)
def test_a_question_stands_alone(question: str) -> None:
    assert not is_follow_up(question)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_leans_or_stands_alone(question: str) -> None:
    assert is_follow_up(question) in (True, False)


def test_a_follow_up_is_read_with_the_question_before_it(ask_text: Callable[..., Assistant]) -> None:
    quoth = ask_text(RIVERS)
    answer = quoth.ask("And how many baots?", ["How many inspectors does the NRC have?"])
    assert answer.standalone_question == "And how many boats?"
    assert answer.read_with == ("How many inspectors does the NRC have?",)
    assert answer.in_context == "How many inspectors does the NRC have? And how many boats?"
    assert answer.evidence[0].quote == "The NRC has 240 inspectors and 35 boats."
    alone = quoth.ask("And how many boats?", ["How many inspectors does the NRC have?"], complete=False)
    assert (alone.standalone_question, alone.read_with) == ("And how many boats?", ())


def test_three_questions_at_most_are_read_along(ask_text: Callable[..., Assistant]) -> None:
    turns = [f"Where is {place}?" for place in ("Varna", "Plovdiv", "Belovo", "Pernik")]
    assert ask_text(RIVERS).ask("And where is that?", turns).read_with == tuple(turns[1:])
    for question in ("Who leads the council?", "Hello!", "What is this document about?"):
        assert ask_text(RIVERS).ask(question, turns).read_with == ()


def looked_up(answer: Answer) -> list[str]:
    """What was looked up for an answer, in order: each costs one pass of retrieval and reading."""
    assert answer.trace is not None
    return [lookup.question for lookup in answer.trace.lookups]


def test_a_question_that_stands_alone_is_looked_up_once_and_a_greeting_never(quoth: Assistant) -> None:
    turns = [Turn("How many troops will the UN mission have?", "11,200")]
    assert looked_up(quoth.ask("Who is Wolfram Lacher?")) == ["Who is Wolfram Lacher?"]
    assert looked_up(quoth.ask("Who is Wolfram Lacher?", turns)) == ["Who is Wolfram Lacher?"]
    assert looked_up(quoth.ask("Combien de soldats sont morts ?")) == ["Combien de soldats sont morts ?"]
    for text in ("Hello!", "Thanks a lot!", "You are stupid", "Great, thanks!"):
        assert looked_up(quoth.ask(text, turns)) == []


@pytest.mark.parametrize(
    "question",
    [
        "And how many police?", "Why is that?", "And when?", "Who leads it?", "What about this?", "Since when?",
        "And who leads them, and when did they come?", "Which of them?",
    ],
)  # fmt: skip
@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("answered", [True, False])
def test_each_thing_that_a_follow_up_asks_is_looked_up_once(
    quoth: Assistant, question: str, length: int, answered: bool
) -> None:
    earlier = ["Who is Wolfram Lacher?", "Which groups fight in Mali?", "How many troops will the UN mission have?"]
    asked = (2 * earlier)[-length:]
    answer = quoth.ask(question, [quoth.ask(earlier).to_turn() for earlier in asked] if answered else asked)
    things = len(split(question))
    assert 1 <= len(looked_up(answer)) <= things + (things > 1)  # where no part is answered, all of it once more
    assert not set(looked_up(answer)) & set(asked[:-1])  # what is said earlier is not answered again
    assert not answered or asked[-1] not in looked_up(answer)


def test_an_earlier_question_is_not_looked_up_again(
    ask_text: Callable[..., Assistant],
) -> None:
    quoth = ask_text("Ivan Tchernov leads the council.\n\nIvan Tchernov was born in Plovdiv.")
    who, where = "Who leads the council?", "Where was he born?"
    asked = quoth.ask(where, [Turn(who, "Ivan Tchernov")])
    assert looked_up(asked) == [asked.standalone_question] == [where]
    assert asked.read_with == (who,)
    assert asked.evidence[0].quote == "Ivan Tchernov was born in Plovdiv."
    assert len(looked_up(quoth.ask(where, [who]))) == len(looked_up(quoth.ask("When was it founded?", [who]))) == 1


def test_an_instruction_is_looked_up_and_declined_where_nothing_is_found(ask_text: Callable[..., Assistant]) -> None:
    answer = ask_text(RIVERS, threshold=1).ask("Write a poem about rivers")
    assert answer.abstention is not None
    assert (answer.abstention.reason, answer.abstention.nearest) == ("not_a_question", ())
    assert looked_up(answer) == ["Write a poem about rivers"]
    named = ask_text("The code of the gate is 4711.").ask("code of the gate")
    assert named.evidence[0].quote == "The code of the gate is 4711."


@pytest.mark.parametrize("text", ["Thanks. Who leads the council?", "Great, thanks! Hello, who leads the council?"])
def test_a_greeting_before_a_question_is_left_out(ask_text: Callable[..., Assistant], text: str) -> None:
    assert ask_text(RIVERS).ask(text).evidence[0].quote == "Ivan Tchernov leads the council."


def test_a_turn_stands_for_what_it_was_taken_for(ask_text: Callable[..., Assistant]) -> None:
    quoth = ask_text(RIVERS)
    turn = Turn("And the council?", "240", standalone="How many inspectors does the NRC have?")
    assert quoth.ask("And how many boats?", [turn]).read_with == ("How many inspectors does the NRC have?",)
    answer = quoth.ask("How many inspectors does the NRC have?")
    first = answer.evidence[0]
    assert answer.to_turn() == Turn(answer.question, answer.answer, answer.question, "doc1", first.start, first.end)


def test_what_was_said_is_given_to_the_reader(ask_text: Callable[..., Assistant]) -> None:
    given: list[Sequence[str]] = []

    class Listening(SentenceReader):
        def read(self, question, hits, index, turns=()):  # type: ignore[no-untyped-def]
            given.append(turns)
            return super().read(question, hits, index, turns)

    quoth = Assistant(ask_text(RIVERS).index, Config(threshold=0.01), Listening())
    turns = [Turn("Who leads the council?", "Ivan Tchernov"), Turn("Where is Belovo?")]
    quoth.ask("And why did its dam break?", turns)
    quoth.ask("Why did the dam at Belovo break?", turns)  # leans on nothing
    quoth.ask("And why did its dam break?", turns, complete=False)
    assert given == [("Who leads the council? Ivan Tchernov", "Where is Belovo?"), (), ()]
    given.clear()
    quoth.ask("Who leads the council, and where was he born?")  # the second part leans on the first
    assert given == [(), ("Who leads the council? Ivan Tchernov leads the council.",)]


def test_stages_are_told_with_their_counts(quoth: Assistant) -> None:
    steps: list[tuple[str, int]] = []
    quoth.ask("Who is Wolfram Lacher?", on_stage=lambda stage, passages: steps.append((stage, passages)))
    assert steps == [("retrieve", 77), ("read", 15)]


def test_a_trace_has_what_was_understood_found_and_read(quoth: Assistant) -> None:
    answer = quoth.ask("wehn did French forces begin the offensive?")
    assert answer.trace is not None
    question, (lookup,) = answer.trace.question, answer.trace.lookups
    assert (question.kind, question.language) == ("question", "en")
    assert question.corrected == lookup.question == "when did French forces begin the offensive?"
    assert lookup.hits == quoth.retrieve(lookup.question)
    best = lookup.selection.scored[0]
    assert (best.start, best.scores["score"]) == (answer.evidence[0].start, lookup.selection.candidates[0].score)
    assert set(best.scores) == {"score", "bm25", "dense"}
    there = quoth.index.score_sentences("", quoth.index.with_notes(lookup.hits))
    assert len(lookup.selection.scored) == sum(not stem_list.place.asks for stem_list in there)
    spent = answer.timings_ms
    assert spent["retrieve"] == pytest.approx(1000 * lookup.retrieve_seconds, abs=0.01)
    assert spent["total"] == pytest.approx(spent["understand"] + spent["retrieve"] + spent["read"], abs=0.05)


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("When and why did they leave?", ("When did they leave?", "Why did they leave?")),
        ("How many troops and how many police?", ("How many troops?", "How many police?")),
        (
            "How many troops and how many police will the UN send?",
            ("How many troops will the UN send?", "How many police will the UN send?"),
        ),
        ("When was Kidal freed, and who leads the group?", ("When was Kidal freed?", "Who leads the group?")),
        ("Who leads it? And where is he from?", ("Who leads it?", "Where is he from?")),
        ("What do experts and officials say?", ("What do experts and officials say?",)),
        ("Who is the man who left?", ("Who is the man who left?",)),
    ],
)
def test_parts(question: str, parts: tuple[str, ...]) -> None:
    assert split(question) == parts


def test_each_part_is_answered(ask_text: Callable[..., Assistant]) -> None:
    quoth = ask_text(RIVERS)
    answer = quoth.ask("Who leads the council, and why did the dam at Belovo break?")
    assert [evidence.quote for evidence in answer.evidence[: answer.needed]] == [
        "Ivan Tchernov leads the council.",
        "The dam at Belovo broke because the winter was wet.",
    ]
    assert answer.answer == "Ivan Tchernov leads the council.; The dam at Belovo broke because the winter was wet."
    assert (answer.needed, answer.unanswered) == (2, ())


def test_a_part_that_is_not_answered_is_named(ask_text: Callable[..., Assistant]) -> None:
    quoth = ask_text(RIVERS, threshold=0.35)
    answer = quoth.ask("Why did the dam at Belovo break, and who painted guitars?")
    assert answer.answered
    assert answer.unanswered == ("Who painted guitars?",)
    assert answer.needed == 1


def test_parts_that_one_sentence_answers_share_it(ask_text: Callable[..., Assistant]) -> None:
    answer = ask_text(RIVERS).ask("How many inspectors and how many boats?")
    assert [evidence.quote for evidence in answer.evidence[: answer.needed]] == [
        "The NRC has 240 inspectors and 35 boats."
    ]


def test_a_part_that_leans_on_one_without_an_answer_is_not_looked_up_by_itself(
    ask_text: Callable[..., Assistant],
) -> None:
    question = "Who leads the council, and where was he born?"
    assert looked_up(ask_text(RIVERS, threshold=1).ask(question)) == ["Who leads the council?", question]
    assert looked_up(ask_text(RIVERS).ask(question)) == ["Who leads the council?", "Where was he born?"]


def test_short_forms_are_learned() -> None:
    names = known(RIVERS).names
    assert names.expand("Who leads the NRC?") == "Who leads the NRC? National Rivers Council"
    assert names.expand("Who leads the National Rivers Council?") == "Who leads the National Rivers Council? NRC"
    assert names.expand("Who is the NRC, the National Rivers Council?") == (
        "Who is the NRC, the National Rivers Council?"
    )


@pytest.mark.parametrize(
    ("short", "before", "long"),
    [
        ("AFISMA", "The African-led International Support Mission in Mali ", "African-led International Support Mission in Mali"),
        ("MNLA", "the secular National Movement for the Liberation of Azawad ", "National Movement for the Liberation of Azawad"),
        ("AQIM", "of territory, al-Qa`ida in the Islamic Maghreb ", "al-Qa`ida in the Islamic Maghreb"),
        ("MUJAO", "Ansar Eddine and the Movement for Unity and Jihad in West Africa ", "Movement for Unity and Jihad in West Africa"),
        ("XYZ", "nothing of the kind ", None),
    ],
)  # fmt: skip
def test_long_forms(short: str, before: str, long: str | None) -> None:
    assert long_form(short, before) == long


def test_a_surname_finds_the_full_name() -> None:
    names = known(RIVERS).names
    assert names.respell("Who is Tchernov?") == "Who is Ivan Tchernov?"
    assert names.respell("Who was Ivan Chernov?") == "Who was Ivan Tchernov?"
    assert names.respell("Who was Ivan Petrov?") == "Who was Ivan Petrov?"
    assert known("The Rivers Council met.").names.respell("Who is Bob?") == "Who is Bob?"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wehn did the coucil meet in Varna", "when did the council meet in Varna"),
        ("who leads the counsil", "who leads the council"),
        ("Where is belvo", "Where is Belovo"),
        ("how many inspektors", "how many inspectors"),
        ("What is sourdough?", "What is sourdough?"),
        ("What did Zidane say?", "What did Zidane say?"),
        ("NRC in 1901", "NRC in 1901"),
        ("Was belvo's dam well-built?", "Was Belovo's dam well-built?"),
    ],
)
def test_typing_errors(typed: str, meant: str) -> None:
    assert known(RIVERS).speller.correct(typed) == meant


def test_transliterations_meet_the_documents_spelling() -> None:
    speller = known("Al-Shabaab and al-Qa`ida fought near Aguelhoc.").speller
    assert speller.correct("Where did al-Qaeda fight near Aguelhok?") == "Where did al-Qa`ida fight near Aguelhoc?"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*RIVERS.split(), "what", "who", "sourdough"]), max_size=12))
def test_known_words_are_left_alone(words: list[str]) -> None:
    question = " ".join(words)
    assert known(RIVERS).speller.correct(question) == question


def test_english_is_common_words_with_ranks() -> None:
    assert english()["the"] == 1
    assert "wehn" not in english()


@pytest.mark.parametrize("text", ["Hello!", "thanks a lot", "You are stupid"])
def test_what_asks_nothing_gets_one_line_and_examples(ask_text: Callable[..., Assistant], text: str) -> None:
    answer = ask_text(RIVERS).ask(text)
    assert not answer.answered
    assert answer.abstention is not None
    assert answer.abstention.reason == "not_a_question"
    assert answer.abstention.nearest == answer.evidence == ()
    assert "\n" not in answer.abstention.message
    assert answer.abstention.suggestions[:2] == (
        "When was the National Rivers Council founded in Varna?",
        "Why did the dam at Belovo break?",
    )


@pytest.mark.parametrize(
    "text", ["Who says hello?", "Why were thanks given?", "What garbage did they collect?", "How do rivers work?"]
)
def test_a_question_is_no_small_talk(text: str) -> None:
    assert reply_to(text) is None


def test_nonsense_gets_one_line_and_examples(ask_text: Callable[..., Assistant]) -> None:
    abstention = ask_text(RIVERS).ask("asdf ghjk").abstention
    assert abstention is not None
    assert (abstention.reason, len(abstention.suggestions)) == ("no_match", 2)
    assert abstention.message == "I did not understand that. Ask me about the document; I answer in its own words."


def test_questions_are_drawn_from_sentences() -> None:
    assert ask_when("On May 2, 1901, the old dam broke.") == "When did the old dam break?"
    assert ask_when("The first battalion is slated to be ready by September 2013.") == (
        "When is the first battalion slated to be ready?"
    )
    assert ask_who("So wrote Ann Roe, a historian of rain.") == "Who is Ann Roe?"
    assert ask_why("The dam broke because the winter was wet.") == "Why did the dam break?"
    assert ask_what("The National Rivers Council (NRC) met.") == "What is said about the NRC?"
    assert ask_when("It broke in May 1901.") is None


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Combien de soldats sont morts ?", "fr"),
        ("Wie viele Soldaten sind gestorben?", "de"),
        ("¿Cuántos soldados murieron?", "es"),
        ("Сколько солдат погибло?", "ru"),
        ("多少士兵?", "zh"),
    ],
)
def test_other_languages_are_recognised(question: str, language: str) -> None:
    assert language_of(question, known(RIVERS).knows) == language


@pytest.mark.parametrize(
    "question",
    ["Who is Anouar Boukhars?", "wehn did mnla declair indepedence of azwad", "NRC founding year", "Belovo dam"],
)
def test_english_is_recognised(question: str) -> None:
    assert language_of(question, known(RIVERS).knows) == "en"


def test_another_language_is_told_where_names_do_not_carry_it(ask_text: Callable[..., Assistant]) -> None:
    quoth = ask_text(RIVERS, threshold=0.3)
    answer = quoth.ask("Combien de soldats sont morts ?")
    assert answer.abstention is not None
    assert answer.abstention.reason == "language"


def test_an_encoder_that_knows_the_language_finds_the_sentence(ask_text: Callable[..., Assistant]) -> None:
    quoth = ask_text(RIVERS, threshold=0.9)
    quoth.index.encoder = Multilingual()
    answer = quoth.ask("Pourquoi Belovo ?")
    assert answer.evidence[0].quote == "The dam at Belovo broke because the winter was wet."


def test_names_and_numbers_carry_a_question(ask_text: Callable[..., Assistant]) -> None:
    quoth = ask_text(RIVERS)
    hits = quoth.index.search("Tchernov Plovdiv")
    selection = quoth.reader.read("Tchernov Plovdiv", hits, quoth.index)
    assert shares_names("Est-ce que Tchernov est de Plovdiv ?", selection)
    assert not shares_names("Est-ce que Petrov est de Plovdiv ?", selection)
    assert not shares_names("combien ?", selection)


def test_stems_are_the_same_in_many_threads() -> None:
    words = [
        f"{word}{ending}"
        for word in ("nation", "relat", "hope", "organ")
        for ending in ("al", "ing", "ness", "izations")
    ] * 50
    with ThreadPoolExecutor(8) as threads:
        stems = list(threads.map(lambda number: [stemmer().stemWord(word) for word in words], range(16)))
    assert stems[0][:3] == ["nation", "nation", "nation"]
    assert all(stem_list == stems[0] for stem_list in stems)
