"""Reading studies: what one asks for, and what its people sent (README.md §14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from integrations import errors
from integrations.parallel import side_by_side
from integrations.studies import App, Scope, Seen, StudyPlan
from integrations.types import Study

from . import sight, study_mapping
from .client import FHIR_PAGE, REST_PAGE, JheClient
from .counting import GROUP, NOBODYS, OBSERVATION
from .dialect import NEW_FHIR, UNKNOWN_PATH, Dialect
from .mapping import LABEL, NAME
from .records import array, result_of

OPERATION = "observations of a study"


class Studies:
    """The studies of one caller's organizations."""

    def __init__(self, client: JheClient, dialect: Callable[[], Dialect]) -> None:
        self.client = client
        self._dialect = dialect

    # --- what a study asks for --------------------------------------------------------------

    def plan(self, study_id: str, organization_id: str) -> StudyPlan:
        """All that one study asks for, read side by side once it is known to be the organization's."""
        study = self._study(study_id, organization_id, "study plan")
        work: list[Callable[[], Any]] = [
            partial(self._scopes, study.id),
            partial(self._apps, study.id),
            partial(self.client.study_data_sources, study.id),
        ]
        scopes, apps, sources = (
            result_of(each) for each in side_by_side(lambda each: each(), work, pool=NAME)
        )
        rows = array(self.client, sources, "study data sources")
        return StudyPlan(
            study=study,
            scopes=scopes,
            apps=apps,
            data_sources=tuple(map(study_mapping.data_source_from, rows)),
        )

    def of_own_people(self, study_id: str, organization_id: str, operation: str) -> Study:
        """A study whose people the caller is told of at this moment; else ``Forbidden``."""
        organization = sight.shared_organization_of(self.client, organization_id, operation)
        return sight.study_of(self.client, study_id, organization, operation)

    def _study(self, study_id: str, organization_id: str, operation: str) -> Study:
        organization = sight.organization_of(self.client, organization_id, operation)
        return sight.study_of(self.client, study_id, organization, operation)

    def _scopes(self, study_id: str) -> tuple[Scope, ...]:
        rows = array(self.client, self.client.study_scope_requests(study_id), "study scope requests")
        return tuple(map(study_mapping.scope_from, rows))

    def _apps(self, study_id: str) -> tuple[App, ...]:
        """The study's apps; whether an invitation leads to one is told by another list."""
        if self._dialect().invitations == "link":
            return ()
        try:
            rows = array(self.client, self.client.study_clients(study_id), "study clients")
        except errors.ProtocolError as fault:
            if fault.reason == UNKNOWN_PATH and self._dialect().invitations != "client":
                return ()  # servers of early 2026 know apps, not necessarily those of a study
            raise
        apps = {each.id: each for each in map(study_mapping.app_from, self.client.clients())}
        named = [study_mapping.app_of_study(row) for row in rows]
        return tuple(apps.get(each.id, each) for each in named)

    # --- what its people sent ---------------------------------------------------------------

    def observations(
        self, study_id: str, organization_id: str, since: datetime | None, resume: str
    ) -> Iterator[Seen]:
        """What was stored after a moment, each once. Who may not see it is refused at once."""
        study = self.of_own_people(study_id, organization_id, OPERATION)
        dialect = self._dialect()
        if dialect.fhir_base == NEW_FHIR:
            self._prove()
            return self._by_search(study.id, since, resume)
        if dialect.lists_freely:
            return self._by_list(study.id, organization_id, self._scopes(study.id), since, resume)
        raise self.client.http.fault(
            errors.Unsupported,
            OPERATION,
            for_staff=f"This version of {LABEL} cannot tell what a study was sent without side effects.",
            next_step="Ask your administrator to bring it up to date.",
        )

    def _prove(self) -> None:
        """Raise ``ProtocolError`` unless a search is cut down to the study: JHE refuses one that nobody has,
        and would show everybody's to who ignores it."""
        try:
            self.client.fhir_page(NEW_FHIR, OBSERVATION, {GROUP: NOBODYS}, count=1)
        except (errors.Forbidden, errors.NotFound, errors.Invalid):
            return
        raise self._malformed("not narrowed")

    def _by_search(self, study_id: str, since: datetime | None, resume: str) -> Iterator[Seen]:
        """In the order of storing. Each page begins at the last moment seen: what vanishes meanwhile moves
        the others to earlier pages, and page numbers would skip some."""
        page, mark = _place_in(resume) if resume else (1, since)
        word, seen = "ge" if resume else "gt", set[str]()
        while True:
            place = f"{page} {mark.isoformat()}" if mark and word == "ge" else ""
            query = {GROUP: study_id} | ({"_lastUpdated": f"{word}{_instant(mark)}"} if mark else {})
            try:
                found = self.client.fhir_page(NEW_FHIR, OBSERVATION, query, page=page, count=FHIR_PAGE)
            except errors.NotFound:
                if page == 1:
                    raise
                return  # fewer meanwhile
            last = mark
            for row in found.rows:
                number, each = study_mapping.seen_from_fhir(row)
                if each.at is None or (last is not None and each.at < last):
                    raise self._malformed("not in order of storing")
                if each.at != last:
                    seen.clear()  # nothing from before this moment comes again
                last = each.at
                if number not in seen and (since is None or each.at > since):
                    seen.add(number)
                    yield replace(each, resume=place)
            if found.next_page is None or not found.rows:
                return
            page = found.next_page if last == mark else 1
            mark, word = last, "ge"

    def _by_list(
        self,
        study_id: str,
        organization_id: str,
        scopes: tuple[Scope, ...],
        since: datetime | None,
        resume: str,
    ) -> Iterator[Seen]:
        """Newest first, up to the moment. The older list shows all that these people sent: what the study
        does not ask for is left out here. What arrives meanwhile pushes others to the next page."""
        asked = {each.key for each in scopes}
        query = {"organization_id": organization_id, "study_id": study_id}
        seen: set[str] = set()
        number: int | None = int(resume or 1)
        while number is not None:
            before, seen = seen, set()
            found = self.client.observations_page(query, page=number, size=REST_PAGE)
            for row in found.rows:
                key, each = study_mapping.seen_from_rest(row)
                if since is not None and each.at is not None and each.at <= since:
                    return
                seen.add(key)
                if key not in before and each.scope in asked:
                    yield replace(each, resume=str(number))
            number = found.next_page if found.rows else None

    def _malformed(self, reason: str) -> errors.IntegrationError:
        return self.client.http.fault(errors.ProtocolError, OPERATION, reason=reason)


def _place_in(resume: str) -> tuple[int, datetime]:
    """Page and moment of :attr:`Seen.resume`."""
    page, _, moment = resume.partition(" ")
    return int(page), datetime.fromisoformat(moment)


def _instant(moment: datetime) -> str:
    """As FHIR search takes it; an instant without an offset would be read as the server's own."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
