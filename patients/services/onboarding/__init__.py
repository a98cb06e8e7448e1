"""From nobody to somebody whose app is connected: registered, enrolled, invited, seen to be connected.

course      how far one person is in one study: derived from what the portal knows, kept nowhere
lists       a file of people, line by line
bringing_in one line of it: found or registered, by the same gate as the form; what a person has to decide
driving     a whole list, phase by phase; ended at any time, it goes on where it was
rehearsing  what a list would come to, with nothing asked for
testing     somebody made up to try the onboarding with, and gone again afterwards
"""
