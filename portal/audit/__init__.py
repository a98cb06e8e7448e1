"""The trail of every look and every change. Opaque ids only: never a value about a person.

``look`` and ``write`` make one event each, ``write_all`` many; ``merge_journal`` brings in what the database
refused at the time; ``events_of_request`` reads them back.
"""

from .errors import AuditUnavailable
from .trail import About, events_of_request, look, merge_journal, write, write_all

__all__ = [
    "About",
    "AuditUnavailable",
    "events_of_request",
    "look",
    "merge_journal",
    "write",
    "write_all",
]
