// Writing: drafts, the two kinds of text, sending without waiting, and what to do with a refusal.

import { drop, giveBack, keep, modeOf, restore } from "./drafts.js";
import * as outbox from "./outbox.js";
import { show } from "./page.js";

const form = () => document.getElementById("composer");

export function startComposer() {
  document.addEventListener("input", (event) => event.target.id === "text" && written());
  document.addEventListener("change", (event) => event.target.name === "mode" && switched());
  document.addEventListener("submit", (event) => event.target === form() && send(event));
  document.addEventListener("keydown", sendByKey);
  document.addEventListener("click", tryAgain);
  document.addEventListener("shown", shown);
  document.addEventListener("back-online", () => { outbox.retry(); outbox.flush(answered); });
  outbox.hold();
  opened();
}

function opened() {
  if (!form()) return;
  if (!form().elements.text.value) restore(form());
  count();
  outbox.draw();
}

function shown({ detail }) {
  if (detail.isOther) opened();
  else outbox.draw();
  const log = document.getElementById("log");
  if (log && !document.hidden) form().elements.seen_seq.value = log.dataset.lastSeq;
}

function written() {
  keep(form());
  count();
}

function switched() {
  restore(form());
  count();
}

function send(event) {
  event.preventDefault();
  const { text, seen_seq } = form().elements;
  const mode = modeOf(form());
  const button = form().querySelector(`.go-${mode}`);
  if (!text.value.trim() || !button.checkVisibility()) return text.focus();
  const { thread } = document.body.dataset;
  outbox.add({ client_id: fresh(), thread, mode, action: button.formAction, text: text.value, seen_seq: seen_seq.value });
  clear(mode);
  document.getElementById("log").scrollTop = document.getElementById("log").scrollHeight;
  outbox.flush(answered);
}

function clear(mode) {
  drop(mode);
  form().querySelector(".go-reply").textContent = "Send reply";
  document.getElementById("problem").replaceChildren();
  form().querySelector("[value=reply]").checked = true;
  restore(form());
  count();
  form().elements.text.focus();
}

/** The server took it, or gives it back with a reason: then the text is in its place again. */
function answered(entry, { response, page }) {
  const isHere = entry.thread === document.body.dataset.thread;
  if (response.ok) return void (isHere && show(page));
  giveBack(entry);
  document.getElementById(`m-${entry.client_id}`)?.remove();
  if (!isHere) return;
  const composer = show(page) && page.getElementById("composer");
  if (composer) form().replaceWith(composer);
  const problem = page.getElementById("problem") ?? page.querySelector(".lead");
  document.getElementById("problem").replaceChildren(...(problem?.childNodes ?? []));
  opened();
  form().elements.text.focus();
}

function sendByKey(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || event.target.id !== "text") return;
  event.preventDefault();
  form().requestSubmit(form().querySelector(`.go-${modeOf(form())}`));
}

function tryAgain(event) {
  const item = event.target.closest(".try-again")?.closest("li");
  if (!item) return;
  outbox.retry(item.id.slice(2));
  outbox.draw();
  outbox.flush(answered);
}

function count() {
  const most = Number(form().dataset.most);
  const { length } = form().elements.text.value;
  const counter = form().querySelector(".counter");
  counter.hidden = length < most * 0.8;
  counter.classList.toggle("over", length > most);
  counter.textContent = `${length} of ${most}`;
}

/** An id that nobody else uses; by hand, because `randomUUID` exists on secure pages only. */
function fresh() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
