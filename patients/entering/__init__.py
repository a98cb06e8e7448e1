"""Entering: pure functions from what staff typed to what is written. No database, no clock, no pages.

typed                       what a form gives and shows, every field as text
findings                    what is to be said about a field, and the suggestion that one click takes
names, births, numbers,
contacts, mailboxes,
postcodes, choices          one field read and checked: the value, and what is to be said of it
reading                     the whole form: from ``Typed`` to ``Entered``
systems                     what each chosen system needs, and what it cannot take
editing                     which parts an edit changes in meaning
overwriting                 whether an edit would write one person over another
"""
