// Live updates. They never move the focus or change what the reviewer typed.

const page = document.body.dataset;
const rows = document.querySelector(".rows");
const news = document.querySelector("[data-news]");
const banner = document.querySelector("[data-live]");
const asked = document.querySelector("[data-live-request]");

const FINAL = ["completed", "rejected", "expired", "cancelled"];
let after = page.step;
let stream = null;
const fresh = new Set();
let isSending = false; // then the news may be of this page's own answer, and the page that follows tells it

function countNews(step) {
  if (!news) return;
  fresh.add(step.review_id);
  const link = news.querySelector("a");
  link.textContent = fresh.size === 1 ? "1 new review" : `${fresh.size} new reviews`;
  news.hidden = false;
}

function updateRow(step) {
  const row = rows?.querySelector(`[data-review="${CSS.escape(step.review_id)}"]`);
  if (!row || !step.status) return;
  const status = row.querySelector(".status");
  status.className = `status ${step.status}`;
  status.lastChild.textContent = step.label;
  if (!FINAL.includes(step.status)) return;
  row.classList.add("gone");
  const box = row.querySelector("input[name=pick]");
  if (!box) return;
  box.checked = false;
  box.disabled = true;
  box.form.dispatchEvent(new Event("change"));
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
  for (const place of document.querySelectorAll("[data-count]")) {
    const count = counts[`${place.dataset.count.replace(/s$/, "")}_count`];
    if (count !== undefined) place.textContent = count;
  }
  const list = document.querySelector("[data-requests]");
  if (list) list.hidden = list.dataset.requests === String(counts.request_count);
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
}

// Browsers limit connections per server, so only the visible page holds one.
function listen() {
  if (document.hidden || stream) return;
  const query = new URLSearchParams({ after, ...(asked && { request: asked.dataset.liveRequest }) });
  stream = new EventSource(`${page.base}/events?${query}`);
  stream.addEventListener("step", take);
  stream.addEventListener("counts", takeCounts);
  if (asked) stream.addEventListener("request", takeRequest);
}

function rest() {
  stream?.close();
  stream = null;
}

document.addEventListener("submit", () => { isSending = true; });
document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
window.addEventListener("pagehide", rest);
window.addEventListener("pageshow", (event) => {
  isSending = false;
  if (event.persisted) listen();
});
if (document.querySelector("[data-count]") || banner || asked) listen();
