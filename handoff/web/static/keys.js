// Single keys outside of fields. What each does is written on the element it presses; none destroys anything.

const SWITCH = "single-keys";
const NEXT = 1000; // milliseconds in which the second of two keys comes

let first = null;

export function startKeys() {
  document.getElementById(SWITCH).addEventListener("change", keepSwitch);
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", openByHand);
  document.addEventListener("toggle", enter, true);
}

function keepSwitch({ target }) {
  fetch(target.form.action, { method: "POST", body: new URLSearchParams(new FormData(target.form)), redirect: "manual" }).catch(() => {});
}

function pressed(event) {
  if (event.key === "Escape") return leave(event.target);
  if (event.repeat && !/^[jk]$/i.test(event.key)) return; // who holds a key has not read what it would do next
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
  if (isField(event.target) || document.querySelector("dialog[open], details.more[open]") || !document.getElementById(SWITCH).checked) return;
  if (act(nameOf(event))) event.preventDefault();
}

function nameOf({ key, shiftKey }) {
  const name = key.toLowerCase();
  return shiftKey && /^[a-z]$/.test(name) ? `shift+${name}` : name;
}

function act(key) {
  if (key === "enter" || key === "shift") return false; // a focused row is a link: the browser opens it
  const both = first ? `${first} ${key}` : null;
  first = null;
  if (both && press(both)) return true;
  if (document.querySelector(`[data-shortcut^="${CSS.escape(key)} "]`)) {
    first = key;
    setTimeout(() => { first = null; }, NEXT);
    return true;
  }
  return (moves[key]?.() ?? false) || press(key);
}

const moves = {
  j: () => move(1),
  k: () => move(-1),
  o: () => document.activeElement.matches(".row") && (document.activeElement.click(), true),
  u: () => !document.querySelector(".back")?.checkVisibility() && move(0),
  "[": () => turn(-1),
  "]": () => turn(1),
};

function leave(target) {
  const menu = document.querySelector("details.more[open]");
  if (menu) menu.open = false;
  if (menu?.contains(target)) menu.querySelector("summary").focus();
  else if (target.closest(".composer, #search")) target.blur();
}

/** Who opens a menu is in it: what they type next is meant for it. */
function enter({ target: menu }) {
  if (!menu.matches("details.more[open]") || menu.querySelector(".menu").contains(document.activeElement)) return;
  menu.querySelector(".menu").querySelector("a, button, select, input:not([type=hidden])")?.focus();
}

export const isUsable = (element) => !element.disabled && (element.closest("details.more") ?? element).checkVisibility();

/** Does what the element is there for: a field gets the focus, everything else is clicked. */
export function use(element) {
  const isWritten = element.matches("select, textarea, summary, input[type=search], input[type=text]");
  if (isWritten && element.closest("details")) element.closest("details").open = true;
  if (isWritten) element.focus();
  else element.click();
  if (element.type === "radio") document.getElementById("text").focus();
}

function press(key) {
  const selector = `[data-shortcut="${CSS.escape(key)}"]`;
  const row = document.activeElement.closest("#rows > li, .cards > li") ?? document.querySelector("#rows [aria-current]")?.closest("li");
  const target = row?.querySelector(selector) ?? [...document.querySelectorAll(selector)].find((one) => !one.closest("#rows") && isUsable(one));
  if (target) use(target);
  return Boolean(target);
}

function move(step) {
  const rows = [...document.querySelectorAll("#rows .row, #review .cards > li")];
  const at = rows.findIndex((row) => (row.closest("#rows > li") ?? row).contains(document.activeElement));
  const from = at >= 0 ? at : rows.findIndex((row) => row.ariaCurrent === "true");
  rows[Math.max(0, Math.min(rows.length - 1, from + step))]?.focus();
  return true;
}

/** To the next part of the thread. */
function turn(step) {
  const titles = [...document.querySelectorAll("#log section > h2")];
  if (!titles.length) return false;
  const { top } = document.getElementById("log").getBoundingClientRect();
  const focused = titles.indexOf(document.activeElement);
  const at = focused >= 0 ? focused : titles.findLastIndex((title) => title.getBoundingClientRect().top <= top + 20);
  const title = titles[Math.max(0, Math.min(titles.length - 1, at + step))];
  title.tabIndex = -1;
  title.scrollIntoView({ block: "start" });
  title.focus({ preventScroll: true });
  return true;
}

const isField = (element) => element.matches("textarea, select, input:not([type=radio], [type=checkbox])") || element.isContentEditable;

/** For browsers that do not know `command` on buttons yet. */
function openByHand(event) {
  const button = event.target.closest("button[commandfor]");
  if (button && !("command" in button)) document.getElementById(button.getAttribute("commandfor")).showModal();
}
