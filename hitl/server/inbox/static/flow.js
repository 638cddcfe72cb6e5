// From one answer to the next: the toast, its undo, and a form that is sent once.

const toast = document.querySelector("[data-toast]");
const LOOKED = 3000; // milliseconds after which somebody who looks at a review is reviewing it
const GONE = 10_000; // milliseconds after which a toast without an undo goes

// A reload is no news: the address loses what only said where the page came from.
const address = new URL(location.href);
if (address.searchParams.has("last") || address.searchParams.has("here")) {
  for (const name of ["last", "here"]) address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
}

function close() {
  if (toast.matches(":hover, :focus-within")) toast.addEventListener("pointerleave", () => toast.remove(), { once: true });
  else toast.remove();
}

if (toast) {
  const seconds = Number(toast.dataset.seconds ?? 0);
  const fuse = toast.querySelector(".fuse");
  if (fuse && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    fuse.animate([{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }], { duration: seconds * 1000, fill: "forwards" });
  }
  if (seconds) {
    setTimeout(() => { toast.querySelector(".undo")?.remove(); close(); }, seconds * 1000);
  } else if (!toast.classList.contains("warn")) setTimeout(close, GONE);
}

for (const counter of document.querySelectorAll("[data-countdown]")) {
  const ends = performance.now() + Number(counter.dataset.countdown) * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((ends - performance.now()) / 1000);
    counter.textContent = Math.max(0, left);
    if (left > 0) return;
    clearInterval(timer);
    location.reload();
  }, 500);
}

// Others see who is reviewing.
for (const form of document.querySelectorAll("form.judge[data-start]")) {
  setTimeout(() => {
    const body = new URLSearchParams({ form_token: form.elements.form_token.value });
    if (!document.hidden) fetch(form.dataset.start, { method: "POST", body }).catch(() => { /* nobody is told */ });
  }, LOOKED);
}

for (const form of document.querySelectorAll("form.judge")) {
  let isSending = false;
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return; // such as by a file that is still read
    if (isSending) return event.preventDefault();
    isSending = true;
    const label = event.submitter?.querySelector("[data-label]");
    event.submitter?.setAttribute("aria-disabled", "true");
    if (label) label.textContent = "Sending…";
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
