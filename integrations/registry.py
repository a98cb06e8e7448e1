"""The only place that knows which adapters exist: ``settings.SYSTEMS``, in order of display."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from .abilities import Capability, System
from .types import NOBODY, Caller


def system_names() -> list[str]:
    """The names of all systems this portal is set up for, in order of display."""
    return list(settings.SYSTEMS)


def system_class(name: str) -> type[System]:
    """The adapter class of a system. Raises ``KeyError`` for a name that is not set up."""
    adapter: type[System] = import_string(settings.SYSTEMS[name]["ADAPTER"])
    return adapter


def get_system(name: str, caller: Caller = NOBODY) -> System:
    """An adapter that works for ``caller``. Cheap: make one for each piece of work."""
    return system_class(name)(caller)


def label_of(name: str) -> str:
    """How a system is called on pages; the name itself where it is not set up any more."""
    return system_class(name).label if name in settings.SYSTEMS else name


def systems_with(capability: Capability) -> list[str]:
    """The names of the systems that offer a capability, in order of display."""
    return [name for name in system_names() if capability in system_class(name).capabilities]
