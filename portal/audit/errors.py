"""What the trail raises."""


class AuditUnavailable(Exception):
    """Neither the database nor the journal takes the event, so nothing may be shown."""
