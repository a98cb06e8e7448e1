"""Forms of pages, filled and sent as a browser without scripts does."""

from __future__ import annotations

from typing import Any

from .support import Node


def fields_of(page: Node, action: str = "") -> dict[str, Any]:
    """What a form of a page holds, as a browser would send it; the first that goes to ``action``."""
    form, *_ = [
        each
        for each in page.every(lambda node: node.tag == "form")
        if not action or each.attributes.get("action", "").endswith(action)
    ]
    sent: dict[str, Any] = {}
    for node in form.every(lambda node: node.tag in {"input", "textarea", "select"}):
        name, kind = node.attributes.get("name"), node.attributes.get("type", "text")
        if not name or name == "csrfmiddlewaretoken":
            continue
        if kind in {"checkbox", "radio"}:
            if "checked" in node.attributes:
                sent.setdefault(name, []).append(node.attributes.get("value", "on"))
        elif node.tag == "select":
            sent[name] = _chosen(node)
        else:
            sent[name] = node.text if node.tag == "textarea" else node.attributes.get("value", "")
    return sent


def _chosen(select: Node) -> str:
    options = list(select.every(lambda one: one.tag == "option"))
    chosen = [each for each in options if "selected" in each.attributes] or options
    return chosen[0].attributes.get("value", "") if chosen else ""
