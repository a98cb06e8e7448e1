"""The four kinds of refusal that JHE gives, and its HTML pages.

REST errors are JSON in three forms (an object with ``detail``, an array of sentences, an object
by field), FHIR errors are an OperationOutcome, and whatever the real server does not expect is
an HTML page with status 500. ``integrations/jhe/README.md`` lists which mistake gets which.
"""

from __future__ import annotations

from typing import Any

from flask import Response

HTML = "text/html; charset=utf-8"


class Refused(Exception):
    """An answer other than success that the real server gives in JSON.

    ``body`` is the REST form; ``diagnostics`` the text that FHIR puts into its OperationOutcome.
    """

    def __init__(self, status: int, body: Any, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"refused with {status}")
        self.status = status
        self.body = body
        self.headers = headers or {}

    @property
    def diagnostics(self) -> str:
        """The text of the refusal as FHIR shows it: lists appear in the framework's own notation."""
        if isinstance(self.body, dict) and "detail" in self.body:
            return str(self.body["detail"])
        details = ", ".join(f"ErrorDetail(string={text!r}, code='invalid')" for text in self.body)
        return f"[{details}]"


class Crashed(Exception):
    """The real server fails here with an HTML page and status 500."""


def denied(text: str = "You do not have permission to perform this action.") -> Refused:
    """403 with a sentence."""
    return Refused(403, {"detail": text})


def missing(kind: str) -> Refused:
    """404 for a record that is not there; ``kind`` is the server's own word for it."""
    return Refused(404, {"detail": f"No {kind} matches the given query."})


def sentences(*texts: str) -> Refused:
    """400 whose body is an array of sentences."""
    return Refused(400, list(texts))


def operation_outcome(refused: Refused) -> dict[str, Any]:
    """The FHIR form of a refusal."""
    issue = {"severity": "error", "code": "processing", "diagnostics": refused.diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


_PAGES = {
    400: ("Bad Request (400)", ""),
    403: ("403 Forbidden", "CSRF verification failed. Request aborted."),
    404: ("Not Found", "The requested resource was not found on this server."),
    500: ("Server Error (500)", ""),
}


def html_page(status: int) -> Response:
    """The bare HTML page that stands for a status."""
    title, text = _PAGES[status]
    body = (
        f'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>{title}</title>\n</head>\n'
        f"<body>\n  <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
    )
    return Response(body, status=status, content_type=HTML)


def number(value: Any) -> int:
    """A number out of a path, query or body; anything else makes the real server fail."""
    try:
        return int(value)
    except (ValueError, TypeError) as error:
        raise Crashed from error
