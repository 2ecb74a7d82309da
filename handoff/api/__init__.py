"""The API under /api/v1: for people who live in other tools.

app        puts it together
gate       who is asking, what they may do, and how often
problem    what went wrong, as RFC 9457 has it
cursor     lists page by page
deed       POST: done once for each Idempotency-Key
tag        whether something is still as it was read
shapes     what is answered
threads    /threads
messages   /threads/{id}/messages, replies and notes
cases      /cases
customers  /customers
reports    /reports
webhooks   /webhooks: what they were told, and telling it again
sheet      the same lists as CSV
"""
