// Unsubmitted answers are kept in this browser until they are submitted or discarded.
// Runs before questions.js, so that conditional questions see the restored answers.

const PREFIX = "hitl.draft ";
const DAYS_KEPT = 30;

function controlsByName(form) {
  const found = new Map();
  for (const control of form.elements) {
    if (!/^(field|notes|inside|reason)\./.test(control.name ?? "") || "file" in control.dataset) continue; // too large for local storage
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

// Each field has its own entry, so that two tabs of one review keep what each of them touched.
function keep(form) {
  const key = form.dataset.draft;
  const groups = controlsByName(form);
  const now = () => new Map([...groups].map(([name, controls]) => [name, JSON.stringify(read(controls))]));
  const shown = now();
  const sentBack = "dirty" in form.dataset; // the server has filled the form
  const draft = sentBack ? null : load(key);
  if (draft) restore(form, groups, draft);
  let last = now();
  const save = () => {
    const values = { ...load(key)?.values };
    const asked = { ...load(key)?.asked };
    const present = now();
    for (const [name, text] of present) {
      if (text === last.get(name)) continue; // not touched here; another tab may have
      if (text === shown.get(name) && !sentBack) delete values[name];
      else values[name] = JSON.parse(text);
      asked[name] = question(form, name);
    }
    last = present;
    store(key, { version: form.dataset.version, at: Date.now(), values, asked });
  };
  for (const event of ["input", "change"]) form.addEventListener(event, save);
}

// What the field asked, as a digest of the server's.
function question(form, name) {
  const of = form.querySelector(`[name="${CSS.escape(name)}"]`)?.closest("[data-field]")?.dataset.field;
  const stamp = form.elements[`stamp.${of ?? name.replace(/^\w+\./, "")}`];
  return stamp?.value.split(".")[1] ?? "";
}

function restore(form, groups, draft) {
  for (const [name, values] of Object.entries(draft.values)) {
    const controls = groups.get(name) ?? [];
    const isOther = draft.asked && draft.asked[name] !== question(form, name);
    if (isOther && controls.some((control) => isChoice(control) || control.type === "select-one")) continue; // see merging.py
    write(controls, values);
  }
  const changed = draft.version !== form.dataset.version
    || Object.entries(draft.asked ?? {}).some(([name, asked]) => name in draft.values && asked !== question(form, name));
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
    pair.append(element("dt", name.replace(/^(?:inside\.\w\.\d+|\w+)\./, "")), element("dd", values.join(", "), "text"));
    list.append(pair);
  }
  const discard = () => { forget(place.dataset.draftLeft); place.replaceChildren(); };
  place.append(notice("You had an unsubmitted answer", "It was not sent.", discard), list);
}

for (const place of document.querySelectorAll("[data-draft-sent]")) forget(place.dataset.draftSent);
for (const place of document.querySelectorAll("[data-draft-left]")) showUnsent(place);
for (const form of document.querySelectorAll("form[data-draft]")) keep(form);
try { sweep(); } catch { /* storage is disabled */ }
