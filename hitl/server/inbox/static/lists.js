// The list of reviews: selecting rows, what their confirmation counts, and popups that close when one clicks beside them.

const bulk = document.getElementById("bulk");
const inWords = (count) => count.toLocaleString("en");

function markRows(form) {
  const bar = form.querySelector(".bulk");
  const all = bar.querySelector("[data-all]");
  const words = bar.querySelector("[data-picked]");
  const boxes = [...form.querySelectorAll("input[name=pick]")];
  const update = () => {
    const picked = all.checked ? Number(form.dataset.total) : boxes.filter((box) => box.checked).length;
    bar.hidden = picked === 0;
    words.textContent = all.checked ? `All ${inWords(picked)} selected` : `${inWords(picked)} selected`;
    for (const place of bar.querySelectorAll("[data-number]")) place.textContent = ` ${inWords(picked)}`;
    all.closest("label").hidden = picked === Number(form.dataset.total) && !all.checked;
  };
  bar.querySelector("[data-clear]").hidden = false;
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked && !box.disabled; });
  for (const box of boxes) box.addEventListener("change", () => { if (!box.checked) all.checked = false; });
  form.addEventListener("change", update);
  form.addEventListener("reset", () => setTimeout(update)); // the boxes are cleared after the event
  window.addEventListener("pageshow", update); // the browser restores the checkboxes when it goes back
  update();
}

// What is unticked on the confirmation is not counted, and its number is what is typed.
function countTicked(form) {
  const boxes = [...form.querySelectorAll("input[name=pick]")];
  const typed = form.querySelector("#typed");
  const heading = document.querySelector("h1[data-verb]");
  const button = form.querySelector("[data-go-ahead]");
  const update = () => {
    const count = boxes.filter((box) => box.checked).length;
    const words = `${inWords(count)} review${count === 1 ? "" : "s"}`;
    heading.textContent = `${heading.dataset.verb} ${words}?`;
    for (const place of form.querySelectorAll("[data-selected]")) place.textContent = inWords(count);
    for (const place of form.querySelectorAll("[data-selected-words]")) place.textContent = words;
    for (const line of form.querySelectorAll("li[data-group]")) {
      const own = boxes.filter((box) => box.dataset.group === line.dataset.group);
      const ticked = own.filter((box) => box.checked).length;
      line.hidden = ticked === 0;
      line.querySelector("[data-count]").textContent = inWords(ticked);
      // A sum is that of the ticks that the page came with.
      for (const sum of line.querySelectorAll("[data-sum]")) sum.hidden = own.some((box) => box.checked !== box.defaultChecked);
    }
    const mustType = count > Number(form.dataset.untyped);
    if (typed) typed.closest("[data-typed]").hidden = !mustType;
    button.disabled = count === 0 || (mustType && typed?.value.replaceAll(",", "").trim() !== String(count));
  };
  form.addEventListener("input", update);
  if ("focus" in button.dataset) button.focus({ preventScroll: true }); // Enter works at once, and the contents are in sight
  window.addEventListener("pageshow", update);
  update();
}

// On a narrow screen the lists scroll, and the current one may be out of view.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
document.querySelector(".row.here")?.scrollIntoView({ block: "nearest" });

if (bulk?.querySelector(".bulk")) markRows(bulk);
for (const form of document.querySelectorAll("form[data-confirm]")) countTicked(form);

const popups = [...document.querySelectorAll("details.popup")];
document.addEventListener("click", (event) => {
  for (const popup of popups) if (popup.open && !popup.contains(event.target)) popup.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const popup of popups) {
    if (popup.open && popup.contains(document.activeElement)) popup.querySelector("summary").focus();
    popup.open = false;
  }
});
