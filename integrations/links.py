"""Links into a system's own screens."""

from __future__ import annotations

from urllib.parse import quote


def console_link(template: str, record_id: str) -> str:
    """The address of one record; empty where no template is set.

    ``template`` is a ``CONSOLE_URL`` setting: with ``{id}`` in it, that place takes the id;
    without, ``/patients/<id>`` is appended.
    """
    if not template or not record_id:
        return ""
    if "{id}" not in template:
        template = template.rstrip("/") + "/patients/{id}"
    return template.replace("{id}", quote(record_id, safe=""))
