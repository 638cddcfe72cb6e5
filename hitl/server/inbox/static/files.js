// File picker beside the input for a URL. A file becomes a data URI with its name, which attachments.py reads.
// The limits are the server's, checked here before anything is sent.

const KB = 1024, MB = 1024 * KB;

function size(bytes) { // same format as attachments.size_in_words
  if (bytes < KB) return `${bytes} B`;
  return bytes < MB ? `${(bytes / KB).toFixed(0)} KB` : `${(bytes / MB).toFixed(1)} MB`;
}

function isAccepted(file, accept) {
  if (!accept) return true;
  const name = file.name.toLowerCase(), type = file.type.toLowerCase();
  return accept.toLowerCase().split(",").some((kind) => {
    if (kind.startsWith(".")) return name.endsWith(kind);
    return kind === "*/*" || (kind.endsWith("/*") ? type.startsWith(kind.slice(0, -1)) : type === kind);
  });
}

function read(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("error", () => reject(reader.error));
    reader.addEventListener("load", () => {
      const name = encodeURIComponent(file.name.replace(/\p{Surrogate}/gu, "_")); // a lone surrogate has no encoding
      const data = (reader.result.split(",")[1] ?? "").replaceAll("+", "-").replaceAll("/", "_"); // forms escape these
      resolve(`data:${file.type || "application/octet-stream"};name=${name};base64url,${data}`);
    });
    reader.readAsDataURL(file);
  });
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// One field: its URL input, the chosen files, the file picker and its error.
function attach(place) {
  const { name, accept, largest, together, box: boxId } = place.dataset;
  const multiple = "multiple" in place.dataset;
  const form = place.closest("form");
  const box = document.getElementById(boxId);
  const list = place.querySelector("ul");
  const fault = element("p", { className: "error", role: "alert", id: `${boxId}-files` });
  const chooser = element("input", { type: "file", multiple, accept, ariaLabel: "Choose a file" });
  const caption = form.querySelector(`label[for="${CSS.escape(boxId)}"]`);
  caption.id ||= `${boxId}-caption`;
  chooser.setAttribute("aria-describedby", `${caption.id} ${fault.id}`);
  let reading = null;

  const update = () => { box.hidden = !multiple && list.children.length > 0; };
  const changed = () => { update(); form.dispatchEvent(new Event("input")); };
  const total = () => [...list.children].reduce((sum, item) => sum + Number(item.dataset.bytes), 0);

  function addRemove(item) {
    const label = `Remove ${item.querySelector(".name").textContent}`;
    const button = element("button", { type: "button", className: "clear", textContent: "Remove", ariaLabel: label });
    button.addEventListener("click", () => {
      item.remove();
      fault.textContent = "";
      changed();
      chooser.focus();
    });
    item.append(button);
  }

  function add(file, value) {
    if (!multiple) list.replaceChildren();
    const sent = element("input", { type: "hidden", name, value });
    sent.dataset.file = "";
    const words = element("span", { className: "name", textContent: file.name });
    const item = element("li", {}, sent, words, " ", element("span", { className: "quiet", textContent: size(file.size) }), " ");
    item.dataset.bytes = file.size;
    addRemove(item);
    list.append(item);
  }

  function reason(file, sum) {
    if (!isAccepted(file, accept)) return `${file.name}: file type not accepted. Accepted: ${accept.split(",").join(", ")}.`;
    if (file.size > largest) return `${file.name} is ${size(file.size)}; the limit is ${size(largest)}.`;
    if (sum + file.size > together) return `${file.name} exceeds the total limit of ${size(together)}.`;
    return "";
  }

  async function take(files) {
    const faults = [];
    for (const file of files) {
      const wrong = reason(file, multiple ? total() : 0);
      if (wrong) faults.push(wrong);
      else await read(file).then((value) => add(file, value), () => faults.push(`${file.name} could not be read.`));
    }
    fault.textContent = faults.join(" ");
    changed();
  }

  function queue(files) {
    const task = Promise.resolve(reading).then(() => take(files));
    reading = task;
    task.finally(() => { if (reading === task) reading = null; });
  }

  chooser.addEventListener("change", () => {
    const files = [...chooser.files];
    chooser.value = ""; // so that the same file can be chosen again
    queue(files);
  });
  // If the reviewer submits before the file is read, the form is submitted once it is.
  form.addEventListener("submit", (event) => {
    if (!reading) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    reading.then(() => form.requestSubmit(event.submitter));
  });

  for (const item of list.children) addRemove(item);
  // The whole area takes a click, for the input lies over it, and what is dropped on it.
  const words = element("span", {}, element("b", { textContent: multiple ? "Choose files" : "Choose a file" }), " or drop ", multiple ? "them" : "it", " here");
  const most = element("span", { textContent: [accept.split(",").filter(Boolean).join(", "), `up to ${size(largest)}`].filter(Boolean).join(" · ") });
  const area = element("div", { className: "drop" }, chooser, words, most);
  const over = (is) => area.classList.toggle("over", is);
  area.addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
  area.addEventListener("dragleave", () => over(false));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    queue([...event.dataTransfer.files]);
  });
  place.append(area, fault);
  update();
}

for (const place of document.querySelectorAll("[data-files]")) attach(place);
