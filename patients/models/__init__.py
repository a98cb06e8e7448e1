"""The domain's tables, one module a subject. No HTTP, no templates."""

from .asked import AskedForMany
from .connections import ConnectionLook, TokenLease
from .consent_forms import ConsentForm
from .desks import Parked, Seen
from .editing import Confirmed, Former
from .listing import ListEntry, Place
from .lookups import Answer, LookUp
from .operations import Attempt, Breaker, Bulk, Claim, Operation
from .people import (
    Identifier,
    KeptApart,
    Key,
    Link,
    Membership,
    Patient,
    RecordChange,
    SourceRecord,
)
from .reach import OwnRoles
from .registering import Draft, Flag, Unfinished
from .removals import Removal
from .reviews import Inquiry, Review, ReviewNote
from .studies import ChosenStudy, Decision, Invitation, Participant, Study, StudyReading
from .syncing import KeyMaking, SyncedSystem, SyncRun
from .wordings import Wording

__all__ = [
    "Answer",
    "AskedForMany",
    "Attempt",
    "Breaker",
    "Bulk",
    "ChosenStudy",
    "Claim",
    "Confirmed",
    "ConnectionLook",
    "ConsentForm",
    "Decision",
    "Draft",
    "Flag",
    "Former",
    "Identifier",
    "Inquiry",
    "Invitation",
    "KeptApart",
    "Key",
    "KeyMaking",
    "Link",
    "ListEntry",
    "LookUp",
    "Membership",
    "Operation",
    "OwnRoles",
    "Parked",
    "Participant",
    "Patient",
    "Place",
    "RecordChange",
    "Removal",
    "Review",
    "ReviewNote",
    "Seen",
    "SourceRecord",
    "Study",
    "StudyReading",
    "SyncRun",
    "SyncedSystem",
    "TokenLease",
    "Unfinished",
    "Wording",
]
