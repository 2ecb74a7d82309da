"""Rasa's featurizer over our sentence encoders: a vector of each encoder that speaks the language of the text."""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import names
from nlu.components.encoders import Encoder, EncoderMissing, encoder
from nlu.components.heard_language import HeardLanguage
from nlu.components.kept_vectors import encode

METADATA = "metadata"
FILE = "encoders.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceVectors(GraphComponent):
    """Adds the vectors of a text, one feature per encoder, named after it. The language may come in the metadata."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the encoders, from the one with the fewest languages to the one with the most.

        Each is the name of a packaged one or describes a folder: see nlu.components.encoders.
        """
        return {"encoders": ["minilm", "use"]}

    def __init__(
        self,
        config: dict[str, Any],
        storage: ModelStorage,
        resource: Resource,
        heard: HeardLanguage | None = None,
    ) -> None:
        """Load the encoders. InvalidConfigException when one is not there."""
        self._storage, self._resource, self._heard = storage, resource, heard or HeardLanguage({})
        try:
            self._encoders: list[Encoder] = [encoder(which) for which in config["encoders"]]
        except EncoderMissing as error:
            raise InvalidConfigException(str(error)) from error
        self._beside = ThreadPoolExecutor(len(self._encoders) or 1, thread_name_prefix="encoder")

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceVectors":
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
    ) -> "SentenceVectors":
        """Make one from a trained model. InvalidConfigException when its encoders are others than were trained with."""
        with model_storage.read_from(resource) as folder:
            written = json.loads((folder / FILE).read_text(encoding="utf-8"))
        made = cls(config, model_storage, resource, HeardLanguage(written["heard"]))
        for name, digest in made.digests().items():
            if written["digests"].get(name) != digest:
                raise InvalidConfigException(f"the model was trained with another version of {name}: train it anew")
        # What is loaded at the first use is loaded now, and not while a customer waits.
        made.process([Message(data={TEXT: "Where is my order?"})])
        return made

    def digests(self) -> dict[str, str]:
        """Return the hash of each encoder's weights."""
        return {one.name: one.digest for one in self._encoders}

    def train(self, training_data: TrainingData) -> Resource:
        """Learn which words are of which language, and write down the names and hashes of the encoders."""
        texts = [str(example.get(TEXT)) for example in training_data.intent_examples]
        self._heard = HeardLanguage.learn(texts)
        written = {"digests": self.digests(), "heard": self._heard.heard}
        with self._storage.write_to(self._resource) as folder:
            (folder / FILE).write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the intents' names, and vectors to all; those of the last training are in the folder KNOCK_VECTORS."""
        folder = os.environ.get("KNOCK_VECTORS")
        taught = training_data.merge(TrainingData(names.examples(training_data.intents)))
        self._add_all(taught.training_examples, Path(folder) if folder else None)
        return taught

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vectors of each message."""
        self._add_all(messages, None)
        return messages

    def _add_all(self, messages: Sequence[Message], folder: Path | None) -> None:
        said = [message for message in messages if message.get(TEXT)]
        languages = [self._heard.language(str(one.get(TEXT)), _told(one)) for one in said]
        spoken = [
            [message for message, language in zip(said, languages, strict=True) if speaks(one, language)]
            for one in self._encoders
        ]
        # Side by side: most of what an encoder does needs no lock of the interpreter.
        found = self._beside.map(
            lambda one, heard: encode(one, [str(message.get(TEXT)) for message in heard], folder) if heard else [],
            self._encoders,
            spoken,
        )
        for one, heard, rows in zip(self._encoders, spoken, found, strict=True):
            for message, row in zip(heard, rows, strict=True):
                message.add_features(Features(row[None], FEATURE_TYPE_SENTENCE, TEXT, one.name))


def speaks(one: Encoder, language: str | None) -> bool:
    """Whether an encoder may see a text in this language; one that cannot be told is for those of many languages."""
    if one.languages is None:
        return True
    return language in one.languages if language else len(one.languages) > 1


def _told(message: Message) -> str | None:
    if message.get(names.IS_NAME):
        return "en"
    metadata = message.get(METADATA)
    language = metadata.get("language") if isinstance(metadata, dict) else None
    return language if isinstance(language, str) else None
