"""Studies: who takes part, what they decided, how they are invited. All belongs to one record and one study.

places        the organizations whose studies somebody may open, with the way to each and one's own role
plans, scopes what a study asks for, as it is kept and in plain words
readings      what is to be read, asked for by whoever opens a page; worked on by one process at a time
reading       reading it, step by step
mirror        what was read, into rows
standing      how far somebody has come
board         the people of one study: counted, narrowed, in order, a page at a time
authority     who decided, how, on which form: what stands behind a decision that staff enter
history       every decision as it was seen or made, kept for ever
participants  what the portal knows of who takes part, after its own writes
allowed       who may change what here; refusals, each with why and what helps
enrolling, deciding, inviting   what staff ask for, for one person or many
consent_reading, consents, consent_course   one person's decisions: read, as they stand, how they came about
consenting    asking for decisions from a form that showed how they stood
consent_forms, asking_again   which form a study uses, and who must be asked again
"""
