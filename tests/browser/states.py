"""Every page and state that somebody can meet, each with the way to it; for axe and for pictures.

A state is its name, the role of whoever meets it (``None``: nobody is signed in, ``"none"``: an
account without a role), and a function that leads there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from integrations.sandbox.faults import FaultKind
from portal.accounts.roles import Role

from . import (
    auditing,
    consents,
    desks,
    editing,
    endings,
    enrolling,
    inviting,
    linking,
    listing,
    locking,
    looking_up,
    onboarding,
    persons,
    registering,
    signing_in,
    studies,
    troubles,
    writes,
)
from .journey import MEGAN, Journey

Way = Callable[[Journey], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One page in one state. ``part`` is how it is called in words and in file names."""

    part: str
    name: str
    way: Way
    role: Role | str | None = Role.CLINIC_STAFF
    jhe_login: str = MEGAN
    print: bool = False

    def __str__(self) -> str:
        return f"{self.part}-{self.name}"

    def reach(self, journey: Journey) -> None:
        """Sign in as the role and go there."""
        if self.role is not None:
            role = self.role if isinstance(self.role, Role) else None
            journey.given_signed_in(role, jhe_login=self.jhe_login)
        self.way(journey)


def _found(text: str) -> Way:
    def way(journey: Journey) -> None:
        journey.when_they_look_up(text)
        journey.then_every_system_has_answered()

    return way


def _person(text: str, name: str) -> Way:
    def way(journey: Journey) -> None:
        _found(text)(journey)
        journey.when_they_open(name)

    return way


def _print(text: str, name: str) -> Way:
    def way(journey: Journey) -> None:
        _person(text, name)(journey)
        journey.page.get_by_role("link", name="Print view").click()
        journey.page.get_by_role("button", name="Print", exact=True).wait_for()

    return way


def _at(path: str) -> Way:
    return lambda journey: journey.when_they_go_to(path)


def _failing(system: str, kind: FaultKind, text: str, **values: object) -> Way:
    def way(journey: Journey) -> None:
        journey.given_fault(system, kind, **values)
        _found(text)(journey)

    return way


def _signing_in() -> list[State]:
    entrance = [
        ("sign-in", _at("/accounts/login/")),
        ("wrong-password", signing_in.wrong_password),
        ("too-many-attempts", signing_in.too_many_attempts),
        ("second-step", signing_in.second_step),
        ("second-step-wrong", signing_in.second_step_wrong),
        ("jhe-confirm", _at("/accounts/oidc/jhe/login/")),
        ("jhe-patient-refused", signing_in.jhe_patient_refused),
        ("jhe-down", signing_in.jhe_down),
        ("password-forgotten", _at("/accounts/password/reset/")),
        ("password-forgotten-sent", _at("/accounts/password/reset/done/")),
        ("password-link-used-up", _at("/accounts/password/reset/key/1-set-password/")),
        ("signed-out", _at("/accounts/logout/")),
    ]
    inside: list[tuple[str, Way]] = [
        ("second-step-overview", _at("/accounts/2fa/")),
        ("passkeys", _at("/accounts/2fa/webauthn/")),
        ("change-password", _at("/accounts/password/change/")),
        ("change-password-refused", signing_in.password_change_refused),
        ("other-sign-ins", _at("/accounts/connections/")),
        ("sessions", signing_in.sessions),
        ("confirm-it-is-you", _at("/accounts/reauthenticate/?next=/accounts/2fa/totp/deactivate/")),
        ("lock", locking.locked),
        ("lock-wrong-password", locking.locked_wrong_password),
        ("lock-cover", locking.covered),
        ("form-waiting", locking.form_waiting),
    ]
    return [
        *(State(part="entrance", name=name, way=way, role=None) for name, way in entrance),
        *(State(part="account", name=name, way=way) for name, way in inside),
        State(part="account", name="no-role-yet", way=_at("/"), role="none", jhe_login=""),
        State(part="account", name="second-step-to-set-up", way=signing_in.second_step_missing, role=None),
        State(part="account", name="authenticator-app", way=signing_in.authenticator_app, role=None),
        State(part="account", name="add-passkey", way=signing_in.add_passkey, role=None),
        State(part="account", name="people-and-roles", way=auditing.accounts, role=Role.ADMIN),
        State(part="account", name="sessions-elsewhere", way=auditing.sessions_elsewhere),
    ]


def _looking_up() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("start", _at("/")),
        ("details", looking_up.details_open),
        ("refused", looking_up.look_up_refused),
        ("typing", looking_up.typing),
        ("one-in-three-systems", _found("grace mbeki 18/4/75")),
        ("two-readings", _found("smith 3/4/80")),
        ("correcting", looking_up.correcting),
        ("many", _found("wardle")),
        ("family", _found("the.kavanaghs@example.com")),
        ("twins", _found("joshi 14/11/2006")),
        ("changed-surname", _found("anjali 26/2/1987")),
        ("father-and-son", _found("robert lockwood")),
        ("deceased", _found("albert ramsbottom")),
        ("archived", _found("simone laurent")),
        ("merged", _found("northcott 7/7/1958")),
        ("temporary", _found("freya halvorsen")),
        ("hundred-characters", _found("Wolfeschlegelsteinhausenbergerdorff-Maximilia")),
        ("arabic", _found("خالد المصري")),
        ("chinese", _found("xiaoming wang")),
        ("markup", _found("test patient")),
        ("referral-line", looking_up.referral_line),
        ("asking", looking_up.still_asking),
        ("from-the-index", looking_up.known_and_asking),
        ("not-confirmed", looking_up.known_and_not_found),
        ("known-and-one-failed", looking_up.known_and_one_failed),
        ("more", looking_up.more_than_ten),
        ("nobody", _found("quillon xanthopoulos")),
        ("cannot-search", _found("07700 900123")),
        ("one-failed", _failing("impilo", FaultKind.STATUS, "grace mbeki 18/4/75", status=503)),
        ("one-refused-the-key", _failing("jump", FaultKind.STATUS, "grace mbeki 18/4/75", status=401)),
        ("failed-and-nobody", _failing("jump", FaultKind.STATUS, "quillon xanthopoulos", status=500)),
        ("gone", _at("/search/AAAAAAAAAAAAAAAAAAAAAA")),
    ]
    return [
        *(State(part="lookup", name=name, way=way) for name, way in ways),
        State(part="lookup", name="no-reach", way=_found("grace mbeki 18/4/75"), jhe_login=""),
        State(part="lookup", name="coordinator", way=_found("grace mbeki"), role=Role.COORDINATOR),
    ]


def _people() -> list[State]:
    return [
        State(part="person", name="three-records", way=_person("grace mbeki 18/4/75", "MBEKI")),
        State(part="person", name="differences", way=_person("jamal edwards 22/3/1991", "EDWARDS")),
        State(part="person", name="deceased", way=_person("albert ramsbottom", "RAMSBOTTOM")),
        State(part="person", name="twin", way=_person("joshi 14/11/2006", "Anika")),
        State(part="person", name="one-record", way=_person("elsie wardle", "WARDLE")),
        State(
            part="person",
            name="hundred-characters",
            way=_person("Wolfeschlegelsteinhausenbergerdorff-Maximilia", "Maximilia"),
        ),
        State(part="person", name="arabic", way=_person("خالد المصري", "خالد")),
        State(part="person", name="chinese", way=_person("xiaoming wang", "WANG")),
        State(part="person", name="of-the-index", way=persons.patient),
        State(part="person", name="being-checked", way=persons.patient_being_checked),
        State(part="person", name="not-read", way=persons.patient_not_read),
        State(part="person", name="withheld", way=persons.patient_withheld),
        State(part="person", name="alerts", way=persons.patient_with_alerts),
        State(part="person", name="history", way=persons.patient_history),
        State(part="person", name="alerts-printed", way=persons.patient_printed, print=True),
        State(part="person", name="system-down", way=persons.person_with_a_system_down),
        State(part="person", name="read-anew-failed", way=persons.person_not_read_anew),
        State(part="person", name="print-view", way=_print("grace mbeki 18/4/75", "MBEKI")),
        State(part="person", name="printed", way=_print("grace mbeki 18/4/75", "MBEKI"), print=True),
        State(part="person", name="printed-page", way=_person("albert ramsbottom", "RAMSBOTTOM"), print=True),
    ]


def _linking() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("choosing", linking.choosing),
        ("choosing-refused", linking.choosing_refused),
        ("side-by-side", linking.side_by_side),
        ("refused", linking.link_refused),
        ("stale", linking.link_stale),
        ("linked", linking.linked),
        ("parting", linking.parting),
        ("undoing", linking.undoing),
        ("gone", linking.refused_for_good),
        ("kept-apart", linking.kept_apart),
    ]
    return [
        *(State(part="links", name=name, way=way, role=Role.ADMIN) for name, way in ways),
        State(part="person", name="namesake", way=linking.namesake),
    ]


def _people_list() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("everybody", listing.people_listed),
        ("filtered", listing.people_filtered),
        ("filters", listing.people_filters),
        ("filters-refused", listing.people_filters_refused),
        ("nobody", listing.people_nobody),
        ("empty", _at("/people/")),
        ("test-records", listing.people_tests),
        ("print-view", listing.people_printed),
    ]
    return [
        *(State(part="people", name=name, way=way) for name, way in ways),
        State(part="people", name="printed", way=listing.people_printed, print=True),
        State(part="people", name="coordinator", way=listing.people_listed, role=Role.COORDINATOR),
        State(part="people", name="export", way=listing.people_export, role=Role.ADMIN),
        State(part="people", name="export-refused", way=listing.people_export_refused, role=Role.ADMIN),
    ]


def _inviting() -> list[State]:
    enrol: list[tuple[str, Way]] = [
        ("one", enrolling.enrolling),
        ("waiting", enrolling.waiting),
        ("out", enrolling.unenrolling),
        ("add", enrolling.adding),
        ("selected", enrolling.selected),
        ("taking-out", enrolling.taking_out),
        ("elsewhere", enrolling.elsewhere),
    ]
    invite: list[tuple[str, Way]] = [
        ("one", inviting.invite),
        ("refused", inviting.invite_refused),
        ("again", inviting.invite_again),
        ("deceased", inviting.invite_deceased),
        ("being-made", inviting.being_made),
        ("qr", inviting.by_qr),
        ("copy", inviting.by_copy),
        ("mail", inviting.by_mail),
        ("mailed", inviting.mailed),
        ("of-colleague", inviting.of_colleague),
        ("gone", inviting.gone),
        ("in-person", inviting.in_person),
        ("in-person-unanswered", inviting.in_person_unanswered),
        ("connected", inviting.connected_now),
        ("letter", inviting.letter),
        ("trouble", inviting.trouble),
        ("trouble-expired", inviting.trouble_expired),
        ("cancel", inviting.cancelling),
        ("many", inviting.many),
    ]
    role, mary, victor = Role.COORDINATOR, "manager_mary@example.com", "viewer_victor@example.com"
    return [
        *(State(part="enrol", name=name, way=way, role=role) for name, way in enrol),
        *(State(part="invite", name=name, way=way, role=role) for name, way in invite),
        State(part="enrol", name="viewer", way=enrolling.enrolling_refused, role=role, jhe_login=victor),
        State(part="enrol", name="outside", way=enrolling.enrolling_outside, role=role, jhe_login=mary),
        State(part="enrol", name="asked", way=enrolling.added, role=role, jhe_login=mary),
        State(part="invite", name="viewer", way=inviting.invite_of_viewer, role=role, jhe_login=victor),
        State(part="invite", name="letter-printed", way=inviting.letter, role=role, print=True),
        State(part="invite", name="wordings", way=inviting.wordings, role=Role.ADMIN),
        State(part="invite", name="wording", way=inviting.wording, role=Role.ADMIN),
        State(part="invite", name="wording-refused", way=inviting.wording_refused, role=Role.ADMIN),
    ]


def _studies() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("list", studies.list_of),
        ("list-reading", studies.list_being_read),
        ("board", studies.board),
        ("board-filtered", studies.board_filtered),
        ("board-filters", studies.board_filters),
        ("board-nobody-left", studies.board_nobody_left),
        ("board-tests", studies.board_tests),
        ("board-numbering", studies.board_numbering),
        ("board-number-taken", studies.board_number_taken),
        ("number", studies.number_page),
        ("board-empty", studies.board_empty),
        ("board-reading", studies.board_being_read),
        ("board-trouble", studies.board_in_trouble),
        ("board-older", studies.board_of_older),
        ("export", studies.export),
        ("export-refused", studies.export_refused),
        ("person", studies.person),
        ("people-list", studies.people_of_study),
    ]
    role, mary, victor = Role.COORDINATOR, "manager_mary@example.com", "viewer_victor@example.com"
    return [
        *(State(part="studies", name=name, way=way, role=role) for name, way in ways),
        State(part="studies", name="organizations", way=studies.organizations, role=role, jhe_login=mary),
        State(part="studies", name="list-empty", way=studies.list_empty, role=role, jhe_login=mary),
        State(part="studies", name="board-viewer", way=studies.board_of_viewer, role=role, jhe_login=victor),
        State(part="studies", name="no-organization", way=_at("/studies/"), role=role, jhe_login=""),
    ]


def _auditing() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("question", auditing.ask),
        ("question-refused", auditing.refused),
        ("person", auditing.about_a_person),
        ("staff", auditing.about_staff),
        ("time", auditing.about_a_time),
        ("nothing", auditing.nothing),
        ("sheet", auditing.sheet),
        ("export", auditing.export),
        ("months", auditing.months),
        ("review", auditing.review),
        ("review-refused", auditing.review_refused),
        ("review-to-sign", auditing.to_sign),
        ("review-signed", auditing.signed),
    ]
    return [
        *(State(part="audit", name=name, way=way, role=Role.ADMIN) for name, way in ways),
        State(part="audit", name="sheet-printed", way=auditing.sheet, role=Role.ADMIN, print=True),
    ]


def _desks() -> list[State]:
    return [
        State(part="home", name="worklist", way=desks.home),
        State(part="home", name="worklist-admin", way=desks.home, role=Role.ADMIN),
        State(part="person", name="parking", way=desks.parking),
        State(part="person", name="parked", way=desks.parked),
        State(part="person", name="parking-refused", way=desks.park_refused),
        State(part="person", name="marking-a-test-record", way=desks.marking, role=Role.ADMIN),
        State(part="person", name="marked-test-record", way=desks.marked, role=Role.ADMIN),
    ]


def _writes() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("list", writes.listed),
        ("list-narrowed", writes.narrowed),
        ("waiting", writes.waiting),
        ("unknown", writes.unknown),
        ("held", writes.held),
        ("moved", writes.moved),
        ("done", writes.done),
        ("out-of-reach", writes.beyond),
        ("take-over", writes.taking_over),
        ("give-up", writes.giving_up),
        ("give-up-refused", writes.giving_up_refused),
        ("stale", writes.stale),
        ("overrule", writes.overruling),
        ("by-hand", writes.by_hand),
        ("by-hand-read", writes.by_hand_read),
        ("by-hand-somebody-else", writes.by_hand_somebody_else),
        ("bulks", writes.all_bulks),
        ("bulk", writes.bulk),
        ("bulk-cancel", writes.cancelling),
        ("home", writes.home),
    ]
    return [
        *(State(part="operation", name=name, way=way, role=Role.ADMIN) for name, way in ways),
        State(part="operation", name="own-list", way=writes.listed),
        State(part="operation", name="own-list-empty", way=_at("/writes/")),
        State(part="operation", name="refused", way=writes.refused),
        State(part="operation", name="of-a-person", way=writes.of_a_person),
    ]


def _registering() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("blank", registering.blank),
        ("filled", registering.filled),
        ("refused", registering.refused),
        ("clear", registering.clear),
        ("same", registering.same),
        ("doubtful", registering.doubtful),
        ("conflict", registering.conflict),
        ("mailbox", registering.mailbox),
        ("system-down", registering.system_down),
        ("coming", registering.coming),
        ("arrived", registering.arrived),
        ("unsent", registering.unsent),
        ("handing-over", registering.handing_over),
        ("throwing-away", registering.throwing_away),
    ]
    return [State(part="register", name=name, way=way) for name, way in ways]


def _endings() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("archiving", endings.archiving),
        ("archiving-without-a-reason-there", endings.archiving_without_a_place_for_the_reason),
        ("archiving-refused", endings.archiving_refused),
        ("archiving-stale", endings.archiving_stale),
        ("archived", endings.archived),
        ("taking-back", endings.taking_back),
        ("not-possible", endings.not_possible),
        ("deleting", endings.deleting),
        ("deleting-refused", endings.deleting_refused),
        ("second-at-home", endings.second_at_home),
        ("second", endings.second),
        ("second-refused", endings.second_refused),
        ("not-the-last-any-more", endings.not_the_last_any_more),
        ("first", endings.first),
        ("declined", endings.declined),
        ("deleted", endings.deleted),
        ("gone", endings.gone),
        ("every-standing", endings.every_standing_listed),
        ("archived-there", endings.archived_there),
        ("merged", endings.merged),
        ("temporary", endings.temporary),
        ("archiving-who-has-died", endings.archiving_who_has_died),
        ("choosing-who-is-merged", endings.choosing_who_has_died),
    ]
    return [
        *(State(part="ending", name=name, way=way) for name, way in ways),
        State(part="ending", name="leaving", way=endings.leaving, jhe_login=endings.MARY),
        State(part="ending", name="leaving-unread", way=endings.leaving_unread, jhe_login=endings.MARY),
    ]


def _consents() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("opened", consents.opened),
        ("unread", consents.unread),
        ("disagreeing", consents.disagreeing),
        ("on-the-person", consents.on_the_person),
        ("form", consents.form),
        ("refused", consents.refused),
        ("confirming", consents.confirming),
        ("being-written", consents.being_written),
        ("recorded", consents.recorded),
        ("stale", consents.stale),
        ("withdrawing", consents.withdrawing),
        ("for-the-file", consents.for_the_file),
        ("ask-again-nobody", consents.nobody_to_ask),
        ("ask-again-member", consents.ask_again),
    ]
    return [
        *(State(part="consent", name=name, way=way) for name, way in ways),
        State(part="consent", name="looking-on", way=consents.looking_on, jhe_login=consents.VICTOR),
        State(part="consent", name="ask-again", way=consents.ask_again, jhe_login=consents.MARY),
        State(
            part="consent", name="form-in-use-refused", way=consents.entering_the_form_refused,
            jhe_login=consents.MARY,
        ),
        State(part="consent", name="for-the-file-on-paper", way=consents.for_the_file, print=True),
    ]  # fmt: skip


def _editing() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("opened", editing.opened),
        ("everything-open", editing.everything_open),
        ("refused", editing.refused),
        ("moved", editing.moved),
        ("cannot-hold", editing.cannot_hold),
        ("stopped", editing.stopped),
        ("sensitive", editing.sensitive),
        ("stale", editing.stale),
        ("agreement", editing.agreement),
        ("in-agreement", editing.in_agreement),
        ("confirmed", editing.confirmed),
    ]
    return [State(part="edit", name=name, way=way) for name, way in ways]


def _onboarding() -> list[State]:
    ways: list[tuple[str, Way]] = [
        ("begin", onboarding.begin),
        ("enrol", onboarding.to_be_enrolled),
        ("invite", onboarding.to_be_invited),
        ("waiting", onboarding.waiting),
        ("stuck", onboarding.stuck),
        ("made-up", onboarding.made_up),
        ("removing", onboarding.removing),
        ("beside-person", onboarding.beside_person),
    ]
    viewer = "viewer_victor@example.com"
    looks_on: list[tuple[str, Way]] = [
        ("begin-viewer", onboarding.begin_of_viewer),
        ("viewer", onboarding.of_viewer),
    ]
    return [
        *(State(part="onboarding", name=name, way=way, role=Role.COORDINATOR) for name, way in ways),
        *(State(part="onboarding", name=name, way=way, jhe_login=viewer) for name, way in looks_on),
    ]


def _rest() -> list[State]:
    return [
        State(part="connections", name="admin", way=_at("/connections"), role=Role.ADMIN),
        State(part="connections", name="admin-trouble", way=troubles.connections_in_trouble, role=Role.ADMIN),
        State(part="connections", name="staff", way=_at("/connections")),
        State(part="connections", name="staff-trouble", way=troubles.connections_in_trouble),
        State(part="error", name="outside-role", way=_at("/staff")),
        State(part="error", name="form-too-old", way=troubles.form_too_old),
        State(part="error", name="not-found", way=_at("/nowhere")),
        State(part="error", name="fault", way=troubles.fault_of_ours),
        State(part="error", name="cannot-be-recorded", way=troubles.nothing_can_be_recorded),
    ]


STATES = [
    *_signing_in(),
    *_looking_up(),
    *_people(),
    *_linking(),
    *_people_list(),
    *_studies(),
    *_onboarding(),
    *_inviting(),
    *_desks(),
    *_auditing(),
    *_writes(),
    *_registering(),
    *_editing(),
    *_endings(),
    *_consents(),
    *_rest(),
]
