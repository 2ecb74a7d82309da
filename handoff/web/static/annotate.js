// Marks what is selected in an example as an entity: [kettle](product). Without it, the brackets are typed.

const chosen = new WeakMap(); // what was selected in a field when the focus left it

for (const marker of document.querySelectorAll("[data-marks]")) {
  const field = document.getElementById(marker.dataset.marks);
  const name = marker.querySelector("input");
  field.addEventListener("select", () => chosen.set(field, [field.selectionStart, field.selectionEnd]));
  field.addEventListener("input", () => chosen.delete(field));
  marker.querySelector("button").addEventListener("click", () => mark(field, name));
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    mark(field, name);
  });
}

function mark(field, name) {
  const [start, end] = field.selectionStart === field.selectionEnd ? chosen.get(field) ?? [0, 0] : [field.selectionStart, field.selectionEnd];
  const text = field.value.slice(start, end);
  const core = text.trim();
  if (!core) return complain(field, "Select the words in the text first.");
  if (/[[\]\n]/.test(core)) return complain(field, "Select words of one line that are not marked yet.");
  if (!/^[A-Za-z]\w*$/.test(name.value)) return complain(name, "Write the name of the entity: letters, digits and underscores, as order_number.");
  const at = start + text.indexOf(core);
  field.setRangeText(`[${core}](${name.value})`, at, at + core.length, "end");
  chosen.delete(field);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

function complain(field, sentence) {
  field.setCustomValidity(sentence);
  field.reportValidity();
  field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
  field.addEventListener("select", () => field.setCustomValidity(""), { once: true });
  field.addEventListener("blur", () => field.setCustomValidity(""), { once: true }); // it is no reason not to save
}
