// What tells a reviewer of new reviews while the page is in the background: a number on the icon, and notifications.
// Both are off until somebody asks for them by the bell; the browser remembers it.

const bell = document.querySelector("[data-notify]");
const favicon = document.querySelector("link[rel=icon]");
const icon = favicon.href;
const NOTIFY = "hitl.notify";
const MOST = 99; // that an icon has room for

let known = null;

function isNotifying() {
  try {
    return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(NOTIFY) === "yes";
  } catch {
    return false; // storage is disabled
  }
}

function tell(count) {
  if (isNotifying()) {
    showBadge(count);
    if (known !== null && count > known && document.hidden) notify(count);
  }
  known = count;
}

function notify(count) {
  const note = new Notification("Inbox", { body: `${count} review${count === 1 ? "" : "s"} to answer`, tag: "hitl" });
  note.onclick = () => { window.focus(); note.close(); };
}

function showBadge(count) {
  navigator.setAppBadge?.(count).catch(() => { /* the browser shows none */ });
  if (!count) { favicon.href = icon; return; }
  const words = count > MOST ? `${MOST}+` : String(count);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#b3261e"/>`
    + `<text x="16" y="22.500" text-anchor="middle" font-family="sans-serif" font-weight="700" fill="#fff" `
    + `font-size="${words.length > 2 ? 14 : 19}">${words}</text></svg>`;
  favicon.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function hideBadge() {
  navigator.clearAppBadge?.();
  favicon.href = icon;
}

function showState() {
  const root = document.documentElement;
  if (isNotifying()) root.dataset.notifies = "";
  else delete root.dataset.notifies;
  if (!bell) return;
  const isBlocked = Notification.permission === "denied";
  const words = isBlocked ? "This browser blocks notifications of this page" : "Notify me of new reviews";
  bell.setAttribute("aria-pressed", String(isNotifying()));
  bell.title = words;
  bell.querySelector(".sr").textContent = words;
}

async function toggle() {
  const isOn = isNotifying();
  const isAllowed = isOn || await Notification.requestPermission() === "granted";
  try { if (isAllowed) localStorage.setItem(NOTIFY, isOn ? "no" : "yes"); } catch { /* nothing is remembered */ }
  if (isOn) hideBadge();
  else if (known !== null) tell(known);
  showState();
}

if ("Notification" in window) {
  showState();
  document.addEventListener("hitl-count", (event) => tell(event.detail));
  if (bell) bell.hidden = false;
  bell?.addEventListener("click", toggle);
}
