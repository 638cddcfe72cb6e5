// Pictures: what to do if one does not load, and marks on the one to judge.
// Marks are lines of the notes below the decision, "[left top width height] words" in percent, as fields.py reads them.

const MARK = /^\[(\d{1,3}(?:\.\d{1,2})?) (\d{1,3}(?:\.\d{1,2})?) (\d{1,3}(?:\.\d{1,2})?) (\d{1,3}(?:\.\d{1,2})?)\](.*)$/;
const STEP = 1, SMALLEST = 1; // percent
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const percent = (number) => String(Math.round(number * 100) / 100);
const write = ([x, y, width, height], words) => `[${[x, y, width, height].map(percent).join(" ")}]${words}`;

function read(line) {
  const found = MARK.exec(line.trimStart());
  if (!found) return null;
  const box = found.slice(1, 5).map(Number);
  const isWithin = box[2] > 0 && box[3] > 0 && box[0] + box[2] <= 100.01 && box[1] + box[3] <= 100.01;
  return isWithin ? { box, words: found[5] } : null;
}

// Keeps a box on the picture, whatever was asked of it.
function within([x, y, width, height]) {
  const wide = Math.min(Math.max(width, SMALLEST), 100), high = Math.min(Math.max(height, SMALLEST), 100);
  return [Math.min(Math.max(x, 0), 100 - wide), Math.min(Math.max(y, 0), 100 - high), wide, high];
}

class Marks {
  constructor(place, notes) {
    this.notes = notes;
    this.frame = place.querySelector(".frame");
    this.pen = element("button", { type: "button", className: "plain", textContent: "Draw a mark", ariaPressed: "false" });
    this.pen.dataset.mark = "";
    const add = element("button", { type: "button", className: "plain", textContent: "Add a mark" });
    const help = element("span", { className: "quiet", textContent: "Arrow keys move a mark, with Shift they resize it, Delete removes it. Say what it shows in its line of the notes." });
    place.append(element("div", { className: "tools" }, this.pen, add, help));
    this.pen.addEventListener("click", () => this.hold(this.pen.ariaPressed !== "true"));
    add.addEventListener("click", () => this.focus(this.add([40, 40, 20, 20])));
    notes.addEventListener("input", () => this.draw());
    this.frame.addEventListener("pointerdown", (event) => this.drag(event));
    this.draw();
  }

  get lines() { return this.notes.value.split("\n"); }

  set lines(lines) {
    this.notes.value = lines.join("\n");
    this.notes.dispatchEvent(new Event("input", { bubbles: true })); // drawn again, kept as a draft
  }

  hold(isHeld) {
    this.pen.ariaPressed = String(isHeld);
    this.frame.classList.toggle("drawing", isHeld);
  }

  add(box) { // returns the place of its line
    const kept = this.lines.filter((line, index, all) => line.trim() || index < all.length - 1);
    this.lines = [...kept, write(within(box), " ")];
    return kept.length;
  }

  change(index, box) {
    const mark = read(this.lines[index]);
    this.lines = this.lines.with(index, write(within(box), mark.words));
    this.focus(index);
  }

  remove(index) {
    this.lines = this.lines.toSpliced(index, 1);
    (this.frame.querySelector(".spot") ?? this.pen).focus();
  }

  focus(index) { this.frame.querySelector(`.spot[data-line="${index}"]`)?.focus(); }

  write(index) { // go on in the words of the mark
    const end = this.lines.slice(0, index + 1).join("\n").length;
    this.notes.focus();
    this.notes.setSelectionRange(end, end);
  }

  draw() {
    for (const spot of this.frame.querySelectorAll(".spot")) spot.remove();
    let number = 0;
    for (const [index, line] of this.lines.entries()) {
      const mark = read(line);
      if (!mark) continue;
      number += 1;
      const spot = element("button", { type: "button", className: "spot" }, element("span", { textContent: String(number) }));
      spot.ariaLabel = `Mark ${number}: ${mark.words.trim() || "no words yet"}`;
      spot.dataset.line = index;
      const [x, y, width, height] = mark.box.map((part) => `${part}%`);
      Object.assign(spot.style, { left: x, top: y, width, height });
      spot.addEventListener("click", () => this.write(index));
      spot.addEventListener("keydown", (event) => this.press(event, index, mark.box));
      this.frame.append(spot);
    }
  }

  press(event, index, [x, y, width, height]) {
    const move = ARROWS[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || (!move && event.key !== "Delete")) return;
    event.preventDefault();
    event.stopPropagation();
    if (!move) this.remove(index);
    else if (event.shiftKey) this.change(index, [x, y, Math.min(width + move[0], 100 - x), Math.min(height + move[1], 100 - y)]);
    else this.change(index, [x + move[0], y + move[1], width, height]);
  }

  drag(event) {
    if (!this.frame.classList.contains("drawing") || event.button !== 0) return;
    event.preventDefault();
    const { left, top, width, height } = this.frame.getBoundingClientRect();
    const at = (each) => [(each.clientX - left) / width, (each.clientY - top) / height].map((part) => Math.min(Math.max(part * 100, 0), 100));
    const [x, y] = at(event);
    this.frame.setPointerCapture(event.pointerId);
    this.frame.addEventListener("pointerup", (end) => {
      const [toX, toY] = at(end);
      this.hold(false);
      const index = this.add([Math.min(x, toX), Math.min(y, toY), Math.abs(toX - x), Math.abs(toY - y)]);
      this.write(index);
    }, { once: true });
  }
}

function failed(image) {
  const figure = image.closest(".picture");
  const host = figure.dataset.host;
  const retry = element("button", { type: "button", className: "plain", textContent: "Try again" });
  const note = element("div", { className: "unloaded" },
    element("p", { textContent: host ? `${host} did not answer with a picture.` : "The browser cannot show this picture." }), ...(host ? [retry] : []));
  const canvas = figure.querySelector(".canvas");
  retry.addEventListener("click", () => { note.remove(); canvas.hidden = false; image.src = image.src; });
  canvas.hidden = true;
  canvas.before(note);
}

for (const image of document.querySelectorAll(".picture img")) {
  image.addEventListener("error", () => failed(image));
  if (image.complete && !image.naturalWidth) failed(image);
}
for (const place of document.querySelectorAll("[data-marks]")) {
  const notes = document.getElementById(place.dataset.marks);
  if (notes && place.querySelector(".frame")) new Marks(place, notes);
}
