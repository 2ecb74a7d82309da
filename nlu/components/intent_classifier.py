"""Our intent classifier in Rasa: what words, vectors and the nearest examples say, added up by nlu.components.ensemble.

Every answer comes with the examples that are most like the text (`nearest`), so that a person can see why.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import names
from nlu.components.ensemble import Ensemble, load, save


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class EnsembleClassifier(GraphComponent, IntentClassifier):
    """Gives each text one intent, a ranking, and the examples most like it. It uses every dense vector there is."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return how many intents are ranked, and how many examples are shown."""
        return {"ranked": 5, "nearest": 3}

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: Ensemble | None = None
    ) -> None:
        """Keep where the model is written to; `model` is there once trained."""
        self._config, self._storage, self._resource, self._model = config, storage, resource, model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "EnsembleClassifier":
        """Make one that is to be trained."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "EnsembleClassifier":
        """Make one from a trained model."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples and write the model down. InvalidConfigException when there are not two intents."""
        taught = [one for one in training_data.intent_examples if one.get(TEXT)]
        examples = [one for one in taught if not one.get(names.IS_NAME)]
        texts, intents = ([str(one.get(key)) for one in examples] for key in (TEXT, INTENT))
        named = {str(one.get(INTENT)): vectors(one) for one in taught if one.get(names.IS_NAME)}
        try:
            self._model = Ensemble.learn(texts, intents, gather([vectors(one) for one in examples]), named)
        except ValueError as error:
            raise InvalidConfigException(str(error)) from error
        with self._storage.write_to(self._resource) as folder:
            save(self._model, folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, ranking and nearest examples of each message."""
        if self._model is None:
            return messages
        texts = [message.get(TEXT) or "" for message in messages]
        opinions = self._model.classify(texts, [vectors(one) for one in messages], self._config["nearest"])
        for message, opinion in zip(messages, opinions, strict=True):
            best = np.argsort(-opinion.likely)[: self._config["ranked"]]
            ranking = [{"name": self._model.intents[i], "confidence": float(opinion.likely[i])} for i in best]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
            message.set("nearest", [asdict(one) for one in opinion.like], add_to_output=True)
        return messages


def vectors(message: Message) -> dict[str, np.ndarray]:
    """Return the dense vectors of the whole text by the encoder that made them."""
    found = (one for one in message.features if one.attribute == TEXT and one.type == FEATURE_TYPE_SENTENCE)
    return {one.origin: one.features[0] for one in found if one.is_dense()}


def gather(found: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return a row per message and encoder, NaN where it has none; the encoder of the fewest messages comes first."""
    sizes: dict[str, int] = {}
    counts: dict[str, int] = {}
    for one in found:
        for name, vector in one.items():
            sizes[name], counts[name] = len(vector), counts.get(name, 0) + 1
    empty = {name: np.full(size, np.nan, np.float32) for name, size in sizes.items()}
    return {
        name: np.stack([one.get(name, empty[name]) for one in found]) for name in sorted(counts, key=counts.__getitem__)
    }
