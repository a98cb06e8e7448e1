"""Who may open what: one line for every URL name, for reading (GET) and for sending (POST).

This table is the only place that says it; ``accounts.middleware`` holds it before any view runs.
A URL whose name is missing here is refused for everybody, is an error of ``manage.py check``,
and fails the access tests. Other methods than GET, HEAD, OPTIONS and POST are refused always.
What somebody sees on a page that is open to them (organizations, systems) is for services.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.urls import URLPattern, URLResolver

from .roles import Role, role_of

Who = frozenset[str]

NOBODY: Who = frozenset()
ANYONE: Who = frozenset({"anyone"})  # signed in or not
SIGNED_IN: Who = frozenset({"signed in"})  # any account, with a role or without
ADMIN: Who = frozenset({Role.ADMIN})
STAFF: Who = frozenset({Role.ADMIN, Role.CLINIC_STAFF})
WRITERS: Who = frozenset({Role.ADMIN, Role.CLINIC_STAFF, Role.COORDINATOR})
EVERY_ROLE: Who = frozenset(Role)
EXPORTERS: Who = frozenset(Role(name) for name in settings.EXPORT_ROLES)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may read and who may send. Without a second word nobody may send."""

    get: Who
    post: Who = NOBODY


TABLE: dict[str, Rule] = {
    # The look-up
    "patients:search": Rule(EVERY_ROLE, EVERY_ROLE),
    "patients:typed": Rule(NOBODY, EVERY_ROLE),
    "patients:found": Rule(EVERY_ROLE),
    "patients:answer": Rule(EVERY_ROLE),
    "patients:person": Rule(EVERY_ROLE),
    "patients:patient": Rule(EVERY_ROLE),
    "patients:coming": Rule(EVERY_ROLE),
    "patients:live": Rule(EVERY_ROLE),
    "patients:history": Rule(EVERY_ROLE),
    "patients:patient_print": Rule(EVERY_ROLE),
    "patients:park": Rule(EVERY_ROLE, EVERY_ROLE),
    "patients:unpark": Rule(NOBODY, EVERY_ROLE),
    # Who is whose: linking by hand, and parting
    "patients:link": Rule(STAFF, STAFF),
    "patients:link_with": Rule(STAFF, STAFF),
    "patients:unlink": Rule(ADMIN, ADMIN),
    "patients:undo_link": Rule(ADMIN, ADMIN),
    "patients:mark_test": Rule(ADMIN, ADMIN),
    # Ending what a system keeps: archiving, leaving an organization, deleting with a second person
    "patients:archive": Rule(WRITERS, WRITERS),
    "patients:take_back": Rule(WRITERS, WRITERS),
    "patients:leave": Rule(WRITERS, WRITERS),
    "patients:leave_export": Rule(NOBODY, WRITERS),
    "patients:removal": Rule(WRITERS, WRITERS),
    # Consent: everybody whose role reaches the study reads; services hold who may change what in the system
    "patients:consents": Rule(EVERY_ROLE),
    "patients:consents_live": Rule(EVERY_ROLE),
    "patients:consent_record": Rule(EVERY_ROLE),
    "patients:decide": Rule(WRITERS, WRITERS),
    "patients:ask_again": Rule(EVERY_ROLE, WRITERS),
    # Enrolling and inviting: whoever sees the study sees the page; it says who may act
    "patients:enrol": Rule(EVERY_ROLE, WRITERS),
    "patients:enrol_selected": Rule(WRITERS, WRITERS),
    "patients:take_out_selected": Rule(WRITERS),
    "patients:study_take_out": Rule(EVERY_ROLE, WRITERS),
    "patients:unenrol": Rule(EVERY_ROLE, WRITERS),
    "patients:enrolment": Rule(EVERY_ROLE),
    "patients:invite": Rule(EVERY_ROLE, WRITERS),
    "patients:study_add": Rule(EVERY_ROLE, WRITERS),
    "patients:study_elsewhere": Rule(EVERY_ROLE, WRITERS),
    "patients:study_invite": Rule(EVERY_ROLE, WRITERS),
    "patients:study_asked": Rule(WRITERS, WRITERS),
    "patients:invitation": Rule(EVERY_ROLE),
    "patients:invitation_standing": Rule(EVERY_ROLE),
    "patients:invitation_in_person": Rule(EVERY_ROLE),
    "patients:invitation_letter": Rule(EVERY_ROLE),
    "patients:invitation_trouble": Rule(EVERY_ROLE),
    "patients:invitation_cancel": Rule(EVERY_ROLE, WRITERS),
    # The whole onboarding: whoever sees the study sees how far somebody is
    "patients:onboarding_begin": Rule(EVERY_ROLE),
    "patients:onboarding_test": Rule(NOBODY, WRITERS),
    "patients:onboarding": Rule(EVERY_ROLE),
    "patients:onboarding_standing": Rule(EVERY_ROLE),
    "patients:onboarding_remove": Rule(WRITERS, WRITERS),
    "patients:letters": Rule(WRITERS),
    "patients:wordings": Rule(ADMIN, ADMIN),
    "patients:wording": Rule(ADMIN, ADMIN),
    # Registering, and forms that are not sent yet: services show each their own
    "patients:register": Rule(WRITERS, WRITERS),
    "patients:register_start": Rule(NOBODY, WRITERS),
    "patients:register_typed": Rule(NOBODY, WRITERS),
    "patients:register_draft": Rule(WRITERS),
    "patients:register_check": Rule(WRITERS),
    "patients:register_found": Rule(WRITERS),
    "patients:register_is": Rule(NOBODY, WRITERS),
    "patients:register_create": Rule(NOBODY, WRITERS),
    "patients:hand_over": Rule(WRITERS, WRITERS),
    "patients:throw_away": Rule(WRITERS, WRITERS),
    # Editing: services show each what they may write, and where
    "patients:edit": Rule(WRITERS, WRITERS),
    "patients:edit_typed": Rule(NOBODY, WRITERS),
    "patients:agree": Rule(WRITERS, WRITERS),
    "patients:confirm": Rule(NOBODY, WRITERS),
    # The people list
    "patients:people": Rule(EVERY_ROLE, EVERY_ROLE),
    "patients:people_print": Rule(EVERY_ROLE),
    "patients:people_export": Rule(EXPORTERS, EXPORTERS),
    # Studies: services show each the organizations in which they hold a role
    "patients:studies": Rule(EVERY_ROLE),
    "patients:study_list": Rule(EVERY_ROLE),
    "patients:study_list_reading": Rule(EVERY_ROLE, EVERY_ROLE),
    "patients:study": Rule(EVERY_ROLE, EVERY_ROLE),
    "patients:study_reading": Rule(EVERY_ROLE, EVERY_ROLE),
    "patients:study_export": Rule(EXPORTERS, EXPORTERS),
    "patients:participant_number": Rule(WRITERS, WRITERS),
    "patients:number_in_row": Rule(WRITERS, WRITERS),
    # Writes to the systems: services show whoever is no admin their own only
    "patients:operations": Rule(WRITERS),
    "patients:operation": Rule(EVERY_ROLE),
    "patients:operation_course": Rule(EVERY_ROLE),
    "patients:operation_try": Rule(NOBODY, WRITERS),
    "patients:operation_overrule": Rule(WRITERS, WRITERS),
    "patients:operation_take_over": Rule(ADMIN, ADMIN),
    "patients:operation_give_up": Rule(WRITERS, WRITERS),
    "patients:operation_by_hand": Rule(ADMIN, ADMIN),
    "patients:bulks": Rule(WRITERS),
    "patients:bulk": Rule(WRITERS),
    "patients:bulk_progress": Rule(WRITERS),
    "patients:bulk_turn": Rule(NOBODY, WRITERS),
    "patients:bulk_cancel": Rule(WRITERS, WRITERS),
    # How the systems are doing
    "patients:connections": Rule(EVERY_ROLE),
    "patients:check": Rule(NOBODY, ADMIN),
    "patients:sync": Rule(ADMIN, ADMIN),
    # Who looked
    "patients:audit": Rule(ADMIN, ADMIN),
    "patients:audit_found": Rule(ADMIN),
    "patients:audit_sheet": Rule(ADMIN),
    "patients:audit_export": Rule(ADMIN, ADMIN),
    "patients:reviews": Rule(ADMIN),
    "patients:review": Rule(ADMIN, ADMIN),
    "patients:review_sign": Rule(NOBODY, ADMIN),
    # Who is signed in, and the lock
    "accounts:lock": Rule(SIGNED_IN, SIGNED_IN),
    "accounts:unlock": Rule(NOBODY, SIGNED_IN),
    "accounts:continue": Rule(SIGNED_IN, SIGNED_IN),
    "accounts:draft": Rule(SIGNED_IN),
    "accounts:second_step": Rule(SIGNED_IN),
    # Accounts
    "accounts:staff": Rule(ADMIN),
    "accounts:give_role": Rule(NOBODY, ADMIN),
    "accounts:switch": Rule(NOBODY, ADMIN),
    # Signing in and out
    "account_login": Rule(ANYONE, ANYONE),
    "account_logout": Rule(ANYONE, ANYONE),
    "account_inactive": Rule(ANYONE),
    "account_reauthenticate": Rule(SIGNED_IN, SIGNED_IN),
    "account_change_password": Rule(SIGNED_IN, SIGNED_IN),
    "account_set_password": Rule(SIGNED_IN, SIGNED_IN),
    "account_reset_password": Rule(ANYONE, ANYONE),
    "account_reset_password_done": Rule(ANYONE),
    "account_reset_password_from_key": Rule(ANYONE, ANYONE),
    "account_reset_password_from_key_done": Rule(ANYONE),
    "usersessions_list": Rule(SIGNED_IN, SIGNED_IN),
    "accounts:end_session": Rule(NOBODY, SIGNED_IN),
    # Accounts are made by an admin's command, and an address stays as it was made: nothing by oneself
    "account_signup": Rule(NOBODY),
    "account_email": Rule(NOBODY),
    "account_email_verification_sent": Rule(NOBODY),
    "account_confirm_email": Rule(NOBODY),
    "account_confirm_login_code": Rule(NOBODY),
    # The second step
    "mfa_index": Rule(SIGNED_IN),
    "mfa_authenticate": Rule(ANYONE, ANYONE),
    "mfa_reauthenticate": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_activate_totp": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_deactivate_totp": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_view_recovery_codes": Rule(SIGNED_IN),
    "mfa_generate_recovery_codes": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_download_recovery_codes": Rule(SIGNED_IN),
    "mfa_list_webauthn": Rule(SIGNED_IN),
    "mfa_add_webauthn": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_reauthenticate_webauthn": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_remove_webauthn": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_edit_webauthn": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_login_webauthn": Rule(ANYONE, ANYONE),
    # Signing in at a system
    "openid_connect_login": Rule(ANYONE, ANYONE),
    "openid_connect_callback": Rule(ANYONE),
    "socialaccount_login_cancelled": Rule(ANYONE),
    "socialaccount_login_error": Rule(ANYONE),
    "socialaccount_signup": Rule(NOBODY),
    "socialaccount_connections": Rule(SIGNED_IN, SIGNED_IN),
    # For supervisors
    "health:live": Rule(ANYONE),
    "health:ready": Rule(ANYONE),
    "health:worker": Rule(ANYONE),
}

READING = frozenset({"GET", "HEAD", "OPTIONS"})


def who_may(url_name: str, method: str) -> Who:
    """Who may use a method on a URL; nobody where the table says nothing."""
    rule = TABLE.get(url_name)
    if rule is None:
        return NOBODY
    return rule.get if method in READING else rule.post if method == "POST" else NOBODY


def is_allowed(user: AbstractBaseUser | AnonymousUser, who: Who) -> bool:
    """Whether somebody is among those who may."""
    if who == ANYONE:
        return True
    if not who or not user.is_authenticated:
        return False
    return who == SIGNED_IN or role_of(user) in who


def names_of(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[str]:
    """The name of every URL as ``resolver_match.view_name`` gives it; the view's path if unnamed."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from names_of(pattern.url_patterns, inner)
        else:
            yield f"{namespace}{pattern.name}" if pattern.name else pattern.lookup_str
