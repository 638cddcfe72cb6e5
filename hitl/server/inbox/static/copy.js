// A button that copies beside what is often copied: code, patches, JSON and tables.

function cells(row) {
  return [...row.cells].filter((cell) => !cell.matches(".nr")).map((cell) => {
    const shown = cell.cloneNode(true);
    for (const hidden of shown.querySelectorAll(".pad, .sr")) hidden.remove();
    return (shown.querySelector("time")?.dateTime ?? shown.textContent).trim().replace(/\s+/g, " ");
  });
}

function patched(patch) {
  const line = (row) => {
    const [, , sign, text] = row.cells;
    return (sign.lastChild?.nodeType === Node.TEXT_NODE ? sign.lastChild.data : "") + text.textContent;
  };
  return [...patch.querySelectorAll("tr")].map((row) => `${line(row)}\n`).join("");
}

const tabbed = (table) => [...table.rows].map((row) => cells(row).join("\t")).join("\n");

function button(text, label) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      made.textContent = "Copied";
    } catch {
      made.textContent = "Not copied";
    }
    setTimeout(() => { made.textContent = "Copy"; }, 1500);
  });
  return made;
}

// The clipboard is there on https and on this machine only.
if (navigator.clipboard) {
  for (const code of document.querySelectorAll("pre[data-copy]")) code.before(button(() => code.textContent, "Copy the code"));
  for (const patch of document.querySelectorAll(".patches")) patch.before(button(() => patched(patch), "Copy the patch"));
  for (const table of document.querySelectorAll("[data-records] > table")) {
    if (table.rows.length <= 4) continue;
    const copy = button(() => tabbed(table), "Copy the table"), before = table.parentElement.previousElementSibling;
    if (before?.matches(".overtable")) before.append(copy);
    else table.parentElement.before(copy);
  }
}
