"""Understanding: which posts ask for help, and what a customer tells us in private.

detector        the fast classifier of posts
gate            which brand a post names
guards          which posts we keep away from
language        which language a text is in
rasa            the one module that knows Rasa's HTTP API
training        examples into a model
server          how Rasa and its action server are started
triage_result   what triage found out
"""
