"""One person of a list: found, or registered in the study's system, by the same gate as the form.

What stands between is a form of the asker's own (``registering.drafts``) under an id made of the line. It is
sent once, whatever is killed or run twice, and remembers whom it was about. Where a person has to decide,
it stays with the asker, who goes on with it on its page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from integrations.errors import IntegrationError
from integrations.registry import label_of
from integrations.writes import NewRecord, record_of
from patients.entering.reading import Entered
from patients.entering.systems import ORGANIZATION
from patients.entering.typed import Typed
from patients.matching.contact import compared_email
from patients.models import Draft, Operation, Patient, Study
from patients.services import visibility
from patients.services.lookup import Gone
from patients.services.operations.claims import Taken
from patients.services.operations.kinds.creating import Who, who_is
from patients.services.operations.whom import wish_of
from patients.services.operations.wishes import Create
from patients.services.registering import adding, drafts, gate, mailboxes, registration
from patients.services.registering.gate import Look, Verdict
from patients.services.registering.passing import Nearness
from patients.services.registering.registration import Plan
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import course, lists

SYSTEMS = "systems"


class Came(StrEnum):
    """What became of a line. ``decide``: a page is waiting; ``wrong``: the line is to be put right;
    ``refused``: nothing could be asked for."""

    FOUND = "found"
    ASKED = "asked"  # for a new record
    DECIDE = "decide"
    WRONG = "wrong"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """Somebody of a list, or why there is nobody: a sentence and a next step for staff. ``draft`` is the id
    of the form in which it is decided."""

    came: Came
    patient: Patient | None = None
    sentence: str = ""
    advice: str = ""
    draft: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bringing:
    """A line that is read, for one study. ``key`` is the id of its form."""

    key: str
    entered: Entered = field(repr=False)
    study: Study
    by: User

    @property
    def system(self) -> str:
        """The system of the study."""
        name: str = self.study.system
        return name

    def plan(self, *, is_held: bool = False) -> Plan:
        """The record that somebody gets in the study's system, unless one is held there."""
        systems = () if is_held else (self.system,)
        return Plan(details=self.entered.details, systems=systems, organization_id=self.study.organization)

    def also(self) -> dict[str, object]:
        """What its form keeps beside the person."""
        return {
            SYSTEMS: [self.system],
            ORGANIZATION: self.study.organization,
            drafts.STUDY: self.study.public_id,
        }


def bring_in(line: Bringing) -> Brought:
    """Find or register somebody; asked again, it is what it was. Raises :mod:`integrations.errors` errors
    where the study's system cannot be asked at all."""
    known = kept(line)
    if known is not None:
        return Brought(came=Came.FOUND, patient=known)
    wrong = wrong_in(line)
    if wrong:
        return Brought(came=Came.WRONG, sentence=" ".join(wrong), advice=lists.PUT_RIGHT)
    reach = visibility.reach_of(line.by)
    look = gate.look(line.entered.details, by=line.by)
    who = whom(look)
    sentence = stands_against(line, look, who, reach)
    if sentence:
        return _left_to_decide(line, sentence)
    if who is not None and course.record_of(line.study, who, reach=reach) is not None:
        return _found(line, who)
    return _registered(line, look, who)


def kept(line: Bringing) -> Patient | None:
    """Whom the line was about, where it was gone through before."""
    draft = drafts.own(line.key, by=line.by)
    if draft is None or draft.sent_as is None:
        return None
    patient: Patient = draft.sent_as
    return patient.merged_into or patient


def wrong_in(line: Bringing) -> list[str]:
    """What the form would not take, field by field, in sentences that repeat nothing of it."""
    findings = [f"{each.field}: not as it can be." for each in line.entered.findings if each.stops]
    problems = [f"{each.field}: {each.trouble}." for each in line.plan().problems() if each.stops]
    return list(dict.fromkeys([*findings, *problems]))


def whom(look: Look) -> Patient | None:
    """The one person who is held already, by the rule for high; ``None`` where there is nobody, or somebody
    else who may be them too."""
    near = [each for each in look.meeting.doubts if each.nearness > Nearness.FAMILY]
    met = [each for each in look.meeting.met if each.nearness is Nearness.HIGH]
    if look.verdict is not Verdict.SAME or len(near) != 1 or len(met) != 1:
        return None
    return met[0].side.patient


def stands_against(line: Bringing, look: Look, who: Patient | None, reach: Reach) -> str:
    """Why a person has to decide first; empty where nobody has to."""
    label = label_of(line.system)
    if who is None and look.verdict is not Verdict.CLEAR:
        return _DOUBTS[look.verdict]
    if any(each.system == line.system for each in look.silent):
        return f"{label} did not say whom it holds: whether the person is there is not known."
    taken = mailboxes.taken(line.entered.details, [line.system], by=line.by, reach=reach)
    if any(each.row.patient_id != (who.pk if who else None) for each in taken):
        return f"The e-mail is another person's in {label}, which takes each mailbox for one person."
    record = course.record_of(line.study, who, reach=reach) if who is not None else None
    if record is not None and not any(each.row.pk == record.pk for each in taken):
        return f"{label} holds the person with another e-mail than the list."
    return ""


_DOUBTS = {
    Verdict.SAME: "More than one person who is held already may be this one, or one is out of your reach.",
    Verdict.DOUBTFUL: "Somebody who is held already may be this person.",
    Verdict.CONFLICT: "Somebody holds this NHS number already, and nothing else of them confirms it.",
}


# --- what comes of it -----------------------------------------------------------------------


def _found(line: Bringing, who: Patient) -> Brought:
    """Remember whom the line is about: whatever is changed in the record later."""
    drafts.end(_draft(line, of=who), who)
    return Brought(came=Came.FOUND, patient=who)


def _registered(line: Bringing, look: Look, who: Patient | None) -> Brought:
    """Ask for the record; of somebody who has records elsewhere as one more of theirs."""
    if who is not None:
        look = gate.look(line.entered.details, by=line.by, of=who, live=False)
    draft = _draft(line, of=who)
    plan = line.plan()
    sealed = gate.seal(look, by=line.by, beside=plan.beside)
    try:
        patient = registration.register(plan, draft=draft, sealed=sealed, by=line.by, offered=plan.systems)
    except adding.Refused as refused:
        return _left_to_decide(line, str(refused))
    except (gate.LookAgain, gate.Stopped):
        return _left_to_decide(line, "Somebody has come to be found meanwhile who may be this person.")
    except Taken as taken:
        return _taken(line, draft, taken)
    except Gone:
        return Brought(came=Came.REFUSED, sentence="The form went to a colleague.")
    except IntegrationError as fault:
        return Brought(came=Came.REFUSED, sentence=fault.for_staff, advice=fault.next_step)
    return Brought(came=Came.ASKED, patient=patient)


def _taken(line: Bringing, draft: Draft, taken: Taken) -> Brought:
    """Somebody with these details is being registered: by the asker, it is whom the line is about."""
    operation = taken.operation
    if operation is not None and operation.asked_by_id == line.by.pk and _is_same(line, operation):
        drafts.end(draft, taken.patient)
        return Brought(came=Came.FOUND, patient=taken.patient)
    who = operation.asked_by if operation is not None else "A colleague"
    return _left_to_decide(line, f"{who} is registering somebody with these details, or did so just now.")


def _is_same(line: Bringing, creation: Operation) -> bool:
    """Whether who is being registered is whom the line says: a number alone does not tell."""
    wish = wish_of(creation)
    if not isinstance(wish, Create) or wish.is_test:
        return False
    details, asked = line.entered.details, wish.new.details
    is_same = who_is(NewRecord(details=details), record_of(asked)) is Who.SAME
    return is_same and compared_email(details.email) == compared_email(asked.email)


def _left_to_decide(line: Bringing, sentence: str) -> Brought:
    """Keep the form where the asker finds it. Its page shows whom was found."""
    try:
        draft = drafts.keep(line.entered.typed, by=line.by, public_id=line.key, also=line.also())
    except drafts.TooMany as many:
        return Brought(came=Came.DECIDE, sentence=sentence, advice=f"{many} Then run it again.")
    except Gone:
        return Brought(came=Came.DECIDE, sentence=sentence, advice="The form went to a colleague.")
    return Brought(came=Came.DECIDE, sentence=sentence, advice="Decide on its page.", draft=draft.public_id)


def _draft(line: Bringing, *, of: Patient | None) -> Draft:
    """The form of the line, about to be sent: however many others wait for a decision."""
    typed: Typed = line.entered.typed
    return drafts.about_to_be_sent(typed, by=line.by, public_id=line.key, also=line.also(), patient=of)
