// What was edited: the button that answers counts it, and what it will do follows it.
// Runs after drafts.js and editing.js, so that a restored draft counts, too.

const LONGEST = 80; // characters of a value in a sentence, as in effects.py
const CHOICES = { true: "yes", false: "no" };

function short(box, text) {
  if (box.matches("select")) return CHOICES[text];
  const letters = [...text.replace(/\s+/gu, " ").trim()];
  return letters.length <= LONGEST ? letters.join("") : `${letters.slice(0, LONGEST - 1).join("").trimEnd()}…`;
}

const originalOf = (box) => box.dataset.original ?? box.closest("[data-tabbed]")?.querySelector("[data-original]")?.value ?? box.defaultValue;
const isEdited = (box) => box.value !== originalOf(box);

// The control that holds what a placeholder names, if it is edited as a text of its own.
function filler(form, path) {
  return form.querySelector(`[data-field="${CSS.escape(path)}"] :is([data-line], .pane.edit textarea)`)
    ?? form.querySelector(`[data-argument="${CSS.escape(path)}"] :is(input, select, textarea:not(.mono))`);
}

function follow(form, place) {
  const box = filler(form, place.dataset.fill);
  if (!box) return () => {};
  const path = place.dataset.fill;
  const say = (text) => short(box, text) || `[no ${path}]`;
  // What the server wrote is about the box as it was drawn, which may have been edited by then.
  const original = box.defaultValue === undefined || box.defaultValue === originalOf(box) ? place.textContent : say(originalOf(box));
  return () => { place.textContent = isEdited(box) ? say(box.value) : original; };
}

function watch(form) {
  const label = form.querySelector("[data-edits]");
  if (!label) return;
  const lines = [...form.querySelectorAll("[data-line]")];
  const counts = new Map([...form.querySelectorAll("[data-tabbed]")].map((text) => [text, Number(text.querySelector(".count").textContent)]));
  const fills = [...form.querySelectorAll("[data-fill]")].map((place) => follow(form, place));
  const update = () => {
    const changes = lines.filter(isEdited).length + [...counts.values()].reduce((sum, count) => sum + count, 0);
    label.textContent = changes === 1 ? "with 1 change" : `with ${changes} changes`;
    label.hidden = !changes;
    for (const fill of fills) fill();
  };
  for (const event of ["input", "change"]) form.addEventListener(event, update);
  form.addEventListener("hitl:changes", (event) => {
    counts.set(event.target, event.detail);
    update();
  });
  update();
}

for (const form of document.querySelectorAll("form.judge")) watch(form);
