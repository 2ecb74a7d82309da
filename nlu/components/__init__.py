"""Parts of Rasa's pipeline that are ours. They run in Rasa's Python; nothing of ours imports them.

encoders            sentence encoders: texts into vectors
kept_vectors        the vectors of the examples, from one training to the next
heard_language      which encoders may see a text
sentence_vectors    both, as a featurizer of Rasa
members             words, vectors and nearest examples, each with a guess at the intent
unseen              what they say of examples that were left out of the learning
scope               whether a text is about any of the intents
ensemble            the guesses, weighed and added up into a probability
intent_classifier   the same, as a classifier of Rasa
details_extractor   all details of a message: numbers, products, amounts, days, addresses
synonyms            in one form what an admin's synonyms stand for
details             from the finders: numbers, money, days, catalogue
detail              what a detail is, and which of two that claim the same words it is
serve               starts Rasa
"""
