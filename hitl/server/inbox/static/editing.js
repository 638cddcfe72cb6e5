// Preview, Edit, Changes: the panes follow what is typed. The server draws them, so that they look as everything else.
// Runs after drafts.js, so that a restored draft is drawn, too.

const PAUSE = 400; // milliseconds without typing before the changes are counted

const token = () => document.querySelector("input[name=form_token]")?.value ?? "";

async function draw(kind, language, original, text) {
  const body = new URLSearchParams({ form_token: token(), kind, language, original, text });
  const answer = await fetch(`${document.body.dataset.base}/preview`, { method: "POST", body });
  if (!answer.ok) throw new Error(`preview: ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function follow(place) {
  const area = place.querySelector(".pane.edit textarea");
  const original = place.querySelector("[data-original]")?.value ?? area.defaultValue;
  const views = Object.fromEntries([...place.querySelectorAll(".views input")].map((view) => [view.value, view]));
  const panes = { preview: place.querySelector(".pane.preview"), changes: place.querySelector(".pane.changes") };
  const count = place.querySelector(".views .count");
  let drawn = area.defaultValue, timer = 0;

  async function refresh() {
    clearTimeout(timer);
    const text = area.value;
    if (text === drawn) return;
    drawn = text;
    try {
      const page = await draw(place.dataset.tabbed, place.dataset.language, original, text);
      if (text !== drawn) return; // typed on meanwhile
      for (const [name, pane] of Object.entries(panes)) {
        pane.replaceChildren(...page.querySelector(`[data-pane=${name}]`).childNodes);
      }
      const changes = Number(page.querySelector("[data-pane=changes]").dataset.count);
      count.textContent = changes;
      views.changes.disabled = changes === 0;
      if (changes === 0 && views.changes.checked) views.preview.checked = true;
      place.dispatchEvent(new CustomEvent("hitl:changes", { bubbles: true, detail: changes }));
    } catch {
      drawn = null; // tried again with the next look
      const note = Object.assign(document.createElement("p"), { className: "quiet", textContent: "Not up to date: the server did not answer." });
      panes.preview.replaceChildren(note);
    }
  }

  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE);
  });
  for (const event of ["input", "change"]) {
    // Looking is no answer: without this the page would ask before it is left.
    place.querySelector(".views").addEventListener(event, (each) => { each.stopPropagation(); refresh(); });
  }
  document.querySelector(`label[for="${CSS.escape(area.id)}"]`)?.addEventListener("click", () => {
    views.edit.checked = true;
    area.focus();
  });
  refresh();
}

// A text of one line and an argument of a call stand in their own boxes, so only what they were is said.
function compare(box) {
  const original = box.dataset.original ?? box.defaultValue;
  const was = box.parentElement.querySelector(".was");
  const of = box.labels[0]?.textContent.trim() ?? "";
  const reset = Object.assign(document.createElement("button"), { type: "button", className: "clear", textContent: "Reset", ariaLabel: `Reset ${of}`.trim() });
  const update = () => {
    was.hidden = box.value === original;
    box.closest(".arg")?.classList.toggle("edited", !was.hidden);
  };
  reset.addEventListener("click", () => {
    box.value = original;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  });
  was.append(" ", reset);
  for (const event of ["input", "change"]) box.addEventListener(event, update);
  // Enter would press the first button of the form, and decide the review.
  if (box.matches("input")) box.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) event.preventDefault(); });
  update();
}

for (const place of document.querySelectorAll("[data-tabbed]")) follow(place);
for (const box of document.querySelectorAll("[data-line]")) compare(box);
