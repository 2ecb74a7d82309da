// Files of the reply: chosen, pasted or dropped, they go to the server at once and wait there until they are sent or removed.

import { modeOf } from "./drafts.js";
import { ask, show } from "./page.js";

const form = () => document.getElementById("composer");
const list = () => document.getElementById("files");
const tell = (sentence) => { document.getElementById("problem").textContent = sentence; };
const hasFiles = (event) => Boolean(form()) && [...event.dataTransfer.types].includes("Files");

export function startAttaching() {
  document.addEventListener("change", ({ target }) => target.id === "attach" && attach([...target.files]).then(() => { target.value = ""; }));
  document.addEventListener("paste", paste);
  document.addEventListener("click", remove);
  document.addEventListener("dragover", (event) => hasFiles(event) && receive(event, true));
  document.addEventListener("dragleave", (event) => form() && !event.relatedTarget && receive(event, false));
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    receive(event, false);
    attach([...event.dataTransfer.files]);
  });
}

function receive(event, is) {
  event.preventDefault();
  form().classList.toggle("receives", is);
}

/** The files that go with the reply: their ids, and what they are called. */
export function filesOf() {
  return [...(list()?.querySelectorAll("[name=file]") ?? [])].map((field) => ({ id: field.value, name: field.parentElement.querySelector("bdi").textContent }));
}

/** They are on their way with the reply. */
export const sentOff = () => list()?.replaceChildren();

function paste(event) {
  const { files, types } = event.clipboardData;
  if (event.target.id !== "text" || !files.length || types.includes("text/plain")) return;
  event.preventDefault();
  attach([...files]);
}

function remove(event) {
  const button = event.target.closest(".remove-file");
  if (!button) return;
  event.preventDefault();
  change(button.formAction, new URLSearchParams()).then(() => document.getElementById("attach")?.focus());
}

async function attach(files) {
  if (!files.length) return;
  if (modeOf(form()) === "note") return tell("Files go with replies. Switch to Reply, then attach them.");
  const field = document.getElementById("attach");
  const large = files.find(({ size }) => size > Number(field.dataset.largest));
  if (large) return tell(`“${large.name}” is too large. A file has ${Number(field.dataset.largest) / 2 ** 20} MB at most.`);
  const body = new FormData();
  for (const file of files) body.append("attach", file);
  const waiting = Object.assign(document.createElement("li"), { textContent: `Attaching ${files.map(({ name }) => name).join(", ")}…` });
  waiting.dataset.waiting = "waiting";
  list().append(waiting);
  await change(field.dataset.to, body);
  waiting.remove();
}

async function change(url, body) {
  const { thread } = document.body.dataset;
  const { response, page } = await ask(url, { method: "POST", body }).catch(() => ({}));
  if (thread !== document.body.dataset.thread) return;
  if (response && new URL(response.url).pathname === "/login") return location.assign(response.url);
  if (!page || !show(page)) return tell("The files are not attached. Look at your connection, then attach them again.");
  document.getElementById("problem").replaceChildren(...(page.getElementById("problem")?.childNodes ?? []));
}
