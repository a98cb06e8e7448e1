"""Writes to the systems: recorded, then sent, never lost and never done twice (docs/reliability.md).

recording   asks for an operation: one transaction with its audit event
queue       who works on which, by leases; what becomes of a try
sending     the threads that work the queue off, in the worker
step        one try: look whether it happened, send, take in what came back
kinds       what looking and sending mean for each kind of write
claims      of two registrations of one person at once the second is told
settling    what an admin decides: try now, take over, give up, done by hand
bulks       many of one kind at once

What people see of it:

story       one operation: what, for whom, how it stands, what came of each try, what stands against it
listing     many of them, narrowed, a page at a time;  bulk_pages  those asked for together
attention   what needs somebody (home), and what is on its way of a person (their page)
standing, wording, contents, whom   the words, the details and the person of an operation
decisions   the seals of forms in which something is decided
"""
