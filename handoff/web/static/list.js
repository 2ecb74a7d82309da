// The list keeps its order while the pointer or the focus is in it; a button says how much would change.

import { morph } from "./morph.js";

let held = null;

export function mergeList(list, fresh, quiet) {
  const rows = list.querySelector("#rows");
  const newRows = fresh.querySelector("#rows");
  const changes = quiet && isInHand(rows) ? difference(rows, newRows) : 0;
  held = changes ? newRows.cloneNode(true) : null;
  if (changes) keepOrder(rows, newRows);
  morph(list, fresh);
  const search = list.querySelector("#search").q;
  if (!quiet) search.value = search.defaultValue;
  showButton(changes);
}

export function startList() {
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
  held = null;
  morph(document.getElementById("rows"), fresh);
  showButton(0);
}

const isInHand = (rows) => rows.matches(":hover") || rows.contains(document.activeElement);

const ids = (rows) => [...rows.children].map((row) => row.id).filter(Boolean);

function difference(rows, newRows) {
  const [before, after] = [ids(rows), ids(newRows)];
  const gone = before.filter((id) => !after.includes(id)).length;
  const come = after.filter((id) => !before.includes(id)).length;
  return gone + come || Number(before.join() !== after.join());
}

/** Puts the new rows into the order of the old ones; what came waits, what went stays. */
function keepOrder(rows, newRows) {
  const fresh = new Map([...newRows.children].map((row) => [row.id, row]));
  newRows.replaceChildren(...[...rows.children].map((row) => fresh.get(row.id) ?? row.cloneNode(true)));
}

function showButton(changes) {
  const button = document.getElementById("changes");
  button.hidden = !changes;
  button.textContent = changes === 1 ? "1 change" : `${changes} changes`;
}
