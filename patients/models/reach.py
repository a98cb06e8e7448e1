"""What a person's roles in other systems reach, as last told; shared by all processes."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class OwnRoles(models.Model):
    """The organizations of one system in which a member of staff held a role at a moment; ``writable`` are
    those of them where that role may change people. ``told`` says of each by its id what the system calls
    the role, and the names of the organizations that it is part of (``services.visibility.Standing``)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    system = models.CharField(max_length=32)
    organizations = models.JSONField(default=list)
    writable = models.JSONField(default=list)
    told = models.JSONField(default=dict)
    read_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "system"], name="patients_own_roles_once"),)

    def __str__(self) -> str:
        return f"roles of account {self.user_id} in {self.system}"
