// Unsubmitted answers are kept in this browser until they are submitted or discarded.
// Runs before inbox.js, so that conditional questions see the restored answers.

const PREFIX = "hitl.draft ";
const DAYS_KEPT = 30;

function controlsByName(form) {
  const found = new Map();
  for (const control of form.elements) {
    if (!/^(field|notes)\./.test(control.name ?? "") || "file" in control.dataset) continue; // too large for local storage
    found.set(control.name, [...(found.get(control.name) ?? []), control]);
  }
  return found;
}

const isChoice = (control) => control.type === "radio" || control.type === "checkbox";

function read(controls) {
  return controls.filter((control) => !isChoice(control) || control.checked).map((control) => control.value);
}

function write(controls, values) {
  for (const control of controls) {
    if (isChoice(control)) control.checked = values.includes(control.value);
    else control.value = values[0] ?? "";
  }
}

function load(key) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key));
  } catch {
    return null; // not written by us, or storage is disabled
  }
}

function store(key, draft) {
  try {
    if (Object.keys(draft.values).length) localStorage.setItem(PREFIX + key, JSON.stringify(draft));
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // full or disabled: the page still warns before leaving
  }
}

function forget(key) {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // storage is disabled
  }
}

function sweep() {
  const oldest = Date.now() - DAYS_KEPT * 24 * 3600 * 1000;
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith(PREFIX) && !(load(name.slice(PREFIX.length))?.at > oldest)) localStorage.removeItem(name);
  }
}

function element(tag, text, ...classes) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.classList.add(...classes);
  return made;
}

function notice(title, text, discard) {
  const box = element("div", "", "banner", "info");
  const button = element("button", "Discard", "clear");
  button.type = "button";
  button.addEventListener("click", discard);
  box.setAttribute("role", "status");
  box.append(element("strong", title), element("p", text), button);
  return box;
}

function keep(form) {
  const key = form.dataset.draft;
  const groups = controlsByName(form);
  const before = new Map([...groups].map(([name, controls]) => [name, JSON.stringify(read(controls))]));
  const sentBack = "dirty" in form.dataset; // the server has filled the form
  const draft = sentBack ? null : load(key);
  if (draft) restore(form, groups, draft);
  form.addEventListener("input", () => {
    const changed = [...groups].filter(([name, controls]) => sentBack || JSON.stringify(read(controls)) !== before.get(name));
    const values = Object.fromEntries(changed.map(([name, controls]) => [name, read(controls)]));
    store(key, { version: form.dataset.version, at: Date.now(), values });
  });
}

function restore(form, groups, draft) {
  for (const [name, values] of Object.entries(draft.values)) write(groups.get(name) ?? [], values);
  const changed = draft.version !== form.dataset.version;
  const text = changed
    ? "The request has changed since then. Read it again before you submit."
    : "You had not submitted this answer.";
  form.before(notice("Draft restored", text, () => { forget(form.dataset.draft); location.reload(); }));
}

// A review that ended while its answer was being written: the draft is shown, so that it can be copied.
function showUnsent(place) {
  const draft = load(place.dataset.draftLeft);
  if (!draft) return;
  const list = element("dl", "", "answers");
  for (const [name, values] of Object.entries(draft.values)) {
    const pair = document.createElement("div");
    pair.append(element("dt", name.replace(/^\w+\./, "")), element("dd", values.join(", "), "text"));
    list.append(pair);
  }
  const discard = () => { forget(place.dataset.draftLeft); place.replaceChildren(); };
  place.append(notice("You had an unsubmitted answer", "It was not sent.", discard), list);
}

for (const place of document.querySelectorAll("[data-draft-sent]")) forget(place.dataset.draftSent);
for (const place of document.querySelectorAll("[data-draft-left]")) showUnsent(place);
for (const form of document.querySelectorAll("form[data-draft]")) keep(form);
try { sweep(); } catch { /* storage is disabled */ }
