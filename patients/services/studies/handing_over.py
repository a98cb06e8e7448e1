"""An invitation in the hands of staff: who may open it, what they say with it, how the link is passed on."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from integrations.abilities import Invites
from integrations.registry import label_of, system_class
from integrations.scopes import words_of
from integrations.studies import LinkParts
from patients.models import Invitation, Participant, Place, SourceRecord, Study
from patients.services import hand_links, visibility
from patients.services.hand_links import Side
from patients.services.held import whole_of
from patients.services.lookup import Gone
from patients.services.operations import clock
from patients.services.visibility import Reach
from portal.accounts.models import User

from . import allowed, plans
from .allowed import Refusal
from .places import OutOfReach, OwnPlace, own_place
from .wordings import Said

_OPEN = ("participant__study", "participant__record__patient", "operation", "asked_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One invitation as somebody opens it: whose it is, of which study, and in which organization."""

    invitation: Invitation
    side: Side = field(repr=False)
    own: OwnPlace
    by: User
    reach: Reach

    @property
    def participant(self) -> Participant:
        """Who is invited."""
        participant: Participant = self.invitation.participant
        return participant

    @property
    def study(self) -> Study:
        """To which study."""
        study: Study = self.participant.study
        return study

    @property
    def record(self) -> SourceRecord:
        """By which record of theirs."""
        record: SourceRecord = self.participant.record
        return record

    @property
    def app(self) -> str:
        """What the app is called; in general words where the system names none."""
        return app_name(self.study, self.invitation.app)

    @property
    def is_askers(self) -> bool:
        """Whether it was this person who asked for it: nobody else is shown its link."""
        return bool(self.invitation.asked_by_id == self.by.pk)

    @property
    def why_no_link(self) -> Refusal | None:
        """Why whoever asked for it is not shown its link any more, though it is kept."""
        return allowed.why_not(self.study, by=self.by, reach=self.reach)

    @property
    def is_link_kept(self) -> bool:
        """Whether the link can still be shown here, to whom it may be shown."""
        row = self.invitation
        return row.link is not None and row.link_until is not None and row.link_until > clock.now()


def open_invitation(public_id: str, *, by: User, reach: Reach) -> Opened:
    """An invitation of somebody within reach, to a study of an own organization. Raises ``Gone``, and
    :class:`~patients.services.visibility.NotTold` where it may be within reach after all."""
    row = Invitation.objects.select_related(*_OPEN).filter(public_id=public_id).first()
    if row is None:
        visibility.require_told(reach)
        raise Gone
    study, record = row.participant.study, row.participant.record
    place = Place.objects.filter(system=study.system, organization=study.organization).first()
    try:
        if place is None:
            raise Gone
        own = own_place(place.pk, reach)
        side = hand_links.side(record.patient.public_id, by=by, reach=reach)
    except (Gone, OutOfReach):
        note_refused(row, by=by)
        raise Gone from None
    return Opened(invitation=row, side=side, own=own, by=by, reach=reach)


def note_refused(row: Invitation, *, by: User) -> None:
    """That somebody wanted to open an invitation out of their reach."""
    hand_links.note_refused("person.invitation_opened", row.participant.record.patient.public_id, by=by)


def app_name(study: Study, number: str) -> str:
    """What an app of a study is called."""
    app = plans.plan_of(study).app(number)
    return (app.name if app is not None else "") or "the study's app"


def said_of(opened: Opened, *, link: str = "") -> Said:
    """What letter and e-mail say to this person."""
    names = whole_of(opened.record).demographics
    study = opened.study
    return Said(
        name=names.preferred_name or names.given_name or names.full_name or "participant",
        study=study.name,
        organization=opened.own.name,
        app=opened.app,
        data=tuple(words_of(each.system, each.code, each.text) for each in plans.plan_of(study).scopes),
        contact=contact_of(opened.own),
        link=link,
    )


def contact_of(own: OwnPlace) -> str:
    """Whom somebody asks who needs help."""
    return settings.HELP_DESK or f"Ask {own.name}."


def parts_of(opened: Opened) -> LinkParts | None:
    """What the link is made of, without its secret; ``None`` where it is not kept."""
    if not opened.is_link_kept:
        return None
    cls = system_class(opened.record.system)
    return cls.link_parts(str(opened.invitation.link)) if issubclass(cls, Invites) else None


def sender_of(opened: Opened) -> str:
    """What the system is called that mails links."""
    return label_of(opened.record.system)
