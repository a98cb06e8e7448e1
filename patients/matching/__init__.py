"""Matching: pure functions that say what is the same, alike or different. No database, no clock.

text, names, dates, numbers, contact    one form for every value: the rooms of normalising
fields                                  the compared fields, their labels and order
lines, labels, typed_dates,
number_runs, name_runs, tags, query     the look-up box: from a typed line to a query
agreement                               two records, field by field, in words
same_person                             the one rule for "same person"
grouping, ranking, differences          records shown as people, best first, side by side
"""
