"""What organizations say to people whom they invite, in their own words."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .listing import Place


class Wording(models.Model):
    """An organization's own text of a letter or an e-mail, in one language; without a row the portal's
    stands (``services.studies.wordings``). ``text`` has placeholders and names nobody."""

    class Use(models.TextChoices):
        """What the text is for."""

        LETTER = "letter", "Letter"
        EMAIL = "email", "E-mail"

    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="wordings")
    use = models.CharField(max_length=16, choices=Use.choices)
    language = models.CharField(max_length=16)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["place", "use", "language"], name="patients_wording_once"),
        )

    def __str__(self) -> str:
        return f"{self.use} in {self.language} of {self.place}"
