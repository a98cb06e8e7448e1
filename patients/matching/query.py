"""The one look-up box: what was typed, understood piece by piece and read back as tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from integrations.types import SearchQuery, Term

from . import tags
from .dates import is_year
from .labels import Label, Stretch, claim_labels, stretch_at
from .lines import CLAIMED, Line, Piece, Role
from .name_runs import NameRun, find_name_runs
from .number_runs import RUN, split_run
from .scans import find_scan, kind_of_code
from .study_numbers import find_study_numbers
from .tags import NO_IDS, Conventions, Tag
from .typed_dates import find_dates_in_words, find_loose_dates

LONGEST_LINE = 500

_EMAIL = re.compile(r"[^\s,;:<>()\[\]{}\"'|@\0]+@[^\s,;:<>()\[\]{}\"'|@\0]+")
_UUID = re.compile(r"(?<![\w-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])", re.IGNORECASE)
_PREFIXED_ID = re.compile(r"(?<![\w-])[a-z]{2,8}_[A-Za-z0-9][\w-]{2,80}", re.ASCII)
_LABELLED_ID = re.compile(r"[#\w-]*\d[\w-]*", re.ASCII)
_POSTCODE = re.compile(
    r"(?<![\w-])(?:[a-z]{1,2}\d[a-z\d]? {0,2}\d[a-z]{2}|bfpo ?\d{1,4}|gir ?0aa)(?![\w-])",
    re.IGNORECASE | re.ASCII,
)
_OUTWARD = re.compile(r"(?<![\w-])[a-z]{1,2}\d{1,2}[a-z]?(?![\w@-])", re.IGNORECASE | re.ASCII)
_WORD = re.compile(r"[^\s\0]+")
_NAME_LABELS = frozenset({Label.NAME, Label.GIVEN, Label.FAMILY})
_STREET = re.compile(
    r"(?<![\w/.-])(?:(?:flat|apartment|unit) \w{1,4},? )?\d{1,4}[a-z]?,? (?:[^\W\d_][\w'.-]* ){1,4}?"
    r"(?:street|st|road|rd|lane|ln|avenue|ave|close|drive|way|court|gardens|place|terrace|crescent|square|grove|hill)"
    r"(?!\w)\.?",
    re.IGNORECASE,
)
_TOWN = re.compile(r"[^\d\0;|:\n]{0,60}")
_ADDRESS_REASON = "Of an address only the postcode is looked up."
_SEXES = {("F",), ("M",)}  # after the birth date of a label
_NOT_BY_THIS = "People are not looked up by this."
_BAND_REASON = "Of a wristband's code the NHS number is looked up."
_TOO_LONG = f"Only the first {LONGEST_LINE} characters were read."


@dataclass(frozen=True, slots=True)
class Leftover:
    """A stretch that is not searched for, and why."""

    typed: str = field(repr=False)
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What a line, or corrected fields, were understood to mean.

    ``tags`` are in the order of typing. ``pieces`` cut the typed text into tags, labels,
    leftovers and separators; joined they are the text again (empty for fields).
    ``field_errors`` maps the name of a field of ``typed_fields.TypedFields`` to one sentence.
    """

    tags: tuple[Tag, ...] = field(default=(), repr=False)
    leftovers: tuple[Leftover, ...] = field(default=(), repr=False)
    pieces: tuple[Piece, ...] = field(default=(), repr=False)
    message: str = ""
    field_errors: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_searchable(self) -> bool:
        """Whether anything is left to look for."""
        return any(tag.used for tag in self.tags)

    def to_query(self) -> SearchQuery:
        """The query to put to the systems; what could not be read is not in it."""
        used = {kind: [tag for tag in self.tags if tag.used and tag.kind is kind] for kind in Term}
        values = {kind: found[0].value if found else "" for kind, found in used.items()}
        names = used[Term.NAME]
        born = used[Term.BIRTH_DATE]
        record = used[Term.RECORD_ID]
        return SearchQuery(
            words=tuple(word for tag in names for word in tag.words),
            given_name=" ".join(tag.given_name for tag in names if tag.given_name),
            family_name=" ".join(tag.family_name for tag in names if tag.family_name),
            birth_dates=born[0].dates if born else (),
            nhs_number=values[Term.NHS_NUMBER],
            email=values[Term.EMAIL],
            phone=values[Term.PHONE],
            postcode=values[Term.POSTCODE],
            record_id=values[Term.RECORD_ID],
            record_system=record[0].system if record else "",
            study_number=values[Term.STUDY_NUMBER],
        )


def understand(
    text: str, *, date_order: str, country: str, today: date, id_patterns: Mapping[str, str] = NO_IDS
) -> Understood:
    """Understand a typed or pasted line; never raises, whatever is typed.

    The parameters are those of :class:`patients.matching.tags.Conventions`.
    """
    conventions = Conventions(date_order=date_order, country=country, today=today, id_patterns=id_patterns)
    reader = _Reader(text[:LONGEST_LINE], conventions)
    reader.read()
    pieces, leftovers = reader.line.pieces(), reader.leftovers_in_order()
    if beyond := text[LONGEST_LINE:]:
        pieces += (Piece(Role.LEFTOVER, beyond),)
        leftovers += (Leftover(beyond, _TOO_LONG),)
    return Understood(
        tags=_one_of_each(reader.tags_in_order()),
        leftovers=leftovers,
        pieces=pieces,
        message=_TOO_LONG if beyond else "",
    )


class _Reader:
    """Reads one line: finders claim what they know, the surest first."""

    def __init__(self, text: str, conventions: Conventions) -> None:
        self.line = Line(text)
        self._conventions = conventions
        self._stretches: tuple[Stretch, ...] = ()
        self._tags: list[tuple[int, Tag]] = []
        self._leftovers: list[tuple[int, Leftover]] = []

    def tags_in_order(self) -> list[Tag]:
        return [tag for _, tag in sorted(self._tags, key=lambda found: found[0])]

    def leftovers_in_order(self) -> tuple[Leftover, ...]:
        return tuple(leftover for _, leftover in sorted(self._leftovers, key=lambda found: found[0]))

    def read(self) -> None:
        self._scan()
        self._emails()
        self._stretches = claim_labels(self.line)
        self._records()
        self._set_aside_other_labels()
        self._dates_in_words(loose=False)
        self._dates_in_words(loose=True)
        self._postcodes()
        self._addresses()
        self._study_numbers()
        self._number_runs()
        self._outward_postcodes()
        self._names()
        for match in _WORD.finditer(self.line.rest):
            if any(character.isalnum() for character in match[0]):
                self._leave(match.start(), match.end(), "Not understood.")

    def _label(self, position: int) -> Label | None:
        stretch = stretch_at(self._stretches, position)
        return stretch.label if stretch else None

    def _tag(self, start: int, end: int, tag: Tag) -> None:
        typed = self.line.claim(start, end, Role.TAG)
        self._tags.append((start, replace(tag, typed=typed)))

    def _leave(self, start: int, end: int, reason: str) -> None:
        typed = self.line.claim(start, end, Role.LEFTOVER)
        self._leftovers.append((start, Leftover(typed, reason)))

    def _scan(self) -> None:
        """What a scanner typed: of a wristband's code nothing but the NHS number is looked up."""
        if mark := kind_of_code(self.line.rest):
            self.line.claim(*mark, Role.LABEL)
        scan = find_scan(self.line.rest.replace(CLAIMED, " "))
        if scan is None:
            return
        self._tag(scan.start, scan.end, tags.nhs_tag(self.line.plain[scan.start : scan.end]))
        for match in _WORD.finditer(self.line.rest):
            if scan.is_band:
                self._leave(*match.span(), _BAND_REASON)
            elif match[0].isalpha():
                self.line.claim(*match.span(), Role.LABEL)

    def _emails(self) -> None:
        for match in _EMAIL.finditer(self.line.rest):
            address = match[0].rstrip(".!?")
            start, end = match.start(), match.start() + len(address)
            if not address.endswith("@"):
                self._tag(start, end, tags.email_tag(address))

    def _records(self) -> None:
        systems = "|".join(map(re.escape, self._conventions.id_patterns))
        if systems:
            for match in re.finditer(
                rf"(?<!\w)({systems})\s?:\s?([\w-]{{1,80}})", self.line.rest, re.IGNORECASE
            ):
                value, system = match[2], match[1].lower()
                self._tag(*match.span(), tags.record_tag(match[0], value=value, system=system))
            for match in re.finditer(
                rf"(?<!\w)({systems})\s+([\w-]*\d[\w-]*)", self.line.rest, re.IGNORECASE
            ):
                value, system = match[2], match[1].lower()
                if self._conventions.system_of(value) == system:
                    self._tag(*match.span(), tags.record_tag(match[0], value=value, system=system))
        for pattern in (_UUID, _PREFIXED_ID):
            for match in pattern.finditer(self.line.rest):
                self._record(*match.span(), match[0])
        for stretch in self._stretches:
            if stretch.label is Label.RECORD:
                match_or_none = _LABELLED_ID.match(self.line.rest[: stretch.end], stretch.start)
                if match_or_none:
                    self._record(*match_or_none.span(), match_or_none[0].lstrip("#"))

    def _record(self, start: int, end: int, value: str) -> None:
        system = self._conventions.system_of(value)
        self._tag(start, end, tags.record_tag(value, value=value, system=system))

    def _set_aside_other_labels(self) -> None:
        for stretch in self._stretches:
            if stretch.label is not Label.OTHER:
                continue
            for match in _WORD.finditer(self.line.rest[: stretch.end], stretch.start):
                self._leave(match.start(), match.end(), _NOT_BY_THIS)

    def _dates_in_words(self, *, loose: bool) -> None:
        find = find_loose_dates if loose else find_dates_in_words
        for match in list(find(self.line.rest)):
            if CLAIMED in self.line.rest[match.start() : match.end()]:
                continue
            reading = self._conventions.read_date(match[0])
            if reading.dates or not loose:
                self._tag(*match.span(), tags.birth_date_tag(match[0], reading))

    def _postcodes(self) -> None:
        for match in _POSTCODE.finditer(self.line.rest):
            self._tag(*match.span(), tags.postcode_tag(match[0]))
        for stretch in self._stretches:
            rest = self.line.rest[stretch.start : stretch.end]
            found = re.match(r"\s*([\w-]*\d[\w-]*)", rest)
            if stretch.label is Label.POSTCODE and found:
                start = stretch.start + found.start(1)
                self._tag(start, stretch.start + found.end(1), tags.postcode_tag(found[1]))

    def _addresses(self) -> None:
        """Set house number and street aside, and the town where the postcode follows at once."""
        ends = [at for at, tag in self._tags if tag.kind is Term.POSTCODE]
        for match in _STREET.finditer(self.line.rest):
            start, end = match.span()
            if self.line.rest[:start].rstrip(" .-/()")[-1:].isdigit():
                continue  # the end of a longer number, before a person called Hill
            between = ((at, self.line.rest[end:at]) for at in ends if at > end)
            end = next((at for at, gap in between if _TOWN.fullmatch(gap)), end)
            typed = self.line.rest[start:end].rstrip(" ,.")
            self._leave(start, start + len(typed), _ADDRESS_REASON)

    def _study_numbers(self) -> None:
        for match in list(find_study_numbers(self.line.rest)):
            if self._label(match.start()) is None:
                self._tag(*match.span(), tags.study_tag(match[0]))

    def _outward_postcodes(self) -> None:
        for match in _OUTWARD.finditer(self.line.rest):
            if self._label(match.start()) is not Label.ADDRESS:
                self._tag(*match.span(), tags.postcode_tag(match[0]))

    def _number_runs(self) -> None:
        for match in RUN.finditer(self.line.rest):
            label = self._label(match.start())
            for part in split_run(match[0], match.start(), label, self._conventions):
                if part.tag and (label is not Label.ADDRESS or len(part.tag.value) >= 10 or part.tag.dates):
                    self._tag(part.start, part.end, part.tag)
                else:
                    self._leave(part.start, part.end, self._reason_for_number(part.start, part.end))

    def _reason_for_number(self, start: int, end: int) -> str:
        digits = self.line.plain[start:end].strip("+(")
        if self._label(start) is Label.ADDRESS:
            return _ADDRESS_REASON
        if digits.isdigit() and is_year(digits, self._conventions.today):
            return "A year alone is not looked up: type the whole birth date."
        return "Neither a date, an NHS number, a phone number nor a record number."

    def _names(self) -> None:
        runs = list(find_name_runs(self.line.rest, self._stretches))
        only = len([run for run in runs if not run.reason]) == 1
        for run in runs:
            reason = run.reason or self._reason_for_words(run.start)
            if not only and run.words in _SEXES:
                reason = _NOT_BY_THIS
            if reason:
                self._leave(run.start, run.end, reason)
            else:
                self._tag(run.start, run.end, _name_of(run, self._label(run.start)))

    def _reason_for_words(self, start: int) -> str:
        """Why words are no name where a label says that something else stands here ("DOB: unknown")."""
        stretch = stretch_at(self._stretches, start)
        if stretch is None or stretch.label in _NAME_LABELS:
            return ""
        if stretch.label is Label.ADDRESS:
            return _ADDRESS_REASON
        answered = any(stretch.start <= at < start for at, _ in self._tags)
        return "" if answered else f"Not readable as {stretch.label.value}."


def _name_of(run: NameRun, label: Label | None) -> Tag:
    if label is Label.GIVEN:
        return tags.name_tag("", given=run.words)
    if label is Label.FAMILY:
        return tags.name_tag("", family=run.words)
    return tags.read_name("", run.before, run.after)


def _one_of_each(found: list[Tag]) -> tuple[Tag, ...]:
    """Set a second NHS number, birth date … aside: a person has one, and the first is looked up."""
    seen: set[Term] = set()
    kept = []
    for tag in found:
        if tag.used and tag.kind is not Term.NAME:
            if tag.kind in seen:
                tag = tag.set_aside("There is one of this kind already: only the first is looked up.")
            seen.add(tag.kind)
        kept.append(tag)
    return tuple(kept)
