"""JHE's operations one to one: paths, parameters, tokens, pages. Wire JSON in and out.

REST paths take no trailing slash, OAuth paths need one, FHIR is case-sensitive: the other
spelling is an HTML 404 (README.md §1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integrations import errors
from integrations.http import HttpConnection, Reply

from . import dialect, outgoing, paging
from .mapping import is_id
from .oauth import Bearer

REST = "/api/v1"
REST_PAGE = 1000  # the most that a page can hold; more is cut to it
FHIR_PAGE = 500


class JheClient:
    """Calls with one caller's token. Every method raises :mod:`integrations.errors` errors."""

    def __init__(self, http: HttpConnection, bearer: Bearer) -> None:
        self.http = http
        self.bearer = bearer

    # --- who am I -------------------------------------------------------------------------

    def profile(self) -> Any:
        """The caller's own account."""
        return self._read("profile", f"{REST}/users/profile")

    # --- organizations and studies --------------------------------------------------------

    def organizations(self) -> Iterator[Any]:
        """Every organization of the installation, each with the caller's role or none."""
        yield from self._rows("organizations", f"{REST}/organizations", {})

    def organization_studies(self, organization_id: str) -> Any:
        """The studies of one organization, an array. JHE checks no role here: callers do."""
        path = f"{REST}/organizations/{self.checked_id(organization_id, 'organization studies')}/studies"
        return self._read("organization studies", path)

    # JHE shows the next four to anybody who is signed in, of any study: callers check.

    def study_scope_requests(self, study_id: str) -> Any:
        """The kinds of data that a study asks for, an array."""
        return self._of_study("scope_requests", study_id)

    def study_data_sources(self, study_id: str) -> Any:
        """The devices and apps from which a study's data come, an array."""
        return self._of_study("data_sources", study_id)

    def study_clients(self, study_id: str) -> Any:
        """A study's apps, an array of whole OAuth applications, hashed secrets included: id and name are
        for keeping, the rest for nobody. Not before 2026."""
        return self._of_study("clients", study_id)

    def clients(self) -> Iterator[Any]:
        """Every app of the installation, with its invitation address. Not before 2026."""
        yield from self._rows("clients", f"{REST}/clients", {})

    def _of_study(self, part: str, study_id: str) -> Any:
        operation = f"study {part.replace('_', ' ')}"
        return self._read(operation, f"{REST}/studies/{self.checked_id(study_id, operation)}/{part}")

    # --- people: REST ---------------------------------------------------------------------

    def patient(self, patient_id: str) -> Any:
        """One whole record. JHE shows any practitioner any record by id: callers check reach."""
        return self._read("patient", f"{REST}/patients/{self.checked_id(patient_id, 'patient')}")

    def global_lookup(self, email: str) -> Any:
        """An array of no or one whole record, of any organization; exact and case-sensitive."""
        return self._read("global lookup", f"{REST}/patients/global_lookup", {"email": email})

    def study_patients(self, study_id: str) -> Iterator[Any]:
        """Whole records of the people in a study. Before 2026 this is a 500."""
        path = f"{REST}/studies/{self.checked_id(study_id, 'study patients')}/patients"
        yield from self._rows("study patients", path, {})

    def patients(self, filters: Mapping[str, str]) -> Iterator[Any]:
        """Whole records by ``organization_id``, ``study_id`` or ``patient_identifier_value``.

        Only for generations in which listing is free of side effects (README.md §4): later ones
        save the filters as what the person's console shows next.
        """
        yield from self._rows("patients", f"{REST}/patients", filters)

    def patients_page(
        self, filters: Mapping[str, str], *, page: int, size: int, operation: str = "patients"
    ) -> paging.Page:
        """One page of such a list; empty past its end."""
        return self._page(operation, f"{REST}/patients", filters, page=page, size=size)

    # --- FHIR -----------------------------------------------------------------------------

    def fhir_page(
        self, base: str, kind: str, params: Mapping[str, str], *, page: int = 1, count: int = FHIR_PAGE
    ) -> paging.Page:
        """One page of a search. Unknown parameters are ignored there: what comes is checked again.

        The order is total only when sorted, so every search is.
        """
        query = {"_sort": "_lastUpdated", **params, "_count": str(count), "_page": str(page)}
        return paging.fhir_page(self._read(f"search {kind}", f"{base}/{kind}", query), page=page)

    def fhir_patients(
        self, base: str, params: Mapping[str, str], *, page: int = 1, count: int = FHIR_PAGE
    ) -> paging.Page:
        """One page of a Patient search."""
        return self.fhir_page(base, "Patient", params, page=page, count=count)

    def count_patients(self, params: Mapping[str, str]) -> int:
        """How many a Patient search finds in the new FHIR base; used to find out what it applies."""
        return self.fhir_patients(dialect.NEW_FHIR, params, count=1).total

    # --- what hangs on a person -----------------------------------------------------------

    def consents(self, patient_id: str) -> Any:
        """A person's decisions in every study. Never with ``reset``, which deletes them all."""
        return self._read("consents", f"{REST}/patients/{self.checked_id(patient_id, 'consents')}/consents")

    def observations_page(self, filters: Mapping[str, str], *, page: int, size: int) -> paging.Page:
        """One page of the list of observations, newest first: only where lists have no side effect."""
        return self._page("observations", f"{REST}/observations", filters, page=page, size=size)

    def consolidated_clients(self, patient_id: str) -> Any:
        """The apps of a person's studies, an array. Not before 2026."""
        operation = "consolidated clients"
        path = f"{REST}/patients/{self.checked_id(patient_id, operation)}/consolidated_clients"
        return self._read(operation, path)

    def invitations(self) -> Iterator[Any]:
        """Everybody's invitations, newest change first: JHE has no filter. Since May 2026."""
        yield from self._rows("invitations", f"{REST}/invitation", {})

    def invitation(self, invitation_id: str) -> Any:
        """One invitation, whoever it is for."""
        return self._read("invitation", f"{REST}/invitation/{self.checked_id(invitation_id, 'invitation')}")

    # --- people: writing ------------------------------------------------------------------
    # JHE checks roles in the organization that a request names, not whether the person belongs to it,
    # and none at all in adding to one: callers do (README.md §11). Each is sent once.

    def create_patient(self, body: Mapping[str, Any]) -> Any:
        """The record that was created, 201 or (older) 200."""
        return self._write("create patient", "POST", f"{REST}/patients", json=body).json

    def change_patient(self, patient_id: str, body: Mapping[str, Any], organization_id: str) -> Any:
        """The record after a change; without an organization JHE refuses everybody."""
        path = f"{REST}/patients/{self.checked_id(patient_id, 'change patient')}"
        query = {"organization_id": self.checked_id(organization_id, "change patient")}
        return self._write("change patient", "PATCH", path, params=query, json=body).json

    def add_to_organization(self, patient_id: str, organization_id: str) -> Any:
        """The record with all its organizations."""
        operation = "add to organization"
        path = f"{REST}/patients/{self.checked_id(patient_id, operation)}/global_add_organization"
        query = {"organization_id": self.checked_id(organization_id, operation)}
        return self._write(operation, "PATCH", path, params=query).json

    def remove_patient(self, patient_id: str, organization_id: str) -> None:
        """Take a record out of an organization; out of its last one, JHE deletes it."""
        operation = "remove from organization"
        path = f"{REST}/patients/{self.checked_id(patient_id, operation)}"
        query = {"organization_id": self.checked_id(organization_id, operation)}
        self._write(operation, "DELETE", path, params=query)

    # --- studies: writing -----------------------------------------------------------------
    # JHE asks for a role in decisions alone: callers do (README.md §14 to §16). One person and one kind of
    # data a request: the half-done state of several is the hardest to undo.

    def enrol(self, study_id: str, patient_id: str) -> Any:
        """What was made, 201 or (older) 200."""
        return self._write("enrol", "POST", **self._enrolment("enrol", study_id, patient_id)).json

    def unenrol(self, study_id: str, patient_id: str) -> Reply:
        """204 or (older) 200, also for who did not take part."""
        return self._write("unenrol", "DELETE", **self._enrolment("unenrol", study_id, patient_id))

    def _enrolment(self, operation: str, study_id: str, patient_id: str) -> dict[str, Any]:
        patient = int(self.checked_id(patient_id, operation))
        path = f"{REST}/studies/{self.checked_id(study_id, operation)}/patients"
        return {"path": path, "json": {"patientIds": [patient]}}

    def write_decision(self, method: str, patient_id: str, body: Mapping[str, Any]) -> None:
        """Make (POST), change (PATCH), forget (DELETE) a decision. Older: DELETE is done and answers 500."""
        path = f"{REST}/patients/{self.checked_id(patient_id, 'decide')}/consents"
        self._write("decide", method, path, json=body)

    def create_invitation(self, body: Mapping[str, Any]) -> Any:
        """The invitation with its link, which is told this once."""
        return self._write("invite", "POST", f"{REST}/invitation", json=body).json

    def invitation_link(self, patient_id: str, query: Mapping[str, str]) -> Any:
        """A new link. A GET by name and a change in truth: it ends the link before it, and can send mail. So
        it is sent once, like a change."""
        path = f"{REST}/patients/{self.checked_id(patient_id, 'invite')}/invitation_link"
        return self._write("invite", "GET", path, params=query).json

    def change_invitation(self, invitation_id: str, status: str) -> Any:
        """The invitation after its status was set."""
        path = f"{REST}/invitation/{self.checked_id(invitation_id, 'cancel invitation')}"
        return self._write("cancel invitation", "PATCH", path, json={"status": status}).json

    # --- one request ----------------------------------------------------------------------

    def _write(self, operation: str, method: str, path: str, **kwargs: Any) -> Reply:
        """A change that succeeded. One refused token is renewed: whoever was refused changed nothing."""
        token = self.bearer.current()
        reply = self._send(operation, method, path, token, **kwargs)
        if reply.status == 401:
            try:
                token = self.bearer.renewed(token)
            except errors.IntegrationError as fault:
                fault.outcome_unknown = False  # of the renewal, not of this change
                raise
            reply = self._send(operation, method, path, token, **kwargs)
        if reply.ok and not reply.text_kind:
            return reply
        raise self._write_fault(reply, operation)

    def _send(self, operation: str, method: str, path: str, token: str, **kwargs: Any) -> Reply:
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.ask_once(operation, method, path, headers=headers, **kwargs)

    def _write_fault(self, reply: Reply, operation: str) -> errors.IntegrationError:
        if reply.status == 404 and reply.text_kind:
            return self._fault(reply, operation)  # no such address: nobody was there to change anything
        fault = self.http.write_error(reply, operation)
        if reply.status != 400 or reply.text_kind:
            return fault
        said = outgoing.refusal_from(reply.json)
        if said.conflict:
            return self.http.fault(errors.Conflict, operation, reply=reply, reason=said.conflict)
        return self.http.fault(
            errors.Invalid, operation, reply=reply, reason="status 400", field_errors=said.field_errors
        )

    def _rows(self, operation: str, path: str, filters: Mapping[str, str]) -> Iterator[Any]:
        number: int | None = 1
        while number is not None:
            page = self._page(operation, path, filters, page=number, size=REST_PAGE)
            yield from page.rows
            number = page.next_page if page.rows else None

    def _page(
        self, operation: str, path: str, filters: Mapping[str, str], *, page: int, size: int
    ) -> paging.Page:
        query = {**filters, "page": str(page), "page_size": str(size)}
        try:
            return paging.rest_page(self._read(operation, path, query), page=page)
        except errors.NotFound:
            if page == 1:
                raise
            return paging.Page(rows=(), total=0, next_page=None)  # the list became shorter meanwhile

    def _read(self, operation: str, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON of a reading call; a refused token is renewed once."""
        token = self.bearer.current()
        reply = self._ask(operation, path, params, token)
        if reply.status == 401:
            reply = self._ask(operation, path, params, self.bearer.renewed(token))
        if reply.ok and not reply.text_kind:
            return reply.json
        raise self._fault(reply, operation)

    def _ask(self, operation: str, path: str, params: Mapping[str, str] | None, token: str) -> Reply:
        return self.http.ask(
            operation, "GET", path, params=params, headers={"Authorization": f"Bearer {token}"}
        )

    def _fault(self, reply: Reply, operation: str) -> errors.IntegrationError:
        if reply.status == 404 and reply.text_kind:
            # Missing records answer in JSON. This path is not there any more: another release.
            dialect.forget(self.http.endpoint.url)
            return self.http.fault(errors.ProtocolError, operation, reply=reply, reason=dialect.UNKNOWN_PATH)
        if reply.ok:
            return self.http.fault(errors.ProtocolError, operation, reply=reply, reason=reply.text_kind)
        return self.http.error_for(reply, operation)

    def checked_id(self, value: str, operation: str) -> str:
        """The id, or ``NotFound`` for what JHE would answer by a 500."""
        if not is_id(value):
            raise self.http.fault(errors.NotFound, operation, reason="not a number")
        return value
