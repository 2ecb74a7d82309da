// The chat: a line appears as soon as it is sent, waits where there is no connection, and is sent once.

import { sendFiles } from "./attach.js";
import { follow, keepDraft, localTimes, parse } from "./live.js";

const log = document.getElementById("log");
const lines = document.getElementById("lines");
const answers = document.getElementById("answers");
const offline = document.getElementById("offline");
const form = document.getElementById("say");
const words = log.dataset;
const page = location.pathname;
const waiting = `waiting:${page}`;
const unsent = () => JSON.parse(localStorage.getItem(waiting) ?? "[]");
const keep = (messages) => localStorage.setItem(waiting, JSON.stringify(messages));

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const atEnd = () => innerHeight + scrollY >= document.documentElement.scrollHeight - 120;
const toEnd = () => scrollTo({ top: document.documentElement.scrollHeight });

function merge(fresh) {
  if (!fresh.getElementById("log") || (form && !fresh.getElementById("say"))) return location.reload();
  const stay = !atEnd();
  localTimes(fresh);
  for (const id of ["face", "name", "standing"]) copy(fresh.getElementById(id), document.getElementById(id));
  replaceAnswers(fresh.getElementById("answers"));
  log.dataset.after = fresh.getElementById("log").dataset.after;
  for (const line of [...fresh.getElementById("lines").children]) place(line);
  if (!stay) toEnd();
}

function copy(now, old) {
  old.className = now.className;
  if (old.textContent !== now.textContent) old.textContent = now.textContent;
}

function replaceAnswers(now) {
  const said = (root) => [...root.querySelectorAll("button")].map((button) => button.value).join("\n");
  if (said(now) !== said(answers)) answers.replaceChildren(...now.childNodes);
}

function place(line) {
  if (document.getElementById(line.id)) return;
  const own = line.dataset.key && lines.querySelector(`[data-key="${CSS.escape(line.dataset.key)}"]`);
  if (own) {
    own.id = line.id;
    own.className = line.className;
    own.querySelector(".when").replaceChildren(...line.querySelector(".when").childNodes);
  } else {
    line.classList.add("new");
    lines.append(line);
  }
}

function bubble({ text, id }) {
  const line = document.createElement("li");
  line.className = "line mine waits";
  line.dataset.key = `chat:${id}`;
  for (const [tag, kind] of [["p", "said"], ["span", "when"]]) {
    const part = document.createElement(tag);
    part.className = kind;
    line.append(part);
  }
  line.firstChild.dir = "auto";
  line.firstChild.textContent = text;
  mark(line, words.sending);
  lines.append(line);
  toEnd();
  return line;
}

function mark(line, state, retry) {
  const when = line.querySelector(".when");
  when.textContent = state;
  line.classList.toggle("failed", Boolean(retry));
  if (!retry) return;
  const button = document.createElement("button");
  button.className = "plain";
  button.textContent = words.again;
  button.addEventListener("click", retry, { once: true });
  when.append(" ", button);
}

const lineOf = (message) => lines.querySelector(`[data-key="${CSS.escape(`chat:${message.id}`)}"]`) ?? bubble(message);
const settle = (message) => keep(unsent().filter((other) => other.id !== message.id));

/** Whether the line is settled: sent, or refused for good. `false`: there is no connection. */
async function send(message) {
  const line = lineOf(message);
  if (!line.classList.contains("waits")) return settle(message), true;
  mark(line, words.sending);
  const body = new URLSearchParams({ text: message.text, client_id: message.id });
  try {
    const answer = await fetch(`${page}/say${location.search}`, { method: "POST", body, redirect: "manual" });
    if (answer.type === "opaqueredirect") return settle(message), mark(line, words.sent), true;
    if (answer.status >= 500) throw new Error(answer.status);
    const why = parse(await answer.text()).querySelector("[role=alert]")?.textContent.trim() ?? "";
    settle(message);
    mark(line, `${words.refused} ${why}`, () => { keep([...unsent(), message]); flush(); });
    return true;
  } catch {
    mark(line, navigator.onLine ? words.waiting : words.offline);
    return false;
  }
}

let sending = Promise.resolve();
function flush() {
  sending = sending.then(async () => {
    for (const message of unsent()) if (!(await send(message))) return;
  });
  return sending;
}

function say(text, id) {
  const message = { text, id };
  keep([...unsent(), message]);
  bubble(message);
  return flush().then(look);
}

const look = follow(log.dataset.live, async () => {
  await flush();
  const here = new URL(location);
  here.searchParams.set("after", log.dataset.after);
  const answer = await fetch(here, { headers: { Accept: "text/html" } });
  if (answer.ok) merge(parse(await answer.text()));
  else if ([403, 404, 410].includes(answer.status)) location.reload();
  else if (answer.status >= 500) throw new Error(answer.status);
}, (up) => { offline.hidden = up; }, ({ name, state }) => {
  document.getElementById("typing").textContent = state === "typing" ? words.typing.replace("{name}", name) : "";
});

let typedAt = 0;

/** The team sees that an answer is being written; after five seconds without a word from us, that it is not. */
function type(still) {
  if (still && Date.now() - typedAt < 3000) return;
  if (!still && !typedAt) return;
  typedAt = still ? Date.now() : 0;
  fetch(`${page}/typing`, { method: "POST", body: new URLSearchParams({ still }), keepalive: true }).catch(() => {});
}

if (form) {
  const field = form.elements.text;
  const draft = keepDraft(field);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const over = [...field.value.trim()].length - Number(field.dataset.longest);
    field.setCustomValidity(over > 0 ? words.long.replace("{number}", over.toLocaleString(document.documentElement.lang)) : "");
    if (!field.reportValidity()) return;
    if (form.elements.files.files.length) return void sendFiles(form, newId).then(arrived);
    if (!field.value.trim()) return;
    say(field.value.trim(), newId());
    field.value = "";
    type(false);
    draft.forget();
    field.focus();
    form.querySelector("[role=alert]")?.remove();
  });
  const arrived = (has) => {
    if (!has) return;
    draft.forget();
    type(false);
    look().then(toEnd);
    field.focus();
  };
  field.addEventListener("input", () => { field.setCustomValidity(""); type(Boolean(field.value)); });
  addEventListener("pagehide", () => type(false));
  field.addEventListener("keydown", (event) => {
    const wants = event.key === "Enter" && !event.isComposing && (event.ctrlKey || event.metaKey);
    if (wants) form.requestSubmit();
  });
}

answers.addEventListener("submit", (event) => {
  if (!new URL(event.target.action).pathname.endsWith("/say")) return;
  event.preventDefault();
  answers.replaceChildren();
  say(event.submitter.value, newId());
  form?.elements.text.focus();
});

document.getElementById("check").hidden = true;
toEnd();

// A screen that turns, a keyboard that opens, or a picture that arrives does not hide the newest line from who reads there.
let reading = true;
let last = scrollY;
addEventListener("scroll", () => { reading = atEnd() || (reading && scrollY >= last); last = scrollY; }, { passive: true });
addEventListener("resize", () => { if (reading) toEnd(); });
lines.addEventListener("load", () => { if (reading) toEnd(); }, true); // a picture that makes the page longer
