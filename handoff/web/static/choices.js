// While writing: `/` offers saved replies, `@` in a note offers colleagues. What is chosen is put in at the caret.

import { best } from "./fuzzy.js";
import { ask } from "./page.js";

const MOST = 8;
const TRIGGER = /(^|\s)([/@])([^\s/@]*)$/;

let open = null; // { start, options, at }
let asked = 0;

const field = () => document.getElementById("text");
const box = () => document.getElementById("choices");

export function startChoices() {
  document.addEventListener("input", (event) => event.target.id === "text" && look());
  document.addEventListener("keydown", pressed, true);
  document.addEventListener("focusout", (event) => event.target.id === "text" && close());
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest("#choices [role=option]");
    if (!option) return;
    event.preventDefault();
    choose(option);
  });
}

async function look() {
  const { value, selectionStart: caret } = field();
  const found = TRIGGER.exec(value.slice(0, caret));
  const isNote = field().form.elements.mode.value === "note";
  if (!found || (found[2] === "@" && !isNote)) return close();
  const turn = ++asked;
  const all = found[2] === "@" ? colleagues() : await savedReplies();
  if (turn !== asked) return;
  const options = best(found[3], all, (option) => option.dataset.words, { loose: false }).slice(0, MOST);
  if (!options.length) return close();
  open = { start: caret - found[3].length - 1, options, at: 0 };
  show(found[2] === "@" ? "Colleagues" : "Saved replies");
}

function colleagues() {
  return [...document.querySelectorAll("#colleagues option")].map(({ value }, number) => {
    const option = Object.assign(document.createElement("li"), { id: `colleague-${number}`, textContent: value, dir: "auto" });
    option.setAttribute("role", "option");
    Object.assign(option.dataset, { words: value, text: `@${value} ` });
    return option;
  });
}

async function savedReplies() {
  const { page } = await ask(`/inbox/${document.body.dataset.thread}/saved-replies`, { headers: { "Knock-Live": "1" } }).catch(() => ({}));
  return [...(page?.querySelectorAll("#saved-list > li") ?? [])];
}

function show(label) {
  const list = document.createElement("ul");
  list.id = "choices-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label);
  list.append(...open.options);
  box().replaceChildren(list);
  box().hidden = false;
  field().setAttribute("aria-controls", list.id);
  mark();
}

function mark() {
  open.options.forEach((option, number) => option.setAttribute("aria-selected", String(number === open.at)));
  field().setAttribute("aria-activedescendant", open.options[open.at].id);
  open.options[open.at].scrollIntoView({ block: "nearest" });
}

function pressed(event) {
  if (!open || event.target.id !== "text" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    open.at = (open.at + step + open.options.length) % open.options.length;
    mark();
  } else if (event.key === "Enter" || event.key === "Tab") {
    choose(open.options[open.at]);
  } else if (event.key === "Escape") {
    close();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function choose(option) {
  const { start } = open;
  close();
  field().setRangeText(option.dataset.text, start, field().selectionStart, "end");
  field().dispatchEvent(new Event("input", { bubbles: true }));
}

function close() {
  asked += 1;
  open = null;
  if (!box()) return;
  box().hidden = true;
  box().replaceChildren();
  field().removeAttribute("aria-activedescendant");
  field().removeAttribute("aria-controls");
}
