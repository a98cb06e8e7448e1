"""What this layer tells those above it."""

from django.dispatch import Signal

#: A person's token for a system was kept. Arguments: ``user``, ``system``.
token_received = Signal()
