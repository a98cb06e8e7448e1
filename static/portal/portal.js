// What pages do beyond HTML and htmx. Every page works without this file.
"use strict";

(() => {
  const EDITABLE = "input, textarea, select, [contenteditable]";
  const KEY_SETTING = "portal.lookup-key"; // a preference of this browser, nothing about anybody

  document.documentElement.classList.add("portal-scripted");
  // htmx notes the page's address for a history of its own, which is turned off: nothing is to stay here.
  const forgetPath = () => sessionStorage.removeItem("htmx-current-path-for-history");
  forgetPath();
  document.addEventListener("htmx:pushedIntoHistory", forgetPath);
  document.addEventListener("htmx:replacedInHistory", forgetPath);

  // --- "/" goes to the look-up -------------------------------------------------------------
  // A shortcut of one character must not take keys from somebody who types or dictates, and it
  // can be turned off (WCAG 2.1.4).

  const keyIsOn = () => localStorage.getItem(KEY_SETTING) !== "off";

  function lookupField() {
    return document.querySelector(".portal-ask__row input") || document.querySelector("[data-portal-lookup]");
  }

  document.addEventListener("keydown", (event) => {
    const plain = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!plain || event.isComposing || event.target.closest(EDITABLE) || !keyIsOn()) return;
    if (document.querySelector("dialog[open]")) return;
    const field = lookupField();
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  // --- A scanner types a code ------------------------------------------------------------------
  // Scanners end with Enter or with Tab. Tab right after keys that no hand strikes so fast means Enter.

  const HAND_MS = 40; // between two keys of the fastest hands
  const FEWEST_KEYS = 8;
  let struck = { count: 0, at: 0 };
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("[data-portal-lookup]");
    if (!field || event.repeat || event.isComposing) return;
    const isFast = event.timeStamp - struck.at < HAND_MS;
    if (event.key === "Tab" && !event.shiftKey && isFast && struck.count >= FEWEST_KEYS) {
      event.preventDefault();
      field.form.requestSubmit();
    }
    struck = { count: isFast && event.key.length === 1 ? struck.count + 1 : 1, at: event.timeStamp };
  });

  function showKeySetting(button) {
    button.querySelector("[data-portal-key-state]").textContent = keyIsOn() ? "on" : "off";
    document.documentElement.classList.toggle("portal-keyless", !keyIsOn());
  }

  // --- Components inside a page or inside a part that was swapped in ------------------------

  function start(root) {
    root.querySelectorAll("[data-portal-key]").forEach(showKeySetting);
    const summary = root.querySelector("[data-portal-error-summary]");
    if (summary) summary.focus();
    return Boolean(summary);
  }

  /** The page that is nothing but the look-up starts in its box. */
  function startPage() {
    if (!start(document) && !location.hash) document.querySelector(".portal-ask__row input")?.focus();
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.target;
    if (!target || !target.isConnected || start(target)) return;
    target.querySelector("[autofocus]")?.focus();
  });

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    document.querySelectorAll("[data-portal-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const show = on("[data-portal-show]");
    if (show) togglePassword(show);
    const take = on("[data-portal-take]");
    if (take) takeSuggestion(event, take);
    if (on("[data-portal-print]")) window.print();
    const copy = on("[data-portal-copy]");
    if (copy) copyText(copy);
    const tick = on("[data-portal-tick-all]");
    if (tick) tickAll(event, tick);
    const key = on("[data-portal-key]");
    if (key) {
      localStorage.setItem(KEY_SETTING, keyIsOn() ? "off" : "on");
      showKeySetting(key);
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest("[data-portal-menu][open]");
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest("[data-portal-menu][open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });

  // What is kept while somebody types may arrive in another order than it was sent: each turn is counted.
  document.addEventListener("input", (event) => {
    const turn = event.target.form?.elements.turn;
    if (turn) turn.value = Number(turn.value) + 1;
  });

  // An error above a field goes once what is said below it is of what stands there by now.
  document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
    const said = fragment.querySelector?.("[data-portal-said-below]") ?? fragment;
    if (!said.matches?.("[data-portal-said-below]")) return;
    const entry = target.closest(".portal-entry");
    entry?.querySelectorAll(".govuk-error-message").forEach((old) => old.remove());
    entry?.querySelectorAll('[class*="--error"]').forEach((each) => {
      each.classList.remove(...[...each.classList].filter((name) => name.endsWith("--error")));
      each.removeAttribute("aria-invalid");
    });
  });

  // What is suggested below a field goes into the form in place; without this file the server does it.
  function takeSuggestion(event, button) {
    event.preventDefault();
    const values = Object.entries(JSON.parse(button.dataset.portalTake));
    const fields = button.form.elements;
    const [field] = values.map(([name]) => fields[name]).filter(Boolean);
    if (!field) return;
    for (const [name, text] of values) if (fields[name]) fields[name].value = text;
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // What is copied stays in the clipboard alone; a live region beside the button says that it is there.
  async function copyText(button) {
    const field = document.getElementById(button.dataset.portalCopy);
    const said = button.closest(".govuk-form-group")?.parentElement.querySelector("[data-portal-copied]");
    field.focus();
    field.select();
    const done = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
    const words = done || document.execCommand("copy") ? "Copied" : "Not copied: press Ctrl and C";
    button.focus();
    if (!said) return;
    said.textContent = ""; // so that the same words are said again
    requestAnimationFrame(() => (said.textContent = words));
  }

  function tickAll(event, button) {
    event.preventDefault();
    for (const box of button.form.querySelectorAll("input[name=tick]")) box.checked = true;
  }

  function togglePassword(button) {
    const field = document.getElementById(button.dataset.portalShow);
    const hidden = field.type === "password";
    field.type = hidden ? "text" : "password";
    button.setAttribute("aria-pressed", String(hidden));
    button.firstChild.textContent = hidden ? "Hide" : "Show";
  }

  // A second press on a button that does something once is taken for an impatient one.
  document.addEventListener("submit", (event) => {
    const button = event.submitter?.closest("[data-portal-once]");
    if (!button) return;
    if (button.dataset.portalSent) event.preventDefault();
    button.dataset.portalSent = "yes";
    setTimeout(() => delete button.dataset.portalSent, 5000);
  });

  // --- Answers of several systems ------------------------------------------------------------
  // Panels answer in any order; a list that knows fewer answers than the one shown is older.

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const incoming = fragment.dataset?.answers ?? fragment.querySelector?.("[data-answers]")?.dataset.answers;
    if (incoming === undefined) return;
    if (Number(incoming) < Number(target.dataset.answers || 0)) event.detail.shouldSwap = false;
    else target.dataset.answers = incoming;
  });

  // The portal itself did not answer: the panel says so instead of asking for ever.
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      const panel = event.detail.elt.closest("[data-portal-asking]");
      const fallback = panel?.querySelector("[data-portal-fallback]");
      if (!fallback) return;
      panel.classList.replace("portal-panel--asking", "portal-panel--failed");
      panel.querySelector(".portal-panel__icon").replaceChildren();
      panel.querySelector(".portal-panel__state").replaceChildren("Did not answer.");
      fallback.replaceWith(fallback.content);
      panel.removeAttribute("data-portal-asking");
      window.htmx.process(panel);
    });
  }

  // Whoever asked again by keyboard stays at the panel, not at the start of the page.
  let leftPanel = "";
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const panel = detail.target.closest?.(".portal-panel");
    leftPanel = panel?.contains(document.activeElement) ? panel.id : leftPanel;
  });
  document.addEventListener("htmx:afterSettle", () => {
    const panel = leftPanel && document.getElementById(leftPanel);
    leftPanel = "";
    if (!panel || panel.contains(document.activeElement)) return;
    panel.tabIndex = -1;
    panel.focus();
  });

  // A page that is corrected while somebody reads it stays where they read: the first line in view
  // keeps its place, however much longer or shorter what stands above it has become.
  let line = null;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!detail.target.matches?.("[data-portal-keeps-place]") || !window.scrollY) return;
    const top = document.querySelector(".portal-identity")?.getBoundingClientRect().bottom ?? 0;
    const lines = [...document.querySelectorAll("main [id]")].map(({ id }) => ({ id, top: topOf(id) }));
    line = lines.find((each) => each.top >= Math.max(top, 0)) || null;
  });
  const topOf = (id) => document.getElementById(id)?.getBoundingClientRect().top;
  document.addEventListener("htmx:afterSettle", () => {
    if (line && topOf(line.id) !== undefined) window.scrollBy({ top: topOf(line.id) - line.top, behavior: "instant" });
    line = null;
  });

  // Anywhere else the portal's page about what went wrong takes the place of what was there. Beside
  // a panel there is work to keep: there only a list that has gone does so. What answers to typing into
  // a form never does.
  let isFault = false;
  const isTyping = (element) => Boolean(element.closest(".portal-entering, .portal-editing"));
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (isTyping(requestConfig.elt)) {
      if (xhr.status >= 400) sayAtTop("portal-not-kept");
      else hush();
      return;
    }
    const ownPage = requestConfig.elt.closest(".portal-panel") ? xhr.status === 404 : xhr.status !== 422;
    if (xhr.status < 400 || !ownPage) return;
    isFault = true;
    const asked = { target: document.getElementById("main"), swapOverride: "outerHTML", selectOverride: "#main" };
    Object.assign(event.detail, asked, { shouldSwap: true });
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!isFault) return;
    isFault = false;
    document.getElementById("main").tabIndex = -1;
    document.getElementById("main").focus();
  });
  const hush = () => document.querySelectorAll("[data-portal-unreachable]").forEach((old) => old.remove());
  function sayAtTop(template) {
    hush();
    document.getElementById("main").prepend(document.getElementById(template).content.cloneNode(true));
  }
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      hush();
      if (!event.detail.elt.closest(".portal-panel")) sayAtTop("portal-unreachable");
    });
  }

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.closest("[data-portal-background]")) event.detail.headers["X-Portal-Background"] = "1";
  });

  startPage(); // deferred: the page is parsed
})();
