// Asks the server for a page and makes this one like it, part by part. There is no other way by which HTML gets in.

import { mergeList } from "./list.js";
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

export function read(html) {
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
  document.dispatchEvent(new CustomEvent("shown", { detail: { isOther, isWhole: true } }));
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
export function recounted(title) {
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

function swapThread(page) {
  document.body.dataset.thread = page.body.dataset.thread;
  document.body.className = page.body.className;
  document.getElementById("details")?.remove();
  document.getElementById("thread").replaceWith(page.getElementById("thread"));
  const details = page.getElementById("details");
  if (details) document.getElementById("thread").after(details);
}
