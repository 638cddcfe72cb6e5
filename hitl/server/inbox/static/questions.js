// Conditional questions. A condition holds if the normal form of the answer is the one that the server wrote into the
// page; normal_form.py of the server's results makes both sides' there, and this file makes that of what is typed.

const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"; // Python's
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, "g");
const LINES = /\r\n|[\n-\r\x1c-\x1e\x85\u2028\u2029]/;
const MOMENT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/i;

const strip = (text) => text.replace(AROUND, "");

// The moment in UTC with microseconds, or the text as it is.
function moment(text) {
  const found = text.length >= 20 && text.length <= 64 && MOMENT.exec(text);
  if (!found) return text;
  const [, year, month, day, hour, minute, seconds, digits = "", sign, offHour = "0", offMinute = "0"] = found;
  const isLeap = seconds === "60"; // a leap second is the first second of the next minute
  const [second, fraction] = isLeap ? ["59", ""] : [seconds, digits];
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  const isTime = time.getUTCDate() === Number(day) && hour < 24 && minute < 60 && second < 60 && year > 0;
  if (!isTime || time.getUTCMonth() !== month - 1 || offHour > 23 || offMinute > 59) return text;
  if (isLeap) time.setTime(time.getTime() + 1000);
  if (time.getUTCFullYear() > 9999) return text;
  time.setTime(time.getTime() - (sign === "-" ? -1 : 1) * (offHour * 60 + Number(offMinute)) * 60_000);
  if (time.getUTCFullYear() < 1 || time.getUTCFullYear() > 9999) return text;
  return `${time.toISOString().slice(0, 19)}.${fraction.padEnd(6, "0").slice(0, 6)}Z`;
}

const quoted = (text) => JSON.stringify(moment(text.replaceAll("\r\n", "\n")));

function list(texts) {
  return texts.length ? `[${[...texts].sort().join(",")}]` : "null";
}

const picked = (controls) => controls.flatMap((control) => {
  if (control instanceof HTMLSelectElement) return control.value ? [control.selectedOptions[0].dataset.is] : [];
  return control.checked ? [control.dataset.is] : [];
});

const READ = {
  text: ([area]) => (strip(area.value) ? quoted(area.value) : "null"),
  edited: ([area]) => quoted(area.value),
  line: ([input]) => (strip(input.value) ? quoted(strip(input.value)) : "null"),
  number: ([input]) => {
    const text = strip(input.value);
    const found = /^[+-]?\d{1,300}(\.\d{1,300})?(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : NaN;
    return Number.isFinite(found) ? JSON.stringify(found) : text ? quoted(text) : "null";
  },
  choice: (controls) => picked(controls)[0] ?? "null",
  choices: (controls) => list(picked(controls).map((one) => one.slice(1, -1))), // each is a list of one
  moment: ([input]) => {
    if (input.value === input.defaultValue) return input.dataset.is;
    if (!input.value) return "null";
    return quoted(`${input.value}${/:\d\d:/.test(input.value) ? "" : ":00"}Z`);
  },
  files: (boxes) => {
    const lines = boxes.flatMap((box) => box.value.split(LINES)).map(strip).filter(Boolean);
    if (boxes.some((box) => "file" in box.dataset)) return ""; // no condition can name a file
    return "several" in boxes[0].closest("[data-reads]").dataset || lines.length > 1
      ? list(lines.map(quoted)) : lines.length ? quoted(lines[0]) : "null";
  },
};

// A decision on a picture has its notes beside it.
function withNotes(field, decision) {
  const box = field.querySelector("textarea[name^='notes.']");
  const notes = (box && !box.disabled ? box.value : "").split(LINES).map(strip).filter(Boolean);
  if (!notes.length) return decision;
  if (notes.some((note) => /^\[[\d. ]+\]/.test(note))) return ""; // no condition can name places
  const written = notes.map((note) => `{"text":${quoted(note)}}`).join(",");
  return `{"annotations":[${written}]${decision === "null" ? "" : `,"decision":${decision}`}}`;
}

function answer(form, name) {
  const field = form.querySelector(`[data-field="${CSS.escape(name)}"][data-reads]`);
  if (!field) return "null"; // only shown, and so never sent
  const controls = [...field.querySelectorAll(`[name="${CSS.escape(`field.${name}`)}"]`)].filter((each) => !each.disabled);
  const found = controls.length ? READ[field.dataset.reads](controls) : "null";
  return field.dataset.reads === "choice" ? withNotes(field, found) : found;
}

// A question whose condition is not met is neither shown nor sent; hiding one may hide those that depend on it.
function showConditional(form) {
  const fields = [...form.querySelectorAll("[data-if-field]")];
  for (let pass = 0; pass <= fields.length; pass += 1) {
    for (const field of fields) {
      const met = answer(form, field.dataset.ifField) === field.dataset.ifValue;
      field.hidden = !met;
      for (const control of field.querySelectorAll("input, textarea, select")) control.disabled = !met;
    }
  }
}

for (const form of document.querySelectorAll("form[data-guard]")) {
  for (const event of ["change", "input"]) form.addEventListener(event, () => showConditional(form));
  showConditional(form);
}
