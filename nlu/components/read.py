"""Reads texts with one model, away from the Rasa that serves: each line of JSON that comes in is answered by one.

    {"text": "…"}      what the model makes of it: intent, ranking, entities, nearest examples
    {"begin": […]}     what triage would say first in a talk that begins with these events

Nothing that is read here is kept anywhere. The model is the first argument; Rasa's own words go to the standard error.
"""

import asyncio
import json
import os
import sys
from typing import Any, TextIO

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

KEPT = ("intent", "entities", "intent_ranking", "nearest")
TALK = "a talk that nobody has"


async def main(answers: TextIO) -> None:
    """Answer until nothing more comes in."""
    actions = os.environ.get("KNOCK_ACTIONS_URL")
    talks = InMemoryTrackerStore(Domain.empty())
    agent = Agent.load(sys.argv[1], tracker_store=talks, action_endpoint=EndpointConfig(actions) if actions else None)
    _say(answers, {"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        doing = _begin(agent, talks, asked["begin"]) if "begin" in asked else _parse(agent, asked["text"])
        _say(answers, await doing)


async def _parse(agent: Agent, text: str) -> dict[str, Any]:
    parsed = await agent.parse_message(text)
    return {name: parsed.get(name) for name in KEPT}


async def _begin(agent: Agent, talks: InMemoryTrackerStore, events: list[dict[str, Any]]) -> dict[str, Any]:
    """The first turn of the talk, which is forgotten afterwards."""
    await talks.save(DialogueStateTracker.from_dict(TALK, events, agent.domain.slots))
    output = CollectingOutputChannel()
    await agent.handle_message(UserMessage("/begin", output, TALK))
    talks.store.pop(TALK, None)
    return {"says": list(output.messages)}


def _say(answers: TextIO, words: dict[str, Any]) -> None:
    answers.write(json.dumps(words, default=float) + "\n")
    answers.flush()


if __name__ == "__main__":
    # What Rasa and its libraries print must not stand between the answers.
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asyncio.run(main(ours))
