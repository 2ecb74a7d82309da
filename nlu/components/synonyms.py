"""Says in its one form what an admin's synonym stands for."""

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.extractors.entity_synonyms import EntitySynonymMapper
from rasa.shared.nlu.training_data.training_data import TrainingData


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class Synonyms(EntitySynonymMapper):
    """Knows synonyms alone.

    To Rasa's own every marked word is a synonym of itself as the first example has it: by a German [Toaster](product)
    an English customer's "toaster" would be noted as "Toaster".
    """

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the synonyms that were written down."""
        for said, meant in training_data.entity_synonyms.items():
            self._add_entities_if_synonyms(said, meant)
        self._persist()
        return self._resource
