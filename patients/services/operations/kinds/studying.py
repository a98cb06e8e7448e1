"""Putting a record into a study, taking it out, and writing down what was decided there."""

from __future__ import annotations

from integrations.abilities import Enrols, KeepsConsents
from integrations.holdings import ScopeConsent
from integrations.studies import Decisions
from patients.services.operations.study_wishes import Decide, Enrol, Unenrol
from patients.services.operations.whys import Why
from patients.services.studies import history, participants

from .job import After, Done, Job, Look, Ready, Record, Refuse, as_
from .leaving_studies import LeavingStudies


class Enrolling:
    """A record to be put into a study."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wish = as_(job.wish, Enrol)

    def look(self) -> Look:
        """Whether it takes part already."""
        takes_part = self.job.able(Enrols).takes_part(self.job.record_id, self.wish.study_id)
        return Done(Record.AS_BEFORE) if takes_part else Ready()

    def send(self, ready: Ready) -> tuple[After, tuple[str, ...]]:
        """Put it in."""
        self.job.able(Enrols).enrol(self.job.record_id, self.wish.study_id, self.wish.organization_id)
        return Record.AS_BEFORE, ()

    def keep(self) -> None:
        """It takes part."""
        study = participants.study_of(self.job.adapter.name, self.wish.study_id)
        participants.enrolled(study, self.job.record, self.job.now)


class Unenrolling:
    """A record to be taken out of a study, once its decisions there are kept."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wish = as_(job.wish, Unenrol)
        self.leaving = LeavingStudies(job, self.wish.organization_id, self.wish.study_id)

    def look(self) -> Look:
        """Whether it is out already; else its decisions are kept now."""
        if not self.job.able(Enrols).takes_part(self.job.record_id, self.wish.study_id):
            return Done(Record.AS_BEFORE)
        return Ready(self.leaving.keep_decisions())

    def send(self, ready: Ready) -> tuple[After, tuple[str, ...]]:
        """Take it out."""
        self.job.able(Enrols).unenrol(self.job.record_id, self.wish.study_id, self.wish.organization_id)
        return Record.AS_BEFORE, ()

    def keep(self) -> None:
        """It takes part no more, and nothing is decided there."""
        self.leaving.note_left()


class Deciding:
    """One decision about one kind of data. What stands already as it is to be is not sent; it is kept all the
    same with its authority: somebody has decided it anew."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wish = as_(job.wish, Decide)
        self.decided: ScopeConsent | None = None
        self.scopes: tuple[ScopeConsent, ...] = ()

    def look(self) -> Look:
        """Whether it stands so already; and whether the study asks this person for it at all."""
        decisions = self.job.able(KeepsConsents).decisions(self.job.record_id, self.wish.organization_id)
        if self._holds(decisions):
            return Done(Record.AS_BEFORE)
        if self.decided is None and not self.job.is_late:  # what is late is waited for
            takes_part = self.job.able(Enrols).takes_part(self.job.record_id, self.wish.study_id)
            return Refuse(Why.NOT_ASKED_FOR if takes_part else Why.NOT_TAKING_PART)
        return Ready()

    def send(self, ready: Ready) -> tuple[After, tuple[str, ...]]:
        """Write it, and see what the system then holds."""
        decisions = self.job.able(KeepsConsents).decide(
            self.job.record_id,
            self.wish.study_id,
            self.wish.scope,
            self.wish.agreed,
            self.wish.organization_id,
        )
        return Record.AS_BEFORE, () if self._holds(decisions) else ("decision",)

    def keep(self) -> None:
        """The decision with who decided it."""
        assert self.decided is not None  # noqa: S101 (it is done)
        study = participants.study_of(self.job.adapter.name, self.wish.study_id)
        history.note_written(self.job.operation, study, self.decided, self.wish.authority, self.job.now)
        participants.decided(study, self.job.record, self.scopes, self.job.now)

    def _holds(self, decisions: Decisions) -> bool:
        self.scopes = decisions.by_study.get(self.wish.study_id, ())
        self.decided = decisions.asked(self.wish.study_id, self.wish.scope)
        return self.decided is not None and self.decided.agreed is self.wish.agreed
