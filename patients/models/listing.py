"""The people list: one narrow row a person, in which every filter is a bit."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from .people import Patient


class Place(models.Model):
    """A system, or an organization of one (``organization`` is empty for the system itself).

    ``number`` says which bits of a :class:`ListEntry` speak of it and never changes: systems have
    numbers of their own, organizations share theirs where there are very many (``services.facets``).
    """

    system = models.CharField(max_length=32)
    organization = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200, blank=True)
    number = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["system", "organization"], name="patients_place_once"),
            models.UniqueConstraint(
                fields=["number"], condition=Q(organization=""), name="patients_place_system_number"
            ),
        )

    def __str__(self) -> str:
        return f"{self.system}:{self.organization}"


class ListEntry(models.Model):
    """A person in the people list, as their current records make it (``services.summary``).

    Whoever was joined to another person, or is gone from every system, has no entry; people of
    whom there are test records alone have one that only the filter for test records finds.

    ``sort_name`` is the folded "family given", ``birth`` and ``created`` (the earliest day that a
    system says) are yyyymmdd, 0 for none. ``facets`` and ``places`` are bits (``services.facets``).
    Each index holds all that a page is chosen by, so that even the last page of a million records
    is found without reading the table.
    """

    patient = models.OneToOneField(
        Patient, primary_key=True, on_delete=models.CASCADE, related_name="list_entry"
    )
    sort_name = models.CharField(max_length=80)
    birth = models.PositiveIntegerField()
    created = models.PositiveIntegerField()
    facets = models.BigIntegerField()
    places = models.BigIntegerField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["sort_name", "birth", "patient", "facets", "places", "created"],
                name="patients_entry_by_name",
            ),
            models.Index(
                fields=["birth", "sort_name", "patient", "facets", "places", "created"],
                name="patients_entry_by_birth",
            ),
            models.Index(
                fields=["created", "sort_name", "patient", "facets", "places"],
                name="patients_entry_by_creation",
            ),
            models.Index(
                fields=["facets", "places", "created", "sort_name", "birth", "patient"],
                name="patients_entry_by_facets",
            ),
        ]

    def __str__(self) -> str:
        return f"entry of {self.patient_id}"
