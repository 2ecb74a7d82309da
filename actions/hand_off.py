"""The end of a triage that leads to an agent or to nothing more to do: the last word, and the result."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.next_question import Talk
from actions.problems import summarise
from actions.triage_form import read_talk
from actions.words import NOT_KNOWN, words_in
from nlu.triage_result import TriageResult


class HandOff(Action):
    """Says that a person takes over (or that all is well) and hands the result back in the same answer."""

    def name(self) -> str:
        """Return the name the rules use."""
        return "hand_off"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Answer with the last word and the result; write nothing."""
        result = result_of(read_talk(tracker))
        words = words_in(tracker.get_slot("language"))
        dispatcher.utter_message(text=words.last_word(result.outcome, result.reason))
        dispatcher.utter_message(json_message=result.to_payload())
        return []


def result_of(talk: Talk) -> TriageResult:
    """Return what an ended talk found out; a talk that ended without saying how goes to a human as unsure."""
    return TriageResult(
        outcome=talk.outcome or "hand_off",
        reason=talk.reason or "unsure",
        intent=talk.problem,
        confidence=min(max(talk.confidence, 0.0), 1.0),
        summary=summarise(talk.problem, talk.details, talk.confirmed),
        found={name: value for name, value in talk.details.items() if value and value != NOT_KNOWN},
    )
