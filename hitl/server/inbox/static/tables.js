// Records: sorted in place instead of by a new page, and their head at the top of the window where the table fits.

const EMPTY = new Set(["null", '""', ""]);

function value(cell) { // the same order as tables.sort_key
  const text = cell.querySelector("time")?.dateTime ?? cell.textContent.trim();
  if (cell.querySelector(".nothing") && EMPTY.has(text)) return { rank: 3 };
  const number = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (Number.isFinite(number)) return { rank: 0, by: number };
  return cell.querySelector("dl, ul, table, pre") ? { rank: 2, by: "" } : { rank: 1, by: text.toLowerCase() };
}

function compare(one, other) {
  if (one.rank !== other.rank) return one.rank - other.rank;
  return one.by < other.by ? -1 : Number(one.by > other.by);
}

function sort(table, head) {
  const place = [...head.parentElement.children].indexOf(head);
  const descending = head.getAttribute("aria-sort") === "ascending";
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, index) => ({ row, index, ...value(row.cells[place]) }));
  const sign = descending ? -1 : 1;
  rows.sort((one, other) => {
    if (one.rank === 3 || other.rank === 3) return one.rank - other.rank || one.index - other.index; // always last
    return sign * compare(one, other) || one.index - other.index;
  });
  body.append(...rows.map(({ row }) => row));
  for (const each of head.parentElement.children) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

const fit = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.classList.remove("fits");
    target.classList.toggle("fits", target.scrollWidth <= target.clientWidth);
  }
});

// For all that is ever drawn, also in panes that are drawn later.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-records] th a");
  const table = link?.closest("table");
  if (!table || "cut" in link.closest("[data-records]").dataset || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  sort(table, link.closest("th"));
});
for (const place of document.querySelectorAll("[data-records]")) fit.observe(place);
