"""Understands at once all texts that wait: a sentence encoder reads its weights once for eight texts as for one.

Rasa understands one text after another, and nothing else happens meanwhile. Here a thread beside Rasa's loop does it,
and what comes in while it is busy is taken next, together.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT

MOST = 16
"""Texts that are understood at once."""

Understood = dict[str, Any]


class Together:
    """The texts that wait for one model; `understand` takes some and returns what was understood of each."""

    def __init__(self, understand: Callable[[list[UserMessage]], list[Understood]]) -> None:
        """Nobody waits yet."""
        self._understand = understand
        self._waiting: list[tuple[UserMessage, asyncio.Future[Understood]]] = []
        self._working: asyncio.Task[None] | None = None

    async def parse(self, message: UserMessage) -> Understood:
        """Return what is understood of a text, once it is its turn. Raises what the pipeline raises for this text."""
        understood = asyncio.get_running_loop().create_future()
        self._waiting.append((message, understood))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await understood

    async def _work(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._take(taken)
            except Exception:  # one text must not fail the others: each is asked alone
                for one in taken:
                    await self._take_alone(one)

    async def _take(self, taken: list[tuple[UserMessage, asyncio.Future[Understood]]]) -> None:
        results = await asyncio.to_thread(self._understand, [message for message, _ in taken])
        for (_, understood), result in zip(taken, results, strict=True):
            if not understood.done():  # whoever asked may have gone
                understood.set_result(result)

    async def _take_alone(self, one: tuple[UserMessage, asyncio.Future[Understood]]) -> None:
        try:
            await self._take([one])
        except Exception as error:
            if not one[1].done():
                one[1].set_exception(error)


def understand(self: MessageProcessor, messages: list[UserMessage]) -> list[Understood]:
    """Put texts through the pipeline of a model."""
    target = self.model_metadata.nlu_target
    nobody = DialogueStateTracker.from_events("", [])
    results = self.graph_runner.run({PLACEHOLDER_MESSAGE: messages, PLACEHOLDER_TRACKER: nobody}, targets=[target])
    nothing = {TEXT: "", INTENT: {INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}, ENTITIES: []}
    return [nothing | message.as_dict(only_output_properties=True) for message in results[target]]


async def parse_message(
    self: MessageProcessor, message: UserMessage, tracker: DialogueStateTracker | None = None
) -> Understood:
    """In place of the method of Rasa's processor: understand a text together with all others that wait.

    Rasa's warning of intents that its domain does not name is left out: it reads an empty domain anew for each text.
    """
    if not hasattr(self, "together"):
        self.together = Together(lambda messages: understand(self, messages))
    parsed: Understood = await self.together.parse(message)
    return parsed
