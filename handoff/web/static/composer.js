// Writing: drafts, the two kinds of text, sending without waiting, and what to do with a refusal.

import { filesOf, sentOff } from "./attach.js";
import { startChoices } from "./choices.js";
import { toEnd } from "./end.js";
import { drop, giveBack, keep, modeOf, restore, save, take } from "./drafts.js";
import * as outbox from "./outbox.js";
import { refresh } from "./looks.js";
import { ask, show } from "./page.js";

const form = () => document.getElementById("composer");

export function startComposer() {
  document.addEventListener("input", (event) => event.target.id === "text" && written());
  document.addEventListener("change", (event) => event.target.name === "mode" && switched());
  document.addEventListener("submit", (event) => event.target === form() && send(event));
  document.addEventListener("keydown", sendByKey);
  document.addEventListener("click", tryAgain);
  document.addEventListener("submit", (event) => event.target.matches("form.undo") && undo(event));
  addEventListener("pagehide", () => save());
  document.addEventListener("visibilitychange", () => document.hidden && save());
  startChoices();
  document.addEventListener("shown", shown);
  document.addEventListener("back-online", () => { outbox.retry(); outbox.flush(answered); });
  outbox.hold();
  opened();
}

function opened() {
  if (!form()) return;
  take(form());
  restore(form());
  save();
  count();
  outbox.draw();
}

function shown({ detail }) {
  if (detail.isOther) opened();
  else outbox.draw();
  const log = document.getElementById("log");
  if (log && form() && !document.hidden) form().elements.seen_seq.value = log.dataset.lastSeq;
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
  const files = mode === "reply" ? filesOf() : [];
  if (!text.value.trim() && !files.length) return text.focus();
  if (!button.checkVisibility()) return void (document.getElementById("problem").textContent = document.getElementById("obstacle").textContent);
  if (mode === "reply" && hasGap(text)) return;
  const { thread } = document.body.dataset;
  const then = mode === "reply" && event.submitter?.name === "then" ? "close" : "";
  outbox.add({ thread, mode, action: button.formAction, text: text.value, files, seen_seq: seen_seq.value, then });
  if (files.length) sentOff();
  const settled = clear(mode);
  toEnd();
  document.dispatchEvent(new Event("sent"));
  settled.then(() => outbox.flush(answered));
}

/** Words that nobody has filled in stop the reply, and are selected to be written over. */
function hasGap(text) {
  const gap = /\{\{[^{}]*\}\}/.exec(text.value);
  if (!gap) return false;
  document.getElementById("problem").textContent = `There is still a ${gap[0]} in your text. Put in what belongs there, then send.`;
  text.focus();
  text.setSelectionRange(gap.index, gap.index + gap[0].length);
  return true;
}

/** The reply comes back into the composer, if it has not gone out yet. */
async function undo(event) {
  event.preventDefault();
  const { thread } = document.body.dataset;
  await save(thread);
  const { response, page } = await ask(event.target.action, { method: "POST" }).catch(() => ({}));
  if (!page || thread !== document.body.dataset.thread || !show(page)) return;
  document.getElementById("problem").replaceChildren(...(page.getElementById("problem")?.childNodes ?? []));
  if (!response.ok) return;
  form().querySelector("[value=reply]").checked = true;
  form().dataset.reply = page.getElementById("composer").dataset.reply;
  opened();
  form().elements.text.focus();
}

function clear(mode) {
  const settled = drop(mode);
  form().querySelector(".go-reply").textContent = "Send reply";
  document.getElementById("problem").replaceChildren();
  form().querySelector("[value=reply]").checked = true;
  restore(form());
  count();
  form().elements.text.focus();
  return settled;
}

/** The server took it, or gives it back with a reason: then the text is in its place again. */
function answered(entry, { response, page }) {
  const isHere = entry.thread === document.body.dataset.thread;
  if (response.ok) return void (isHere && refresh());
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
  const mode = modeOf(form());
  form().requestSubmit(form().querySelector(event.shiftKey && mode === "reply" ? ".and-close" : `.go-${mode}`));
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
