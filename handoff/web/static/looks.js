// What an open page asks by itself, and the list that the stream tells it: it takes over what changed, and the rest stays.

import { asOpened, countAnew, filled, mergeList } from "./list.js";
import { morph } from "./morph.js";
import { ask, at, read, recounted, show } from "./page.js";
import { keepPlace, place } from "./place.js";

const thread = () => document.body.dataset.thread;

let asking = false;
let next = null; // what is asked for after that
let pushed = null; // the list that the stream told meanwhile; false: more than one
let heard = 0; // the moment of the newest change that we were told of
let isLost = false; // whether there may have been others

export const hearOf = (moment) => { heard = Math.max(heard, moment); };
export const loseTrack = () => { isLost = true; };

/** Asks what changed in the thread and the list, in the list alone, or in the counts; several wishes at once are one. */
export async function refresh(part = "") {
  if (asking) return void (next = next === "" ? "" : part);
  asking = true;
  const rows = document.getElementById("rows");
  if (part === "counts" || (!rows && !document.querySelector("[data-live]:not(#rail)"))) return recount();
  const before = shown();
  const wasLost = isLost;
  const asked = rows && part !== "all" ? lookAddress(part) : location.pathname + location.search;
  isLost = false;
  try {
    const { response, page } = await ask(asked, { headers: { "Knock-Live": document.hidden ? "hidden" : "1" } });
    if (new URL(response.url).pathname === "/login") return location.reload(); // so that one comes back to this page
    if (!response.ok) isLost = wasLost;
    else if (before !== shown()) next ??= part; // a deed of the agent was faster, and brought another page
    else if (response.status !== 204) take(page);
  } catch {
    isLost = wasLost; // no connection: the banner says so, and the next hint asks again
  } finally {
    asking = false;
    const [again, list] = [next, pushed];
    next = pushed = null;
    if (list) takeList(list);
    if (again !== null || list === false) refresh(again ?? "list");
  }
}

/** On a page on which nothing else is live, only the numbers of the rail are asked for. */
async function recount() {
  try {
    const response = document.hidden ? null : await fetch("/counts", { headers: { "Knock-Live": "1" } });
    if (response?.redirected) return location.reload(); // to the sign-in, and back to this page
    if (response?.ok) countAnew(document.getElementById("rail"), await response.json());
  } catch {
    // no connection: the banner says so, and the next hint asks again
  } finally {
    asking = false;
    const again = next;
    next = null;
    if (again !== null) refresh(again);
  }
}

/** The stream tells how the list is; an answer that is on its way is shown first, for it was asked for first. */
export function hearList(list) {
  if (!asking) takeList(list);
  else pushed = pushed === null && list; // the second does not say again what the first said
}

/** What is older than what is shown is nothing new; who has too little for it asks. */
function takeList(list) {
  if (list.at !== at() || list.moment <= moment()) return;
  const page = read(list.page);
  asOpened(page);
  if (!showChanges(page)) refresh("list");
}

/** A whole page may have been made before what we have been told of meanwhile. */
document.addEventListener("shown", ({ detail }) => { if (detail.isWhole && moment() < heard) refresh("list"); });

const moment = () => Number(document.getElementById("rows")?.dataset.moment ?? Infinity);

const told = (id) => document.getElementById(id)?.dataset.told ?? "";
const shown = () => [location.pathname, location.search, told("rows"), told("log")].join(" ");

/** A page that is whole, or what changed; who has too little for that asks for all of it. */
function take(page) {
  if (page.getElementById("rail")) show(page, { quiet: true });
  else if (!showChanges(page)) next = "all";
}

/** What we have is not told again, and the list is one that was made after all that we heard of and all that is shown. */
function lookAddress(part) {
  const id = thread();
  const query = new URLSearchParams(location.search);
  const values = { thread: id || 0, since: isLost ? 0 : Math.max(heard, moment()), have: told("rows"), have_thread: told("log") };
  for (const [name, value] of Object.entries(values)) query.set(name, value);
  return `${id && part !== "list" ? `/inbox/${id}/look` : "/list"}?${query}`;
}

function showChanges(page) {
  const list = document.getElementById("list");
  const counts = JSON.parse(page.getElementById("rows").dataset.counts);
  const wasEmpty = !list.querySelector("#rows > li[id]");
  const missing = [...page.querySelectorAll("#log [data-same]")].some(({ id }) => !document.getElementById(id));
  const fresh = missing ? null : filled(list, page);
  if (!fresh || (!thread() && wasEmpty !== !fresh.querySelector("#rows > li[id]"))) return false;
  const before = place();
  document.title = recounted(page.title);
  countAnew(document.getElementById("rail"), counts);
  mergeList(list, fresh, true);
  for (const part of document.querySelectorAll("#thread [data-live], #details")) {
    const changed = page.getElementById(part.id);
    if (changed) morph(part, changed);
  }
  keepPlace(before, false);
  document.dispatchEvent(new CustomEvent("shown", { detail: { isOther: false } }));
  return true;
}
