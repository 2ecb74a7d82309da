"""The inbox: pages for agents and admins.

app       the application: what stands in front of every page, and the pages
site      what every page needs: the record, the templates, and who is asking
inbox     /inbox: the list of cases and the thread, and the hints that keep both true
writing   what an agent does to a case: claim, release, close, reply, note
sign_in   /login, /logout and /join
admin     /admin: agents, offers that wait for a person's word, the square's reports
panes     the page of the inbox, made of the next two
rows      the list: which cases, in which order, who waits how long
view      a thread as its page shows it
trouble   the pages that say what went wrong
words     how times, channels, keys and states are said
guard     middlewares: headers, same origin, size of a body
stream    hints as server-sent events
assets    static files and icons
"""
