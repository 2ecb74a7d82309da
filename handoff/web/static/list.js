// The list keeps its order while the pointer or the focus is in it; a button says how much would change.

import { morph } from "./morph.js";

let held = null;
let told = new Map(); // the rows as the server told them last, whatever is shown of them by now

export function mergeList(list, fresh, quiet) {
  const rows = list.querySelector("#rows");
  const newRows = fresh.querySelector("#rows");
  remember(newRows);
  const changes = quiet && isInHand(rows) ? difference(rows, newRows) : 0;
  held = changes ? newRows.cloneNode(true) : null;
  if (changes) keepOrder(rows, newRows);
  if (quiet) fresh.querySelector("#undone").replaceWith(list.querySelector("#undone").cloneNode(true)); // nobody has read it yet
  morph(list, fresh);
  const search = list.querySelector("#search").q;
  if (!quiet) search.value = search.defaultValue;
  showButton(changes);
  count();
}

/** The list as it would be with these rows, of which we have those that came by their tokens alone; `null` if we lack one. */
export function filled(list, page) {
  const rows = page.getElementById("rows");
  const ordered = rows.dataset.order.split(" ").filter(Boolean).map((it) => page.getElementById(nameIn(it)) ?? ours(it));
  if (ordered.includes(null)) return null;
  rows.prepend(...ordered);
  const fresh = list.cloneNode(true);
  fresh.querySelector("#rows").replaceWith(rows);
  const groups = page.getElementById("groups");
  if (groups) fresh.querySelector("#groups").replaceWith(groups);
  if (token(fresh.querySelector("#groups")) !== rows.dataset.groups) return null;
  countAnew(fresh, JSON.parse(rows.dataset.counts));
  return fresh;
}

/** What is there by its name and its version. */
const token = (part) => `${part.id}:${part.dataset.version}`;
const nameIn = (it) => it.split(":")[0];

function ours(it) {
  const row = told.get(nameIn(it));
  return row && (token(row) === it || isOpen(row)) ? row.cloneNode(true) : null;
}

/** The thread that is open brings its row along when it is told of a change, and is read meanwhile. */
const isOpen = (row) => row.id === `row-${document.body.dataset.thread}`;

/** The stream knows neither which thread is open beside the list nor that it is before somebody's eyes. */
export function asOpened(page) {
  const row = [...page.querySelectorAll("#rows > li")].find(isOpen);
  row?.querySelector("a.row")?.setAttribute("aria-current", "true");
  if (row && !document.hidden) asRead(row);
}

/** Another tab of this browser shows the thread. */
export function markRead(id) {
  const rows = [document.getElementById(`row-${id}`), told.get(`row-${id}`), held?.querySelector(`#row-${id}`)].filter((row) => row?.classList.contains("unread"));
  rows.forEach(asRead);
  if (rows.length) document.dispatchEvent(new CustomEvent("shown", { detail: { isOther: false } }));
}

function asRead(row) {
  row.classList.remove("unread");
  row.querySelector(".dot")?.remove();
}

export function countAnew(root, counts) {
  for (const number of root.querySelectorAll("[data-count]")) {
    const count = counts[number.dataset.count];
    if (count !== undefined) number.textContent = count;
    if (number.matches("#rail *")) number.hidden = !count;
  }
}

function remember(rows) {
  told = new Map([...rows.children].filter((row) => row.id).map((row) => [row.id, row.cloneNode(true)]));
}

export function startList() {
  remember(document.getElementById("rows"));
  document.addEventListener("change", (event) => event.target.closest(".pick") && count());
  document.addEventListener("click", (event) => event.target.closest("#views a") && event.target.closest("details").removeAttribute("open"));
  document.addEventListener("click", closeOthers);
  document.addEventListener("done", ({ detail }) => detail.id === "several" && deselect());
  count();
  document.addEventListener("click", (event) => event.target.closest("#changes") && letGo());
  for (const kind of ["mouseout", "focusout"]) {
    document.addEventListener(kind, (event) => {
      if (event.target.closest?.("#rows") && !event.relatedTarget?.closest?.("#list")) letGo();
    });
  }
}

function letGo() {
  if (!held) return;
  const fresh = held;
  const byButton = document.activeElement?.id === "changes";
  held = null;
  morph(document.getElementById("rows"), fresh);
  showButton(0);
  if (byButton) document.querySelector("#rows a.row")?.focus();
  document.dispatchEvent(new CustomEvent("shown", { detail: { isOther: false } }));
}

function count() {
  const chosen = document.querySelectorAll(".pick :checked").length;
  const said = document.getElementById("selected");
  if (said) said.textContent = chosen ? `${chosen} selected` : "Selected";
}

function deselect() {
  for (const box of document.querySelectorAll(".pick :checked")) box.checked = false;
  count();
}

/** A menu closes when somebody clicks elsewhere. */
function closeOthers({ target }) {
  for (const menu of document.querySelectorAll("details.more[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
}

const isInHand = (rows) => rows.matches(":hover") || rows.contains(document.activeElement);

const ids = (rows) => [...rows.children].map((row) => row.id).filter(Boolean);

function difference(rows, newRows) {
  const [before, after] = [ids(rows), ids(newRows)];
  const gone = before.filter((id) => !after.includes(id)).length;
  const come = after.filter((id) => !before.includes(id)).length;
  return gone + come || Number(before.join() !== after.join());
}

/** Puts the new rows into the order of the old ones; what came waits, what went stays. No row moves, or it loses the focus. */
function keepOrder(rows, newRows) {
  const fresh = new Map([...newRows.children].map((row) => [row.id, row]));
  newRows.replaceChildren(...[...rows.childNodes].map((row) => fresh.get(row.id) ?? row.cloneNode(true)));
}

function showButton(changes) {
  const button = document.getElementById("changes");
  button.hidden = !changes;
  button.textContent = changes === 1 ? "1 change" : `${changes} changes`;
}
