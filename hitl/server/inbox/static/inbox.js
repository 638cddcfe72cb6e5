// Live times, and a warning before unsubmitted answers are lost.
const MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

// The server's clock is the one that expires reviews; the browser's may differ.
const skew = Date.parse(document.body.dataset.now) - Date.now();

function span(seconds) { // same format as times.span
  if (seconds < MINUTE) return "under 1 min";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} d`;
}

function secondsUntil(time) {
  return (Date.parse(time.dateTime) - Date.now() - skew) / 1000;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-due]")) {
    const left = secondsUntil(time);
    time.textContent = left < 0 ? `${span(-left)} overdue` : `due in ${span(left)}`;
    time.parentElement.className = `due ${left < 0 ? "overdue" : left <= 2 * HOUR ? "soon" : "later"}`;
  }
  for (const time of document.querySelectorAll("time[data-age]")) {
    const passed = -secondsUntil(time);
    time.textContent = passed < MINUTE ? "just now" : span(passed) + (time.dataset.age === "short" ? "" : " ago");
  }
}

// Radio buttons cannot be cleared; optional ones get a button for it.
function makeClearable(options) {
  const clear = document.createElement("button");
  clear.type = "button";
  clear.className = "clear";
  clear.textContent = "Clear";
  const update = () => { clear.hidden = !options.querySelector(":checked"); };
  clear.addEventListener("click", () => {
    options.querySelector(":checked").checked = false;
    options.querySelector("input").focus();
    for (const event of ["input", "change"]) options.dispatchEvent(new Event(event, { bubbles: true }));
  });
  options.addEventListener("change", update);
  options.after(clear);
  update();
}

function guard(form) {
  let dirty = "dirty" in form.dataset;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
}

for (const form of document.querySelectorAll("form[data-guard]")) {
  for (const options of form.querySelectorAll("[data-clearable]")) makeClearable(options);
  guard(form);
}

tick();
setInterval(tick, 30_000);
