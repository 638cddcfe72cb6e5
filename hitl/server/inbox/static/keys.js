// Keyboard shortcuts. The dialog can turn them off (WCAG 2.2, 2.1.4), and none of them submits: they move the focus to
// the button, and Enter presses it.

const card = document.getElementById("keys");
const toggle = card.querySelector("[data-keys-on]");
const rows = [...document.querySelectorAll(".row")];
const OFF = "hitl.keys-off";

let off = false;
try { off = localStorage.getItem(OFF) === "yes"; } catch { /* storage is disabled */ }

const isTyping = (target) => target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const rowOf = () => rows.findIndex((row) => row.contains(document.activeElement));

function step(by) {
  const here = rowOf();
  const row = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by];
  row?.querySelector(".subject").focus();
}

function mark() {
  rows[rowOf()]?.querySelector("input[name=pick]")?.click();
}

// In the list: the selected reviews, or else the focused one.
function order(action) {
  const form = document.getElementById("bulk");
  if (!form?.querySelector(".bulk")) return;
  if (!form.querySelector("input[name=pick]:checked")) mark();
  form.querySelector(`button[value=${action}]`).click();
}

function decide(decision) {
  const form = document.querySelector("form.judge");
  if (!form) return;
  const button = form.querySelector(`button[value=${decision}]`);
  const yes = [...form.querySelectorAll(".buttons [aria-required] input[value=true]")];
  if (decision === "complete" && yes.length === 1 && !yes[0].disabled) yes[0].click();
  button?.focus();
}

// Markdown as it was written: all of it, from the first that can be seen.
function plain() {
  const texts = [...document.querySelectorAll("details[data-plain]")];
  const open = !texts.every((text) => text.open);
  for (const text of texts) text.open = open;
  if (open) texts[0]?.querySelector("summary").focus();
}

const inList = rows.length > 0;
const actions = {
  j: () => step(1),
  k: () => step(-1),
  x: mark,
  a: () => (inList ? order("approve") : decide("complete")),
  r: () => (inList ? order("reject") : decide("reject")),
  p: plain,
  u: () => document.querySelector("a.brand").click(),
  "/": () => document.getElementById("q")?.focus(),
  "?": () => card.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || card.open || isTyping(event.target)) return;
  if (off && event.key !== "?") return;
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

for (const opener of document.querySelectorAll("[data-keys]")) {
  opener.hidden = false;
  opener.addEventListener("click", () => card.showModal());
}
toggle.checked = !off;
toggle.addEventListener("change", () => {
  off = !toggle.checked;
  try { localStorage.setItem(OFF, off ? "yes" : "no"); } catch { /* applies to this page only */ }
});
