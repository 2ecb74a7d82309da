// Asks the server for a page and makes this one like it, part by part. There is no other way by which HTML gets in.

import { asOpened, countAnew, filled, mergeList } from "./list.js";
import { morph } from "./morph.js";
import { keepPlace, place } from "./place.js";
import { localise } from "./times.js";

const policy = globalThis.trustedTypes?.createPolicy("knock", { createHTML: (html) => html, createScriptURL: (url) => url });

export const scriptAddress = (url) => (policy ? policy.createScriptURL(url) : url);

const PLACE = ["view", "q", "channel", "tag", "team", "sort", "show"]; // as handoff/web/where.py knows them
const SLOW = 300; // milliseconds after which a line says that the page is on its way

const thread = () => document.body.dataset.thread;

export async function ask(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  return { response, page: read(await response.text()) };
}

function read(html) {
  const page = new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
  localise(page);
  return page;
}

/** Takes over what the server sent. `quiet`: nobody asked for it, so the list keeps its order under the reader's hand. */
export function show(page, { quiet = false } = {}) {
  if (!page.getElementById("rail")) return false;
  const before = place();
  const isOther = page.body.dataset.thread !== thread();
  document.title = page.getElementById("thread") ? page.title : recounted(page.title);
  if (isOther) swapThread(page);
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh) continue;
    if (part.id === "list") mergeList(part, fresh, quiet && !isOther);
    else morph(part, fresh);
  }
  keepPlace(before, isOther);
  document.dispatchEvent(new CustomEvent("shown", { detail: { isOther } }));
  if (moment() < heard) refresh("list"); // it was made before what we have been told meanwhile
  return true;
}

/** The place of the list that is shown, without what else the address says; `null`: this page has none. */
export function at() {
  if (!document.body.classList.contains("inbox")) return null;
  const values = new URLSearchParams(location.search);
  return String(new URLSearchParams(PLACE.flatMap((name) => (values.has(name) ? [[name, values.get(name)]] : []))));
}

/** Says in the address where we are now. */
export function arrive(address) {
  history.pushState({}, "", address);
  document.dispatchEvent(new Event("moved"));
}

/** A page with the list alone knows how many cases wait, not what the thread is about. */
function recounted(title) {
  const count = /^\(\d+\) /;
  return (count.exec(title)?.[0] ?? "") + document.title.replace(count, "");
}

let visits = 0;

/** Goes to a page of the inbox without loading everything anew; any other page is simply loaded. The last wish counts. */
export async function visit(url, { push = true } = {}) {
  const visited = ++visits;
  const slow = setTimeout(() => document.body.classList.add("asking"), SLOW);
  const { response, page } = await ask(url).catch(() => ({}));
  clearTimeout(slow);
  if (visited !== visits) return;
  document.body.classList.remove("asking");
  if (!response || response.status >= 500) return failed(url);
  if (!show(page)) return location.assign(response.url);
  if (push) arrive(response.url);
  else document.dispatchEvent(new Event("moved"));
  document.getElementById(thread() ? "thread-title" : "list-title")?.focus({ preventScroll: true });
}

/** What is on the page stays there, with a way to try again. */
function failed(url) {
  const again = Object.assign(document.createElement("a"), { href: url, textContent: "Try again" });
  document.getElementById("list-trouble").replaceChildren("Could not load. ", again);
}

let asking = false;
let next = null; // what is asked for after that
let pushed = null; // the list that the stream told meanwhile
let heard = 0; // the moment of the newest change that we were told of
let isLost = false; // whether there may have been others

export const hearOf = (moment) => { heard = Math.max(heard, moment); };
export const loseTrack = () => { isLost = true; };

/** Asks what changed in the thread and the list, or in the list alone; several wishes at once are one. */
export async function refresh(part = "") {
  if (asking) return void (next = next === "" ? "" : part);
  asking = true;
  const rows = document.getElementById("rows");
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
    if (again !== null) refresh(again);
  }
}

/** The stream tells how the list is; an answer that is on its way is shown first, for it was asked for first. */
export function hearList(list) {
  if (asking) pushed = list;
  else takeList(list);
}

/** What is older than what is shown is nothing new; who has too little for it asks. */
function takeList(list) {
  if (list.at !== at() || list.moment <= moment()) return;
  const page = read(list.page);
  asOpened(page);
  if (!showChanges(page)) refresh("list");
}

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

function swapThread(page) {
  document.body.dataset.thread = page.body.dataset.thread;
  document.body.className = page.body.className;
  document.getElementById("details")?.remove();
  document.getElementById("thread").replaceWith(page.getElementById("thread"));
  const details = page.getElementById("details");
  if (details) document.getElementById("thread").after(details);
}
