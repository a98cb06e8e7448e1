"""The fields that records are compared by: their names, labels and order, once for everybody."""

from __future__ import annotations

from enum import StrEnum


class Field(StrEnum):
    """One thing that two records can agree or differ in, in the order in which pages show them.

    ``NAME`` is the whole name, where it is not known which part a word is.
    """

    NAME = "name"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    MIDDLE_NAME = "middle_name"
    PREFERRED_NAME = "preferred_name"
    TITLE = "title"
    BIRTH_DATE = "birth_date"
    SEX = "sex"
    GENDER = "gender"
    NHS_NUMBER = "nhs_number"
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    POSTCODE = "postcode"
    RECORD_ID = "record_id"

    @property
    def label(self) -> str:
        """How pages and sentences call the field, in lower case where English allows."""
        return _LABELS[self]

    @property
    def heading(self) -> str:
        """The label where a line begins with it."""
        return self.label[:1].upper() + self.label[1:]

    @property
    def position(self) -> int:
        """Where the field stands in the order of display, from 0."""
        return _POSITIONS[self]


_LABELS = {
    Field.NAME: "name",
    Field.FAMILY_NAME: "family name",
    Field.GIVEN_NAME: "given name",
    Field.MIDDLE_NAME: "middle name",
    Field.PREFERRED_NAME: "preferred name",
    Field.TITLE: "title",
    Field.BIRTH_DATE: "birth date",
    Field.SEX: "sex",
    Field.GENDER: "gender",
    Field.NHS_NUMBER: "NHS number",
    Field.EMAIL: "e-mail",
    Field.PHONE: "phone",
    Field.ADDRESS: "address",
    Field.POSTCODE: "postcode",
    Field.RECORD_ID: "record number",
}
_POSITIONS = {field: position for position, field in enumerate(Field)}
