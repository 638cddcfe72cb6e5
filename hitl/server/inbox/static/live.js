// Live updates. They never move the focus or change what the reviewer typed.

const page = document.body.dataset;
const inWords = (count) => count.toLocaleString("en");
const rows = [...document.querySelectorAll(".row[data-review]")];
const news = document.querySelector("[data-news]");
const banner = document.querySelector("[data-live]");
const asked = document.querySelector("[data-live-request]");
const toast = document.querySelector("[data-toast]");

const FINAL = ["completed", "rejected", "expired", "cancelled"];
let after = page.step;
let stream = null;
const fresh = new Set();
let isSending = false; // then the news may be of this page's own answer, and the page that follows tells it

const mine = document.querySelector('[data-go="mine"][aria-current] [data-count]');
const mineAtFirst = Number(mine?.textContent.replaceAll(",", ""));

function tellNews(count) {
  if (!news || count <= 0) return;
  news.querySelector("a").textContent = count === 1 ? "1 new review" : `${inWords(count)} new reviews`;
  news.hidden = false;
}

// A step does not say whose review it is about: the reviewer's own are told by their number.
function countNews(step) {
  if (mine) return;
  fresh.add(step.review_id);
  tellNews(fresh.size);
}

function updateRow(step) {
  const row = rows.find((each) => each.dataset.review === step.review_id);
  if (!row || !step.status) return;
  let word = row.querySelector(".presence");
  if (!word) {
    word = Object.assign(document.createElement("span"), { className: "presence" });
    row.querySelector(".subject").after(" ", word);
  }
  word.textContent = step.label;
  if (!FINAL.includes(step.status)) return;
  row.classList.add("gone");
  const box = row.querySelector("input[name=pick]");
  if (!box) return;
  box.checked = false;
  box.disabled = true;
  box.form.dispatchEvent(new Event("change"));
}

// The answer that can still be taken back was not given, because its review ended or changed.
function dropToast(step) {
  if (toast?.dataset.toast !== step.review_id || !toast.querySelector("[data-undo]")) return;
  if (!["cancelled", "expired", "updated"].includes(step.event)) return;
  toast.querySelector("b").textContent = "Not sent";
  toast.className = "toast warn";
  toast.querySelector("form").remove();
}

function sentence(step) {
  const who = step.actor || "Someone";
  return {
    completed: [`${who} has just answered this review`, "You can no longer submit an answer. Copy what you want to keep."],
    rejected: [`${who} has just rejected this review`, "You can no longer submit an answer. Copy what you want to keep."],
    expired: ["This review has expired", "You can no longer submit an answer. Copy what you want to keep."],
    cancelled: ["This review was cancelled", "You can no longer submit an answer. Copy what you want to keep."],
    approved: [`${who} has approved this review`, "More approvals are required. Reload the page to submit yours."],
    started: [`${who} has started this review`, "You can still answer; the first answer counts."],
    updated: ["This review has just changed", "Reload the page to see the new version. What you typed is kept."],
  }[step.event] ?? ["This review has just changed", "Reload the page to see its current state."];
}

function show(place, title, text, words) {
  if (isSending) return;
  const message = document.createElement("div");
  message.className = "banner warning";
  message.append(Object.assign(document.createElement("strong"), { textContent: title }));
  message.append(Object.assign(document.createElement("p"), { textContent: text }));
  message.append(Object.assign(document.createElement("a"), { textContent: words, href: location.pathname }));
  place.replaceChildren(message);
}

function warn(step) {
  if (banner?.dataset.live !== step.review_id || step.version <= Number(banner.dataset.version)) return;
  show(banner, ...sentence(step), FINAL.includes(step.status) ? "See the outcome" : "Reload");
}

function takeCounts(event) {
  const counts = JSON.parse(event.data);
  showTitle(counts.mine_count);
  document.dispatchEvent(new CustomEvent("hitl-count", { detail: counts.mine_count })); // notify.js tells it
  if (mine) tellNews(counts.mine_count - mineAtFirst);
  for (const place of document.querySelectorAll("[data-count]")) {
    const count = counts[`${place.dataset.count.replace(/s$/, "")}_count`];
    if (count !== undefined) place.textContent = inWords(count);
  }
  const list = document.querySelector("[data-requests]");
  if (list) list.hidden = list.dataset.requests === String(counts.request_count);
}

// The number of the reviewer's reviews, in the title of the page.
function showTitle(count) {
  const isWhole = [...new URLSearchParams(location.search).keys()].every((name) => name === "view");
  if (mine && isWhole) document.title = `${count ? `(${inWords(count)}) ` : ""}${document.title.replace(/^\([\d,]+\) /, "")}`;
}

function takeRequest(event) {
  const { state, shown } = JSON.parse(event.data);
  const isOpen = state === "pending" || state === "claimed";
  if (isOpen && shown !== asked.dataset.shown) {
    return show(asked, "This request has just changed", "Reload the page to see it. What you typed is kept.", "Reload");
  }
  if (state === asked.dataset.state) return asked.replaceChildren();
  const [title, text] = {
    claimed: ["This request has been claimed", "Unless you claimed it, you cannot answer until it is released."],
    pending: ["This request has been released", "You can answer it now."],
    completed: ["This request has just been answered", "You can no longer submit an answer. Copy what you want to keep."],
    timeout: ["This request has timed out", "The default answer applies. Copy what you want to keep."],
  }[state] ?? ["This request was cancelled", "You can no longer submit an answer. Copy what you want to keep."];
  show(asked, title, text, "Reload");
}

function take(event) {
  const step = JSON.parse(event.data);
  after = event.lastEventId;
  if (step.event === "created") countNews(step);
  updateRow(step);
  warn(step);
  dropToast(step);
}

// This page was too slow to be told everything, or was away for too long.
function takeReload() {
  if (news) news.hidden = false;
}

// Browsers limit connections per server, so only the visible page holds one, and one that notifies.
function listen() {
  if (document.hidden || stream) return;
  const query = new URLSearchParams({ after, ...(asked && { request: asked.dataset.liveRequest }) });
  stream = new EventSource(`${page.base}/events?${query}`);
  stream.addEventListener("step", take);
  stream.addEventListener("counts", takeCounts);
  stream.addEventListener("reload", takeReload);
  stream.addEventListener("signed-out", () => { rest(); location.reload(); }); // what was typed stays in its draft
  if (asked) stream.addEventListener("request", takeRequest);
}

function rest() {
  stream?.close();
  stream = null;
}

document.addEventListener("submit", () => { isSending = true; });
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) listen();
  else if (!("notifies" in document.documentElement.dataset)) rest();
});
window.addEventListener("pagehide", rest);
window.addEventListener("pageshow", (event) => {
  isSending = false;
  if (event.persisted) listen();
});
if (document.querySelector("[data-count]") || banner || asked) listen();
