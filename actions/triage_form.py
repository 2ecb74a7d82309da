"""The triage form: reads the tracker, lets the rules decide, and writes what they decided into slots."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.next_question import NOTED, Said, Talk, begin, hear
from actions.words import Words, words_in
from nlu.triage_result import by_name


class ValidateTriageForm(Action):
    """What Rasa calls on every turn. It asks too: Rasa itself has no question to ask in the customer's language."""

    def name(self) -> str:
        """Return the name under which the form looks for it."""
        return "validate_triage_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the slots after this turn; says "I did not understand" when a question is asked again."""
        before, said = read_talk(tracker), read_said(tracker)
        if before.outcome:
            return [SlotSet("outcome", before.outcome), SlotSet("requested_slot", None)]
        after = begin(before) if said.intent == "begin" else hear(before, said)
        language = tracker.get_slot("language")
        words = words_in(language).with_those_of(domain, language)
        if after.unsure > before.unsure and not after.outcome:
            dispatcher.utter_message(text=words.not_understood)
        ask(dispatcher, words, after)
        return changes(before, after)


def ask(dispatcher: CollectingDispatcher, words: Words, talk: Talk) -> None:
    """Say the talk's question, if it has one. What a button sends is what it shows."""
    if talk.question:
        question = words.question(talk.question, talk.problem, talk.details)
        buttons = [{"title": answer, "payload": answer} for answer in question.answers]
        dispatcher.utter_message(text=question.ask, buttons=buttons)


def read_talk(tracker: Tracker) -> Talk:
    """Return where the talk stands, from the slots."""
    slot = tracker.get_slot
    return Talk(
        problem=slot("problem"),
        confidence=slot("confidence") or 0.0,
        confirmed=bool(slot("confirmed")),
        details={name: slot(name) for name in NOTED},
        alarm=slot("alarm"),
        turns=int(slot("turns") or 0),
        unsure=int(slot("unsure") or 0),
        question=slot("requested_slot"),
        outcome=slot("outcome"),
        reason=slot("reason"),
    )


def read_said(tracker: Tracker) -> Said:
    """Return what the customer said last; of entities with the same name the surest counts."""
    message = tracker.latest_message
    intent = message.get("intent") or {}
    found = message.get("entities") or []
    text = message.get("text") or ""
    return Said(
        text=text,
        rest="".join(sign for at, sign in enumerate(text) if not any(one["start"] <= at < one["end"] for one in found)),
        intent=intent.get("name") or "nlu_fallback",
        confidence=float(intent.get("confidence") or 0),
        entities=by_name(found),
    )


def changes(before: Talk, after: Talk) -> list[dict[str, Any]]:
    """Return the events that bring the slots from one talk to the other."""
    old, new = _slots_of(before), _slots_of(after)
    return [
        *(SlotSet(name, value) for name, value in new.items() if value != old[name]),
        SlotSet("requested_slot", after.question),
    ]


def _slots_of(talk: Talk) -> dict[str, Any]:
    return {
        "problem": talk.problem,
        "confidence": talk.confidence,
        "confirmed": talk.confirmed,
        **talk.details,
        "turns": talk.turns,
        "unsure": talk.unsure,
        "outcome": talk.outcome,
        "reason": talk.reason,
    }
