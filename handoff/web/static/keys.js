// Single keys outside of fields. What each does is written on the element it presses; none destroys anything.

const SWITCH = "single-keys";

export function startKeys() {
  const box = document.getElementById(SWITCH);
  box.checked = localStorage.getItem(SWITCH) !== "off";
  box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "on" : "off"));
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", openByHand);
}

function pressed(event) {
  if (event.key === "Escape") return event.target.closest(".composer, #search") && event.target.blur();
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
  if (isField(event.target) || document.querySelector("dialog[open]") || !document.getElementById(SWITCH).checked) return;
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (!press(key)) return;
  event.preventDefault();
}

function press(key) {
  if (key === "enter") return false; // a focused row is a link: the browser opens it
  const target = document.querySelector(`[data-shortcut="${CSS.escape(key)}"]`);
  if (!target || !target.checkVisibility()) return false;
  target.click();
  if (target.type === "radio") document.getElementById("text").focus();
  return true;
}

function move(step) {
  const rows = [...document.querySelectorAll("#rows .row")];
  const at = rows.findIndex((row) => row === document.activeElement);
  const from = at >= 0 ? at : rows.findIndex((row) => row.ariaCurrent === "true");
  rows[Math.max(0, Math.min(rows.length - 1, from + step))]?.focus();
}

const isField = (element) => element.matches("textarea, select, input:not([type=radio], [type=checkbox])") || element.isContentEditable;

/** For browsers that do not know `command` on buttons yet. */
function openByHand(event) {
  const button = event.target.closest("button[commandfor]");
  if (button && !("command" in button)) document.getElementById(button.getAttribute("commandfor")).showModal();
}
