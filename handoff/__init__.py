"""The record of every thread, and the inbox.

models      the schema, in the order of the flow
database    connections, transactions, and the hints that follow a commit
people      customers, and what we promised their accounts
threads     everything said, in one order
cases       threads in human hands
waits       how long people wait for a person
agents      who may sign in, and how
intents     what a text can be about
examples    texts and the intents they have
patterns    how entities are recognised
corpora     seeds and record joined: what is trained on
trainings   asked for, done, told
progress    how far a training is
versions    models: what each was trained on, and which is at work
test_sets   what versions are tested with, and what each answered
recent      what was labelled lately
comparisons one version beside another
disagreements  where a version that reads beside differs
tries       trying versions out
teams       people who share some of the cases
skills      what an agent can take on
claims      who had which case; whether cases are given
alarms      that a case came while nobody was here
hearing     what is heard as a call for help
square      the public forum of our own
live        who is told that a thread changed
failpoints  where tests may end the process
integrations  programs that use the API
webhooks    addresses of other systems, and what they are told
reports     what happened on each day
utterances  what customers said, and what the model guessed of it
reviews     what somebody said it is about
settings    what is read from the environment
api/        the API for other systems
web/        the inbox: pages for agents and admins
"""
