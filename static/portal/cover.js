// Covers an idle screen. The server locks by its own clock; this hides what is already shown,
// at the same time, and keeps what was typed: the page stays as it is behind the cover.
"use strict";

(() => {
  const setting = (name) => document.querySelector(`meta[name="portal-${name}"]`)?.content;
  const template = document.getElementById("portal-cover");
  const idleAfter = Number(setting("idle-seconds")) * 1000;
  if (!template || !idleAfter) return;

  // Wall clock, not a timer: a laptop that slept for an hour was idle for an hour.
  let lastActive = Date.now();
  let lastTold = Date.now();
  let cover = null;
  let title = "";
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("portal-lock") : null;
  const tell = (word) => tabs?.postMessage(word);

  function post(url, fields) {
    const body = new URLSearchParams(fields);
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    return fetch(url, { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" });
  }

  // --- Is anybody there? --------------------------------------------------------------------

  function noteActivity() {
    if (cover || Date.now() - lastActive >= idleAfter) return check();
    lastActive = Date.now();
    if (lastActive - lastTold < idleAfter / 10) return;
    lastTold = lastActive;
    tell("active");
    // Typing sends nothing: without a word from here the server would think that nobody is there.
    fetch(setting("alive-url"), { credentials: "same-origin" }).catch(() => {});
  }

  function check() {
    if (!cover && Date.now() - lastActive >= idleAfter) lock();
  }

  for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "focusin"]) {
    document.addEventListener(name, noteActivity, { capture: true, passive: true });
  }
  for (const name of ["focus", "pageshow", "resume"]) window.addEventListener(name, check);
  document.addEventListener("visibilitychange", check);
  setInterval(check, 1000);

  tabs?.addEventListener("message", ({ data }) => {
    if (data === "active") lastActive = Math.max(lastActive, Date.now());
    if (data === "locked") showCover();
    if (data === "unlocked") hideCover();
  });

  // --- Locking ------------------------------------------------------------------------------

  function lock() {
    showCover();
    tell("locked");
    const draft = JSON.stringify(typed());
    post(setting("lock-url"), { page: location.pathname + location.search, draft }).catch(() => {});
  }

  /** What was typed into the page and not sent: [form number, field name, value]; no passwords. */
  function typed() {
    const fields = [];
    document.querySelectorAll("main form").forEach((form, number) => {
      for (const field of form.elements) {
        const kept = field.name && !["password", "hidden", "file", "submit", "button"].includes(field.type);
        if (!kept || (field.matches("[type=checkbox], [type=radio]") && !field.checked)) continue;
        if (field.checked || isChanged(field)) fields.push([number, field.name, field.value]);
      }
    });
    return fields;
  }

  function isChanged(field) {
    if (!field.options) return field.value !== field.defaultValue;
    const original = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
    return field.value !== original?.value;
  }

  function showCover() {
    if (cover) return;
    title = document.title;
    document.title = template.dataset.title;
    cover = template.content.firstElementChild.cloneNode(true);
    document.body.append(cover);
    document.body.classList.add("portal-covered");
    cover.addEventListener("cancel", (event) => event.preventDefault());
    cover.addEventListener("close", () => cover?.showModal());
    cover.querySelector("form[data-portal-unlock]")?.addEventListener("submit", unlock);
    cover.showModal();
  }

  function hideCover() {
    if (!cover) return;
    const old = cover;
    cover = null;
    old.remove();
    document.body.classList.remove("portal-covered");
    document.title = title;
    lastActive = lastTold = Date.now();
  }

  async function unlock(event) {
    event.preventDefault();
    const form = event.target;
    const field = form.elements.password;
    const problem = form.querySelector("[data-portal-problem]");
    const response = await post(setting("unlock-url"), { password: field.value }).catch(() => null);
    const elsewhere = response?.headers.get("HX-Redirect");
    if (elsewhere) return location.assign(elsewhere);
    if (response?.status === 204) {
      tell("unlocked");
      return hideCover();
    }
    const known = response && [422, 429].includes(response.status);
    problem.textContent = known ? await response.text() : "The portal did not answer. Try again.";
    field.setAttribute("aria-invalid", "true");
    field.value = "";
    field.focus();
  }

  // --- Coming back by the lock page: what was typed returns once ------------------------------

  async function restore() {
    const from = document.referrer ? new URL(document.referrer) : null;
    const own = from && from.origin === location.origin;
    if (own && ![setting("lock-url"), setting("unlock-url")].includes(from.pathname)) return;
    if (!document.querySelector("main form")) return;
    const response = await fetch(setting("draft-url"), { credentials: "same-origin" }).catch(() => null);
    const draft = response?.ok ? await response.json().catch(() => ({})) : {};
    if (draft.page?.split("?")[0] !== location.pathname) return;
    const forms = document.querySelectorAll("main form");
    for (const [number, name, value] of JSON.parse(draft.fields)) fill(forms[number], name, value);
  }

  function fill(form, name, value) {
    const field = form?.elements.namedItem(name);
    if (!field) return;
    const boxes = field instanceof RadioNodeList ? [...field] : [field];
    const box = boxes.find((one) => one.type === "checkbox" || one.type === "radio" ? one.value === value : true);
    if (box?.type === "checkbox" || box?.type === "radio") box.checked = true;
    else if (box && box.type !== "password") box.value = value;
    box?.closest("details")?.setAttribute("open", "");
  }

  restore();
})();
