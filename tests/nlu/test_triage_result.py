"""The triage result survives its way through Rasa, and nonsense is refused by name."""

from typing import Any

import pytest

from nlu.triage_result import TriageResult, written

RESULT = TriageResult(
    outcome="hand_off",
    reason="complete",
    intent="charged_wrongly",
    confidence=0.91,
    summary="Charged wrongly for order NW-20418.",
    found={"order_number": "NW-20418"},
)


def test_a_result_survives_its_way_through_rasa() -> None:
    assert TriageResult.from_payload(RESULT.to_payload()) == RESULT


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"outcome": "connect"}, "no outcome 'connect'"),
        ({"reason": "tired"}, "reason 'tired'"),
        ({"outcome": "solved"}, "no outcome 'solved' with reason 'complete'"),
        ({"outcome": ["hand_off"]}, "no outcome"),
        ({"intent": 7}, "intent 7"),
        ({"confidence": 1.2}, "confidence 1.2"),
        ({"confidence": True}, "confidence True"),
        ({"confidence": "high"}, "confidence 'high'"),
        ({"summary": " "}, "summary is empty"),
        ({"found": {"order_number": 7}}, "found is not"),
        ({"found": ["order_number"]}, "found is not"),
        ({"mood": "sad"}, "unknown mood"),
    ],
)
def test_a_bad_payload_is_refused_and_the_error_says_why(change: dict[str, Any], complaint: str) -> None:
    payload = RESULT.to_payload()
    payload["triage_result"] |= change
    with pytest.raises(ValueError, match=complaint):
        TriageResult.from_payload(payload)


@pytest.mark.parametrize("payload", [None, [], "stop", {}, {"triage_result": None}, {"triage_result": {}}])
def test_a_payload_without_a_result_is_refused(payload: object) -> None:
    with pytest.raises(ValueError, match="triage result"):
        TriageResult.from_payload(payload)


def test_a_day_is_written_with_the_words_that_were_used_for_it() -> None:
    day = {"entity": "date", "value": "2026-11-28", "said": "yesterday", "relative": True}
    assert written(day) == "2026-11-28 (“yesterday”)"
    assert written(day, later=True) == "“yesterday”"
    assert written(day | {"said": "2026-11-28", "relative": False}, later=True) == "2026-11-28"
    assert written({"entity": "order_number", "value": "NW-1", "said": "nw-1"}) == "NW-1"
    assert written({"entity": "anger", "value": "scam"}) == "scam"
