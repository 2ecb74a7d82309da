"""The inbox: pages for agents and admins.

app       the application: what stands in front of every page, and the pages
site      what every page needs: the record, the templates, and who is asking
inbox     /inbox: the list of cases and the thread, and the hints that keep both true
writing   what an agent does to a case: claim, release, close, reply, note
sign_in   /login, /logout and /join
oidc      /login/oidc: coming in by the sign-in of one's company
provider  what the company's provider says of somebody
proofs    /login/code and /login/passkey
halves    half a sign-in, which waits for its second factor
me        /me: one's own name, password, keys, presence and browsers
second_factor  authenticator app, recovery codes and passkeys of one's own
audit     /admin/audit: who did what
witness   writes down what a request changes
browsers  browsers in words
pictures  QR codes
intents   /admin/nlu/intents: what the bot can tell apart, and what it learns that from
examples  what admins do to examples
training  /admin/nlu/train: trainings
versions  /admin/nlu/models: versions, and which is at work
comparing  /admin/nlu/models/<v>/compare/<v2>
matrix    the confusion matrix
reviewing  /admin/nlu/review: what customers said, and what it is about
guessing  what the model guessed of one line, and an agent's word that it is wrong
teams     /admin/teams: teams, skills, whether cases are given
rules     /admin/rules: who is offered help, tried on posts
admin     /admin: agents, offers that wait for a person's word, the square's reports
integrations  /admin/api: tokens and webhooks
handbook  /api: what the API can do
panes     the page of the inbox, made of the next five
listing   the list as one agent sees it
commons   what is asked of the record once for all agents
rows      the list: which cases, in which order, who waits how long
view      a thread as its page shows it
pieces    a thread in pieces
looks     what an open page asks by itself
told      what each page has been told already
trouble   the pages that say what went wrong
words     how times, channels and states are said
keys      every key of the pages
guard     middlewares: headers, same origin, size of a body
stream    hints as server-sent events
assets    static files and icons
"""
