// The command menu: everything that has a key, every view and every case of the list, and the search, by a few letters.

import { best } from "./fuzzy.js";
import { isUsable, use } from "./keys.js";

const MOST = 12;

const menu = () => document.getElementById("menu");
const input = () => document.getElementById("menu-input");
const list = () => document.getElementById("menu-list");

let commands = [];
let shown = [];
let at = 0;

export function startMenu() {
  document.addEventListener("keydown", (event) => {
    const wants = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (!wants || event.isComposing) return;
    event.preventDefault();
    if (menu().open) menu().close();
    else show();
  });
  document.addEventListener("click", (event) => event.target.closest("[data-opens=menu]") && show());
  input().addEventListener("input", () => draw());
  input().addEventListener("keydown", pressed);
  list().addEventListener("click", ({ target }) => run([...list().children].indexOf(target.closest("li"))));
}

function show() {
  document.querySelector("dialog[open]")?.close();
  commands = [...keyed(), ...places(), ...cases()];
  input().value = "";
  menu().showModal();
  draw();
}

const keyed = () => [...document.querySelectorAll("[data-shortcut]:not(dialog *, [data-opens=menu], #rows *)")].filter(isUsable).map((element) => {
  const { what, words = "", key } = element.dataset;
  return { label: what, words: `${what} ${words}`, key, run: () => use(element) };
});

const places = () => [...document.querySelectorAll(".tabs a, .rail a:not([data-shortcut])")].map((link) => {
  const label = `Go to: ${link.textContent.replace(/\d+/g, "").trim()}`;
  return { label, words: label, run: () => link.click() };
});

const cases = () => [...document.querySelectorAll("#rows .row")].map((row) => {
  const label = `Open: ${row.querySelector(".name").textContent}, ${row.querySelector(".what").textContent}`;
  return { label, words: label, run: () => row.click() };
});

function search(words) {
  const form = document.getElementById("search");
  if (!form || !words.trim()) return [];
  return [{ label: `Search for “${words.trim()}”`, run: () => { form.q.value = words.trim(); form.requestSubmit(); } }];
}

function draw() {
  shown = [...best(input().value, commands, ({ words }) => words).slice(0, MOST), ...search(input().value)];
  at = 0;
  list().replaceChildren(...shown.map(option));
  mark();
}

function option({ label, key }, number) {
  const item = Object.assign(document.createElement("li"), { id: `menu-${number}`, textContent: label, dir: "auto" });
  item.setAttribute("role", "option");
  if (key) item.append(" ", Object.assign(document.createElement("kbd"), { textContent: key }));
  return item;
}

function mark() {
  [...list().children].forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
  const current = list().children[at];
  input().setAttribute("aria-activedescendant", current?.id ?? "");
  current?.scrollIntoView({ block: "nearest" });
}

function pressed(event) {
  if (event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) at = shown.length ? (at + step + shown.length) % shown.length : 0;
  else if (event.key !== "Enter") return;
  event.preventDefault();
  if (step) mark();
  else run(at);
}

function run(number) {
  const command = shown[number];
  if (!command) return;
  menu().close();
  command.run();
}
