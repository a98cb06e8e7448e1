"""Editing a person: once for all systems, each getting only what changed, in its own form.

copies        a person's records read side by side, and which of them may be written to by whom
pages         what a form showed: comes back unforgeably, and nobody reads it on the way
weighing      what an edit does to each record: what is set, what moved meanwhile, what cannot be held there
outcomes      what somebody answers, and what an edit comes to
saving        the whole way from what was entered to the operations that are asked for
agreement     which details differ between the records, and a value copied from one to the others
rows          custom fields and identifiers, row by row
former        names and numbers that are hidden since a transition or an adoption
confirming    contact details that somebody has confirmed
calling       who is on the phone: what to ask before contact details are changed
"""
