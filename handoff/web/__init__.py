"""The inbox: pages for agents and admins.

app       the application: what is shared by every page
inbox     /inbox: the list of cases and the thread
writing   claim, release, close, reply, note: what an agent does to a case
sign_in   /login, /logout and /join
admin     /admin: agents, offers that wait for a human, the square's reported posts
cases     what the inbox reads from the record
view      a thread as its page shows it
pages     templates, and the pages that say what went wrong
visitor   who is asking
guard     middlewares: headers, same origin, size of a body
stream    hints as server-sent events
assets    static files and icons
"""
