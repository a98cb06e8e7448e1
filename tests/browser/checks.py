"""Is a page fit for everybody? Axe with the WCAG rules, and what axe does not look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import Page

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]

# What reaches past the window, except inside something that scrolls or is for screen readers only.
OVERFLOWING = """() => {
  const wide = document.documentElement.clientWidth + 1;
  const scrolls = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
    if (/auto|scroll/.test(getComputedStyle(p).overflowX)) return true; return false; };
  return [...document.querySelectorAll("body *")]
    .filter(e => e.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true}))
    .filter(e => !e.closest(".govuk-visually-hidden, .govuk-skip-link, svg *") && !scrolls(e))
    .filter(e => { const r = e.getBoundingClientRect(); return r.width && (r.right > wide || r.left < -1); })
    .map(e => `${e.tagName.toLowerCase()}.${e.className} ${e.textContent.trim().slice(0, 40)}`);
}"""

# Text that runs out of its block, or that an ancestor cuts off. Boxes of a pixel hide on purpose.
CLIPPED = """() => {
  const found = new Set();
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const hides = e => { for (let p = e; p; p = p.parentElement) {
    const r = p.getBoundingClientRect();
    if (getComputedStyle(p).overflow === "hidden" && (r.width <= 2 || r.height <= 2)) return true;
  } return false; };
  while (words.nextNode()) {
    const text = words.currentNode, parent = text.parentElement;
    if (!text.data.trim() || !parent.checkVisibility({visibilityProperty: true})) continue;
    if (parent.closest("svg, template, meter, .govuk-visually-hidden, .govuk-skip-link")) continue;
    if (hides(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    let block = parent;
    while (getComputedStyle(block).display === "inline") block = block.parentElement;
    for (let e = block; e && e !== document.documentElement; e = e.parentElement) {
      const style = getComputedStyle(e), r = e.getBoundingClientRect();
      const cutsX = e === block || /hidden|clip/.test(style.overflowX);
      const cutsY = /hidden|clip/.test(style.overflowY);
      if (/auto|scroll/.test(style.overflowX + style.overflowY)) break;
      if ((cutsX && (box.right > r.right + 1.5 || box.left < r.left - 1.5))
        || (cutsY && (box.bottom > r.bottom + 3 || box.top < r.top - 3)))
        found.add(`${e.tagName.toLowerCase()}.${e.className} ${text.data.trim().slice(0, 60)}`);
      if (style.position === "fixed") break;
    }
  }
  return [...found];
}"""

# A window that has just got another width is measured once it is laid out and drawn anew.
LAID_OUT = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"

# WCAG 2.5.8: 24 by 24 pixels, inline links in sentences apart.
TOO_SMALL = """() => [...document.querySelectorAll("button, [role=button], input, select, textarea, summary")]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && e.type !== "hidden" && !e.ariaHidden)
  .filter(e => { const r = e.getBoundingClientRect(); return r.width && (r.width < 24 || r.height < 24); })
  .map(e => `${e.tagName.toLowerCase()}.${e.className} ${e.textContent.trim().slice(0, 40)}`)"""

# The element that has the focus: can it be seen, does it show that it has it, and is it covered?
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
    || style.boxShadow !== "none" || e.matches(".govuk-input, .govuk-select");
  const x = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1);
  const covered = [0.15, 0.5, 0.85].every(part => {
    const y = box.top + box.height * part;
    const top = y >= 0 && y < innerHeight && document.elementFromPoint(x, y);
    return !top || !(e.contains(top) || top.contains(e) || top.closest("label")?.control === e);
  });
  const what = `${e.tagName.toLowerCase()}.${e.className} ${e.textContent.trim().slice(0, 40)}`;
  return {what, marked, covered};
}"""


def violations(page: Page) -> list[tuple[str, list[Any]]]:
    """What axe finds: rule and the elements that break it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES)
    return [(found["id"], [node["target"] for node in found["nodes"]]) for found in result["violations"]]


def cut(page: Page) -> list[str]:
    """What reaches past the window, and text that is cut off."""
    page.evaluate(LAID_OUT)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [
        *([f"the page is {wider} px wider than the window"] if wider > 0 else []),
        *(f"past the window: {each}" for each in page.evaluate(OVERFLOWING)),
        *(f"cut off: {each}" for each in page.evaluate(CLIPPED)),
    ]


def barriers(page: Page) -> list[Any]:
    """Everything that keeps somebody out at this width: axe's findings, what is cut, what is too small."""
    return [*cut(page), *(f"too small: {each}" for each in page.evaluate(TOO_SMALL)), *violations(page)]


def focus_stops(page: Page) -> list[str]:
    """Tab through the whole page. Raises ``AssertionError`` at a stop that does not show the focus or
    lies under something else; returns the stops."""
    stops: list[str] = []
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0) }")
    for _ in range(200):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            break
        assert focused["marked"], f"focus is not visible on {focused['what']}"
        assert not focused["covered"], f"focus is hidden on {focused['what']}"
        stops.append(focused["what"])
    return stops
