"""Understanding: which posts ask for help, and what a customer tells us in private.

text            how a text is made ready
gate            which brand a post names
cues            turns of phrase of trouble, requests, praise
detector        the fast classifier of posts
guards          which posts we keep away from
language        which language a text is in
contacts        addresses, phone numbers and cards in a text
rasa            the one module that knows Rasa's HTTP API
annotations     the text of an example and its entities
example_files   Rasa's YAML, read line by line
seeds           the examples that come with Knock
corpus          what a model is trained on
patterns        which patterns can be taken
training        a project into a model
workshop        where models are made and kept
scores          how good a model's answers are
reader          a model that reads in a process of its own
readers         several of them
nearest         examples that are most like a text
components      parts of Rasa's pipeline that are ours
server          how Rasa and its action server are started
triage_result   what triage found out
"""
