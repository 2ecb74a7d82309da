"""From a public post to a case: the pipeline, one module a step.

channel     what a channel is, and what it can say went wrong
channels/   the adapters: the only code that knows a platform
flow        the table of contents: what happens on a post, a click, a private message
detect      is it somebody with a problem that is ours?
offer       claim the one offer, and say it once
opt_in      the click: proof of identity, the consent row, hello in private
prove       the author shows that a browser is theirs
triage      Rasa's answers into the thread; its result into a case
understand  keep what a model guessed of each line
end         the customer ends the chat, and says whether it is solved
ask_delete  ask whether all is to be deleted, of who wishes it in the chat itself
choose      what a customer chooses on their own page
deliver     send what waits to be sent, whoever wrote it
notify      tell other systems what happened
give        give waiting cases to agents who are here, fit and have room
alarm       alarm somebody when a case comes and nobody is here
train       make a version of the model, and test it
put_to_work have Rasa answer with the version that the record says
read_beside let another version read what customers say, silently
try_out     what versions make of a text that an admin wrote
keep_models the last four, again and again
reach       reach an address of somebody else, and no other
receive     receive what a platform pushes, as long as it is not too large
stop        STOP means stop
look        what is there to do?
forget      delete what we may not keep
pages/      the customer's pages
"""
