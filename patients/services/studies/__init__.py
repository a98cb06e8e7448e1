"""Studies: who takes part, what they decided, how they are invited. All belongs to one record and one study.

authority     who decided, how, on which form: what stands behind a decision that staff enter
history       every decision as it was seen or made, kept for ever
participants  what the portal knows of who takes part, after its own writes
allowed       who may change what here; refusals, each with why and what helps
enrolling, deciding, inviting   what staff ask for, for one person or many
"""
