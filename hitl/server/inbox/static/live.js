// What happens elsewhere, shown where it matters. It never moves the focus and never touches what somebody typed.

const page = document.body.dataset;
const rows = document.querySelector(".rows");
const news = document.querySelector("[data-news]");
const banner = document.querySelector("[data-live]");
const asked = document.querySelector("[data-live-request]");

const FINAL = ["completed", "rejected", "expired", "cancelled"];
let after = page.step;
let stream = null;
const fresh = new Set();

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
  const who = step.actor || "Somebody";
  return {
    completed: [`${who} has just answered this`, "Your answer cannot be sent any more. Copy what you want to keep."],
    rejected: [`${who} has just rejected this`, "Your answer cannot be sent any more. Copy what you want to keep."],
    expired: ["Time has run out", "Nobody can answer this any more. Copy what you want to keep."],
    cancelled: ["This request was cancelled", "Nobody can answer it any more. Copy what you want to keep."],
    approved: [`${who} has approved this`, "Others must approve it, too. Load it again and send your answer."],
    started: [`${who} has started reviewing this`, "You can still answer; whoever is first counts."],
    updated: ["This request has just changed", "Load the page again to read what it asks now. What you typed is kept."],
  }[step.event] ?? ["This request has just changed", "Load the page again to see its present state."];
}

function show(place, title, text, words) {
  const message = document.createElement("div");
  message.className = "banner warning";
  message.append(Object.assign(document.createElement("strong"), { textContent: title }));
  message.append(Object.assign(document.createElement("p"), { textContent: text }));
  message.append(Object.assign(document.createElement("a"), { textContent: words, href: location.pathname }));
  place.replaceChildren(message);
}

function warn(step) {
  if (banner?.dataset.live !== step.review_id || step.version <= Number(banner.dataset.version)) return;
  show(banner, ...sentence(step), FINAL.includes(step.status) ? "See how it ended" : "Load it again");
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
  const state = JSON.parse(event.data);
  if (state === asked.dataset.state) return asked.replaceChildren();
  const [title, text] = {
    claimed: ["Somebody has taken this", "Unless it was you, your answer will not count until they give it back."],
    pending: ["It is anybody's again", "You can answer it."],
    completed: ["This has just been answered", "Your answer cannot be sent any more. Copy what you want to keep."],
    timeout: ["Time has run out", "The default counts. Copy what you want to keep."],
  }[state] ?? ["This request was cancelled", "Nobody can answer it any more. Copy what you want to keep."];
  show(asked, title, text, "Load it again");
}

function take(event) {
  const step = JSON.parse(event.data);
  after = event.lastEventId;
  if (step.event === "created") countNews(step);
  updateRow(step);
  warn(step);
}

// A browser opens few connections to one server, so only the page that is looked at holds one.
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

document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
window.addEventListener("pagehide", rest);
window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
if (document.querySelector("[data-count]") || banner || asked) listen();
