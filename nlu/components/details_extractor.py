"""Adds to a message the details that are found in it."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.components.catalogue import CatalogueFile
from nlu.components.details import entities

FIRST = "1 May 2026, 5 pm, £5, a ketle, +44 20 7946 0958"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class DetailsExtractor(GraphComponent):
    """Finds order and ticket numbers, products, amounts, days, times, addresses, error codes and versions.

    Stands last of the extractors. Each entity has `value` in its one form, `said` as it was written, and `relative`
    when the value counts from now.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "DetailsExtractor":
        """Make one; there is nothing to train."""
        return cls(CatalogueFile.named_by_environment())

    def __init__(self, file: CatalogueFile) -> None:
        """Look for the products of `file`. The tables of the libraries are read now, and not while a customer waits."""
        self._file = file
        entities(FIRST, [], file.now())

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the entities of each message."""
        for message in messages:
            found = entities(message.get(TEXT) or "", message.get(ENTITIES) or [], self._file.now())
            message.set(ENTITIES, found, add_to_output=True)
        return messages
