"""Parts of Rasa's pipeline that are ours. They run in Rasa's Python; nothing of ours imports them.

intent_classifier   words and letters, weighed, into an intent and its confidence
details_extractor   all details of a message: numbers, products, amounts, days, addresses
details             from the finders: numbers, money, days, catalogue
detail              what a detail is, and which of two that claim the same words it is
tongues             which language a line is in, roughly
serve               starts Rasa
"""
