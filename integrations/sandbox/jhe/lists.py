"""How REST lists are answered: the envelope, and the caller's selection that some lists overwrite."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .calls import Call, Row, full_url
from .errors import Crashed, Refused, number
from .paging import envelope, older_paged, paged
from .records import practitioner

Shape = Callable[[Row], Row]


def plain_list(call: Call, rows: Sequence[Row], shape: Shape, *, fixed: int = 0) -> Row:
    """A paged list. The 2025-10 server answers 404 where it finds nothing at all."""
    if call.older and not rows:
        raise Refused(404, {"detail": "No results found"})
    page = paged(rows, full_url(), page=call.query.get("page"), size=call.query.get("page_size"), fixed=fixed)
    return envelope(page, [shape(row) for row in page.rows])


def console_list(call: Call, rows: Sequence[Row], shape: Shape, *, forgets_study: bool = True) -> Row:
    """A list that the web console uses, which on the current server has a side effect.

    The filters ``organization_id`` and ``study_id`` become the caller's selection in the
    console; without ``study_id`` the selected study is forgotten where ``forgets_study``.
    """
    if call.older:
        page = older_paged(rows, full_url(), call.query)
        return envelope(page, [shape(row) for row in page.rows])
    reply = plain_list(call, rows, shape)
    worker = practitioner(call.data, call.user)
    if worker is not None:
        _select(worker["settings"], call.query, forgets_study=forgets_study)
    return reply


def _select(settings: dict[str, int], query: dict[str, str], *, forgets_study: bool) -> None:
    if query.get("organization_id"):
        settings["current_organization_id"] = int(query["organization_id"])
    if query.get("study_id"):
        settings["current_study_id"] = int(query["study_id"])
    elif forgets_study:
        settings.pop("current_study_id", None)


def filters(call: Call, *names: str, texts: tuple[str, ...] = ()) -> dict[str, int]:
    """The numeric filters among ``names`` that were given; an empty one counts as not given.

    Not a number → the real server fails. On the 2025-10 server any parameter but those, paging
    and ``texts`` makes it fail, too, and so does a caller who is no practitioner.
    """
    query = call.query
    if call.older:
        known = {"page", "page_size", *names, *texts}
        if set(query) - known or practitioner(call.data, call.user) is None:
            raise Crashed
    return {name: number(query[name]) for name in names if query.get(name)}
