"""Starts Rasa: with the token from the environment, where no list of processes shows it, and with less to do.

Rasa checks its own JSON schemas at every request, which takes 32 of the 40 ms of an action's answer and of a tracker
put back. The schemas never change while it runs. What comes in is still checked against them.

A model that is put to work while people talk is loaded in a thread beside them, and what Rasa holds of their talks
stays: the next turn finds it there, whichever model began it. Texts that wait are understood together.
"""

import asyncio
import os
import sys
from typing import Any

import jsonschema
import rasa.core.agent
import rasa.server
from rasa.__main__ import main
from rasa.core.agent import Agent
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore

from nlu.components.together import parse_message

HELD: dict[str, str] = {}
"""What Rasa holds of each talk, whichever model is at work."""

load_agent = rasa.server._load_agent


def trust(schema: dict[str, Any]) -> None:
    """Take a schema as it is."""


async def load_beside(*args: Any, **kwargs: Any) -> Agent:
    """Load a model in a thread of its own."""
    return await asyncio.to_thread(lambda: asyncio.run(load_agent(*args, **kwargs)))


class HoldingStore(InMemoryTrackerStore):
    """The talks, held for all models."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Hold what is held already."""
        super().__init__(*args, **kwargs)
        self.store = HELD


if __name__ == "__main__":
    jsonschema.Draft202012Validator.check_schema = staticmethod(trust)
    rasa.server._load_agent = load_beside
    MessageProcessor.parse_message = parse_message
    rasa.core.tracker_store.InMemoryTrackerStore = HoldingStore
    # One word, for a token may begin with a dash.
    sys.argv += [f"--auth-token={os.environ['KNOCK_RASA_TOKEN']}"]
    main()
