// Makes the pages quicker. Everything also works without it.

import { startClocks } from "./clocks.js";
import { startAttaching } from "./attach.js";
import { startComposer } from "./composer.js";
import { startEnd, toEnd } from "./end.js";
import { startKeys } from "./keys.js";
import { startList } from "./list.js";
import { startLive } from "./live.js";
import { startMenu } from "./menu.js";
import { startNotices } from "./notices.js";
import { refresh } from "./looks.js";
import { arrive, ask, show, visit } from "./page.js";
import { startPresence } from "./presence.js";
import { localise } from "./times.js";

const AGAIN = 3000; // milliseconds after which a form can be sent again

const FAILED = "That did not work. Try again in a moment.";

const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);

function followInPlace(event) {
  const link = event.target.closest("#list a, .back");
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  visit(link.href);
}

async function doInPlace(event) {
  if (!event.target.matches("form[data-quiet]")) return;
  event.preventDefault();
  const before = location.href;
  const { response, page } = await ask(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target, event.submitter)) }).catch(() => ({}));
  if (response && new URL(response.url).pathname === "/login") return location.assign(response.url);
  if (location.href !== before) return void (response?.ok ? refresh() : say(page?.getElementById("problem")?.textContent || FAILED));
  if (!page || !show(page)) return say(FAILED);
  document.getElementById("problem")?.replaceWith(page.getElementById("problem") ?? "");
  if (!response.ok) return;
  putAway(event.target.closest("details.more"));
  event.target.querySelectorAll("input[type=text]").forEach((field) => { field.value = ""; });
  document.dispatchEvent(new CustomEvent("done", { detail: event.target }));
  const { pathname, search } = new URL(response.url);
  if (pathname === location.pathname) return;
  arrive(pathname + search);
  (document.getElementById("thread-title") ?? document.getElementById("list-title")).focus({ preventScroll: true });
}

function putAway(menu) {
  if (!menu?.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

function say(sentence) {
  document.getElementById("problem").textContent = sentence;
}

/** Who clicks twice means it once. */
function onlyOnce(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, AGAIN); // the page stayed, as when a file was saved
}

addEventListener("submit", onlyOnce);
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

document.documentElement.classList.add("js");
localise(document);
startKeys();
startMenu();
startLive();
if (document.body.classList.contains("inbox")) {
  startEnd();
  startClocks();
  startComposer();
  startAttaching();
  startPresence();
  startNotices();
  startList();
  document.addEventListener("click", followInPlace);
  document.addEventListener("submit", doInPlace);
  document.addEventListener("click", (event) => event.target.id === "newer" && toTheEnd());
  addEventListener("popstate", () => visit(location.href, { push: false }));
}

function toTheEnd() {
  toEnd();
  document.getElementById("log").focus();
}
