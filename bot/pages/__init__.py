"""The customer's pages: public, and apart from the staff's; the two share no cookie.

app      the application: what is shared by every page
site     what every page is made with, and who is asking
speak    in which language
collect  what a translator finds besides
pace     how often one person may do what
square   /square: the forum
posts    /square/p: what an author or a reader may do with one post
link     /h/<token>: the page behind an offer's link; opting in
chat     the chat that takes its place after the opt-in
view     a thread as its customer may see it
door     who stands before it
proof    showing that it is the author, by signing in
code     the same by a code that they post
yours      /h/<token>/yours: the customer's own page
transcript what customers take along from it
stop     /stop/<token>: STOP by a button
verify   /verify: is this really us?
"""
