"""The rules of a triage: what is asked next, and how it ends."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.next_question import MOST_TURNS, Said, Talk, begin, hear
from actions.problems import PROBLEMS, summarise
from actions.words import NOT_KNOWN, words_in
from nlu.triage_result import REASONS, TALK_INTENTS

CHARGED = Talk(problem="charged_wrongly", confidence=0.9)


def said(intent: str, text: str = "words", confidence: float = 0.9, **entities: str) -> Said:
    return Said(text, intent, confidence, entities)


def ended(talk: Talk) -> tuple[str | None, str | None]:
    return talk.outcome, talk.reason


def test_what_the_posts_told_is_confirmed_not_asked_again() -> None:
    talk = begin(replace(CHARGED, details={"order_number": "NW-20418"}))
    assert talk.question == "confirmed"
    assert words_in("en").problem("charged_wrongly", talk.details) == "you were charged wrongly for order NW-20418"
    assert ended(hear(talk, said("affirm"))) == ("hand_off", "complete")


def test_only_what_is_missing_is_asked() -> None:
    talk = hear(begin(CHARGED), said("affirm"))
    assert talk.question == "order_number"
    assert ended(hear(talk, said("inform", order_number="NW-1001"))) == ("hand_off", "complete")


def test_a_yes_that_brings_the_number_needs_no_more_questions() -> None:
    assert ended(hear(begin(CHARGED), said("affirm", order_number="NW-1001"))) == ("hand_off", "complete")


def test_the_number_alone_is_a_yes_too() -> None:
    assert hear(begin(CHARGED), said("inform", order_number="NW-1001")).confirmed


def test_without_posts_that_are_understood_the_problem_is_asked() -> None:
    assert begin(Talk()).question == "problem"


def test_no_means_that_the_problem_is_asked() -> None:
    talk = hear(begin(CHARGED), said("deny"))
    assert (talk.question, talk.problem) == ("problem", None)


def test_another_problem_takes_the_place_of_the_one_we_guessed() -> None:
    talk = hear(begin(CHARGED), said("refund"))
    assert (talk.problem, talk.question) == ("refund", "order_number")


def test_a_problem_that_is_only_half_understood_is_confirmed_first() -> None:
    talk = hear(begin(Talk()), said("refund", confidence=0.45))
    assert (talk.problem, talk.question) == ("refund", "confirmed")
    assert hear(talk, said("affirm")).question == "order_number"


@pytest.mark.parametrize("question", ["problem", "confirmed", "order_number", "product", "device", "more", "solved"])
def test_a_person_takes_over_whenever_asked(question: str) -> None:
    assert ended(hear(replace(CHARGED, question=question), said("human"))) == ("hand_off", "asked")


@pytest.mark.parametrize("question", ["problem", "confirmed", "order_number", "product", "device", "more", "solved"])
@pytest.mark.parametrize("alarm", ["danger", "anger"])
def test_danger_and_anger_are_handed_off_at_once(question: str, alarm: str) -> None:
    line = Said("it caught fire", "product_broken", 0.9, {alarm: "caught fire"})
    talk = hear(replace(CHARGED, question=question), line)
    assert ended(talk) == ("hand_off", alarm)


def test_danger_in_the_posts_is_handed_off_before_any_question() -> None:
    assert ended(begin(replace(CHARGED, alarm="danger"))) == ("hand_off", "danger")


def test_stop_stops() -> None:
    assert ended(hear(begin(CHARGED), said("stop"))) == ("stop", "asked")


def test_what_may_only_sound_like_stop_makes_the_bot_ask() -> None:
    talk = hear(begin(CHARGED), said("stop", "they must stop this", confidence=0.5))
    assert (talk.outcome, talk.question) == (None, "confirmed")


def test_not_understood_twice_in_a_row_goes_to_a_person() -> None:
    once = hear(begin(Talk()), said("nlu_fallback", confidence=0.1))
    assert (once.question, once.unsure) == ("problem", 1)
    assert ended(hear(once, said("out_of_scope", confidence=0.99))) == ("hand_off", "unsure")


def test_not_understood_once_is_forgotten_after_an_answer() -> None:
    talk = hear(begin(Talk()), said("nlu_fallback"))
    assert hear(talk, said("cannot_sign_in")).unsure == 0


def test_what_is_out_of_scope_makes_the_bot_ask_however_sure_the_model_is() -> None:
    talk = hear(begin(CHARGED), said("out_of_scope", confidence=1.0))
    assert (talk.question, talk.outcome) == ("confirmed", None)


def test_a_greeting_is_no_misunderstanding() -> None:
    assert hear(begin(Talk()), said("greet")).unsure == 0


@pytest.mark.parametrize("intent", ["dont_know", "deny"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_who_does_not_have_a_detail_is_not_asked_for_it_again(problem: str, intent: str) -> None:
    talk = begin(Talk(problem=problem, confirmed=True))
    asked = []
    while not talk.outcome:
        asked.append(talk.question)
        talk = hear(talk, said(intent))
    assert asked == list(PROBLEMS[problem].asks)
    assert ended(talk) == ("hand_off", "complete")


def test_a_number_of_an_unknown_shape_is_taken_when_we_asked_for_one() -> None:
    talk = hear(replace(CHARGED, confirmed=True, question="order_number"), said("nlu_fallback", "it says A7731-B"))
    assert talk.details["order_number"] == "A7731-B"


@pytest.mark.parametrize("text", ["I do not have it, I bought it in 2024", "no idea, my postcode is 90210"])
def test_figures_of_who_does_not_have_the_number_are_not_it(text: str) -> None:
    talk = hear(replace(CHARGED, confirmed=True, question="order_number"), said("dont_know", text))
    assert talk.details["order_number"] == NOT_KNOWN


def test_a_year_or_a_part_of_a_longer_number_is_no_order_number() -> None:
    asked = replace(CHARGED, confirmed=True, question="order_number")
    for text in ("I think it was in 2024", "the tracking says 1Z999AA10123456784"):
        assert "order_number" not in hear(asked, said("inform", text)).details


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2024-00118", "2024-00118"),
        ("2045", "2045"),
        ("it is BESTELL20418", "BESTELL20418"),
        ("no it is 20418", "20418"),
    ],
)
def test_a_number_is_taken_whole(text: str, number: str) -> None:
    asked = replace(CHARGED, confirmed=True, question="order_number")
    assert hear(asked, said("deny", text)).details["order_number"] == number


def test_words_are_taken_for_a_product_but_smileys_are_not() -> None:
    talk = Talk(problem="product_broken", confirmed=True, question="product")
    assert hear(talk, said("nlu_fallback", "the big   green one")).details["product"] == "the big green one"
    assert hear(talk, said("nlu_fallback", "😂😂")).question == "product"


def test_thanks_that_may_mean_solved_are_asked_about() -> None:
    talk = hear(begin(CHARGED), said("thanks_solved", confidence=0.5))
    assert talk.question == "solved"
    assert ended(hear(talk, said("affirm"))) == ("solved", "said_so")
    assert hear(talk, said("deny")).question == "confirmed"


def test_surely_solved_is_solved() -> None:
    assert ended(hear(begin(CHARGED), said("thanks_solved", confidence=0.9))) == ("solved", "said_so")


def test_a_problem_that_admins_added_is_called_by_its_name() -> None:
    talk = hear(begin(Talk()), said("gift_wrapping"))
    assert words_in("en").problem("gift_wrapping", {}) == "it is about “gift wrapping”"
    assert talk.question == "more"


def test_the_summary_tells_what_is_known_and_what_is_not() -> None:
    details = {"order_number": NOT_KNOWN, "product": "kettle", "amount": None}
    assert summarise("product_broken", details, True) == ("Broken or faulty: kettle; order number: not known.")
    assert summarise("refund", {"order_number": "NW-1"}, False) == ("Wants a refund for order NW-1 (not confirmed).")
    assert summarise(None, {}, False) == "Not clear yet what is needed."


def test_how_to_reach_somebody_is_noted_but_not_summed_up() -> None:
    details = {"error_code": "E-104", "email": "mara@mail.example", "phone": "+442079460958"}
    assert summarise("app_crash", details, True) == "The app or site fails; error: E-104."


def test_a_day_does_not_confirm_a_problem_but_an_order_number_does() -> None:
    assert not hear(begin(CHARGED), said("inform", date="2026-11-27")).confirmed
    assert hear(begin(CHARGED), said("inform", ticket_number="4412")).confirmed


INTENTS = st.sampled_from([*sorted(TALK_INTENTS - {"begin"}), *PROBLEMS, "gift_wrapping"])
ENTITIES = st.dictionaries(st.sampled_from(["order_number", "product", "device", "amount"]), st.just("X-100"))
LINES = st.builds(Said, st.text(max_size=60), INTENTS, st.floats(0, 1), ENTITIES)


@given(st.sampled_from([None, *PROBLEMS]), st.lists(LINES, min_size=MOST_TURNS, max_size=MOST_TURNS))
def test_every_triage_ends_within_six_turns_whatever_is_said(problem: str | None, lines: list[Said]) -> None:
    talk = begin(Talk(problem=problem))
    for line in lines:
        if talk.outcome is None:
            assert talk.question
            talk = hear(talk, line)
    assert talk.reason in REASONS[talk.outcome or ""]
