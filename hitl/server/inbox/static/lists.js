// The list of reviews: selecting rows, and filters that apply when they change.

const bulk = document.getElementById("bulk");

function markRows(form) {
  const bar = form.querySelector(".bulk");
  const all = bar.querySelector("[data-all]");
  const words = bar.querySelector("[data-picked]");
  const boxes = [...form.querySelectorAll("input[name=pick]")];
  const update = () => {
    const picked = boxes.filter((box) => box.checked).length;
    bar.classList.toggle("active", picked > 0);
    all.checked = picked > 0 && picked === boxes.length;
    all.indeterminate = picked > 0 && picked < boxes.length;
    words.textContent = picked ? `${picked} selected` : "Select all on this page";
    for (const button of bar.querySelectorAll("button")) button.disabled = picked === 0;
  };
  all.hidden = false;
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  form.addEventListener("change", update);
  window.addEventListener("pageshow", update); // the browser restores the checkboxes when it goes back
  update();
}

// On a narrow screen the tabs scroll, and the current one may be out of view.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

if (bulk?.querySelector(".bulk")) markRows(bulk);

for (const form of document.querySelectorAll("form.filters")) {
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) form.requestSubmit();
  });
}
