// The list of reviews: selecting rows, and popups that close when one clicks beside them.

const bulk = document.getElementById("bulk");

function markRows(form) {
  const bar = form.querySelector(".bulk");
  const all = bar.querySelector("[data-all]");
  const words = bar.querySelector("[data-picked]");
  const boxes = [...form.querySelectorAll("input[name=pick]")];
  const update = () => {
    const picked = all.checked ? Number(form.dataset.total) : boxes.filter((box) => box.checked).length;
    bar.hidden = picked === 0;
    words.textContent = all.checked ? `All ${picked} selected` : `${picked} selected`;
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

// On a narrow screen the lists scroll, and the current one may be out of view.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
document.querySelector(".row.here")?.scrollIntoView({ block: "nearest" });

if (bulk?.querySelector(".bulk")) markRows(bulk);

const popups = [...document.querySelectorAll("details.popup")];
document.addEventListener("click", (event) => {
  for (const popup of popups) if (popup.open && !popup.contains(event.target)) popup.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const popup of popups) popup.open = false;
});
