"""Parts of Rasa's pipeline that are ours. They run in Rasa's Python; nothing of ours imports them.

intent_classifier   words and letters, weighed, into an intent and its confidence
serve               starts Rasa
"""
