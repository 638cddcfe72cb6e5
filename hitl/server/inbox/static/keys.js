// Keyboard shortcuts, matched by the letter. The dialog can turn them off (WCAG 2.2, 2.1.4). None acts while somebody
// types or composes a character, with a modifier, or when a key is held down.

const card = document.getElementById("keys");
const toggles = [...document.querySelectorAll("[data-keys-on]")];
const rows = [...document.querySelectorAll(".row:is([data-review], [data-request])")];
const judge = document.querySelector("form.judge");
const bulk = document.getElementById("bulk");
const OFF = "hitl.keys-off";
const DEAD = 400; // milliseconds after a review appears, so that a double press decides one review
const TOGETHER = 1500; // milliseconds between the two keys of a pair

let off = false;
try { off = localStorage.getItem(OFF) === "yes"; } catch { /* storage is disabled */ }

const isTyping = (target) => target.matches("input:not([type=checkbox], [type=radio]), textarea, select")
  || target.isContentEditable;
const click = (selector) => document.querySelector(selector)?.click();

let isFresh = true; // the review has just appeared
let at = rows.findIndex((row) => row.classList.contains("here"));
let lastPicked = -1;

function stand(index) {
  if (index < 0 || index >= rows.length) return;
  rows[at]?.classList.remove("here");
  at = index;
  rows[at].classList.add("here");
  rows[at].querySelector(".about").focus();
}

const here = () => {
  const focused = rows.findIndex((row) => row.contains(document.activeElement));
  return focused < 0 ? at : focused;
};
const boxOf = (index) => rows[index]?.querySelector("input[name=pick]:not(:disabled)");

function pick() {
  lastPicked = here();
  boxOf(lastPicked)?.click();
}

function pickTo() {
  const [from, to] = [lastPicked < 0 ? here() : lastPicked, here()].sort((one, other) => one - other);
  for (let index = from; index <= to; index += 1) {
    const box = boxOf(index);
    if (box) box.checked = true;
  }
  bulk?.dispatchEvent(new Event("change"));
}

// Only what was selected: a row is not read yet.
function order(action) {
  if (bulk?.querySelector("[name=pick]:checked, [name=all]:checked")) bulk.querySelector(`button[value=${action}]`)?.click();
}

function reason() {
  const details = judge.querySelector("details.reject");
  if (!details) return click("form.judge [data-no]");
  details.open = true;
  details.querySelector(".why input:not([type=hidden]), .why textarea, .why select")?.focus();
}

function send() {
  const isRefusing = judge?.querySelector("details.reject")?.open;
  click(isRefusing ? "form.judge [data-send-no]" : "form.judge :is([data-yes], [data-submit])");
}

function edit() {
  const tab = judge?.querySelector("input[type=radio][value=edit]");
  tab?.click();
  const editor = tab ? tab.closest(".tabbed, .field")?.querySelector("textarea, input:not([type=radio], [type=hidden])")
    : judge?.querySelector(".matter :is(textarea, input:not([type=hidden], [type=radio], [type=checkbox]))");
  editor?.focus();
}

// Of the group that has the focus, else of the first that has no answer.
function choose(number) {
  if (!judge) return;
  const reasons = judge.querySelector("details.reject[open] .picks");
  if (reasons) return reasons.querySelectorAll("input")[number - 1]?.click();
  const groups = [...judge.querySelectorAll("[role=radiogroup], .options, fieldset")].filter((group) => group.checkVisibility());
  const group = groups.find((each) => each.contains(document.activeElement)) ?? groups.find((each) => !each.querySelector(":checked"));
  group?.querySelectorAll("input[type=radio], input[type=checkbox]")[number - 1]?.click();
}

// Markdown as it was written: all of it, from the first that can be seen.
function plain() {
  const texts = [...document.querySelectorAll("details[data-plain]")];
  const open = !texts.every((text) => text.open);
  for (const text of texts) text.open = open;
  if (open) texts[0]?.querySelector("summary").focus();
}

const actions = {
  j: () => (rows.length ? stand(here() + 1) : click("a[rel=next]")),
  k: () => (rows.length ? stand(here() < 0 ? rows.length - 1 : here() - 1) : click("a[rel=prev]")),
  Enter: () => { if (at >= 0) rows[at].querySelector(".about").click(); }, // the row one came back to
  x: pick,
  X: pickTo,
  "*": () => bulk?.querySelector("[data-all]")?.click(),
  y: () => (bulk ? order("approve") : isFresh || click("form.judge [data-yes]")),
  n: () => (bulk ? order("reject") : judge && (isFresh || reason())),
  e: edit,
  c: () => judge?.querySelector("input[type=radio][value=changes]:not(:disabled)")?.click(),
  m: () => judge?.querySelector("[data-mark]")?.click(),
  p: plain,
  u: () => click("a[data-back]"),
  z: () => click("[data-undo]"),
  "/": () => document.getElementById("q")?.focus(),
  "?": () => card.showModal(),
};
const places = { m: "mine", o: "open", d: "done" };

let gone = -TOGETHER; // when "g" was pressed
function go(key) {
  const isPair = performance.now() - gone < TOGETHER;
  gone = key === "g" ? performance.now() : -TOGETHER;
  if (!isPair || key === "g") return key === "g";
  const place = places[key] ?? (/^[1-9]$/.test(key) ? key : null);
  if (!place) return false;
  const base = document.body.dataset.base;
  const link = document.querySelector(`[data-go="${place}"]`);
  if (link) link.click();
  else if (places[key]) location.assign(`${base}/?view=${place}`);
  return true;
}

function escape(event) {
  if (isTyping(event.target)) return event.target.blur();
  const details = judge?.querySelector("details.reject[open]");
  if (details) details.open = false;
  else if (bulk) bulk.querySelector("[data-clear]")?.click();
  else judge?.querySelector("input[type=radio][value=preview]")?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.repeat || event.altKey || card.open) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && judge) {
    event.preventDefault();
    return send();
  }
  if (event.ctrlKey || event.metaKey || event.getModifierState("AltGraph")) return;
  if (event.key === "Escape") return escape(event);
  if (isTyping(event.target) || (off && event.key !== "?")) return;
  if (go(event.key)) return event.preventDefault();
  if (event.key === "Enter" && document.activeElement !== document.body) return; // it presses what has the focus
  const action = actions[event.key] ?? (/^[1-9]$/.test(event.key) && judge ? () => choose(Number(event.key)) : null);
  if (!action) return;
  event.preventDefault();
  action();
});

for (const opener of document.querySelectorAll("[data-keys]")) {
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    card.showModal();
  });
}
for (const each of document.querySelectorAll("[data-needs-script]")) each.hidden = false;
for (const toggle of toggles) {
  toggle.checked = !off;
  toggle.addEventListener("change", () => {
    off = !toggle.checked;
    for (const other of toggles) other.checked = toggle.checked;
    try { localStorage.setItem(OFF, off ? "yes" : "no"); } catch { /* applies to this page only */ }
  });
}
// The shortcuts work from here on, and those of a verdict a moment later.
document.documentElement.dataset.keys = "ready";
setTimeout(() => {
  isFresh = false;
  document.documentElement.dataset.keys = "all";
}, DEAD);
