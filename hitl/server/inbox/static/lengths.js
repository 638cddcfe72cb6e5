// How long a text is, and may be. The server counts Unicode code points, as JSON Schema does, and so does this:
// `maxlength` of HTML would count UTF-16 units, and cut a text short that the server would take.

const people = "Segmenter" in Intl ? new Intl.Segmenter() : null;

function lengths(text) {
  const sent = text.replaceAll("\r\n", "\n");
  return { counted: [...sent].length, seen: people ? [...people.segment(sent)].length : [...sent].length };
}

function count(box) {
  const longest = Number(box.dataset.longest);
  const left = Object.assign(document.createElement("p"), { className: "left", id: `${box.id}-length` });
  const update = () => {
    const { counted, seen } = lengths(box.value);
    const over = counted - longest;
    left.textContent = `${counted} / ${longest}`;
    if (over > 0) left.textContent += ` · ${over} too many`;
    if (seen !== counted) left.textContent += " · emoji and accents can count as several";
    left.classList.toggle("over", over > 0);
  };
  box.addEventListener("input", update);
  box.after(left);
  box.setAttribute("aria-describedby", [box.getAttribute("aria-describedby"), left.id].filter(Boolean).join(" "));
  update();
}

for (const box of document.querySelectorAll("form[data-guard] [data-longest]")) count(box);
