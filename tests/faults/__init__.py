"""The fault harness: thousands of writes while everything that can go wrong goes wrong.

``make faults`` starts the three systems of the sandbox, the portal's web server and its workers as real
processes, asks for writes of every kind over HTTP, and sees to it that systems answer late, not at all or
nonsense, that processes are killed and that the database is locked. Afterwards the driver's own list of
what it asked for is held against what the systems hold (docs/reliability.md).

intents     what was asked for, by whom it is judged
judging     the list against the systems' states; knows neither the portal nor its database
proving     that the judge finds a loss, a double and a wrong value that were planted
people      made-up people, one after the other
kinds       every kind of write: how it is asked for, which requests it is, what a record then holds
columns     every fault: what is done to which requests or processes while writes are asked for
systems     the sandbox, its states in one form, and people put into it beforehand
processes   web server and workers, killed and started anew; ``web`` is the server's configuration
door        where intents are asked for over HTTP; ``models`` keeps which were
driver      asks, waits, counts
staff       forms filled in and sent as staff do
twenty, one twenty registrations of one person at once
proxy, real the same against a real JHE
"""

FULL = 16
"""Writes of each kind under each fault that processes and the database meet, at least; twice as many under
those that requests meet, which strike about half of them."""

KILLS = 20  # of web processes and of workers each, at least
