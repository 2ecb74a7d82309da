// What is being sent and what could not be sent yet: shown at once, sent once, in order, never lost by a reload.

import { ask } from "./page.js";

const shelf = () => `outbox:${document.body.dataset.me}`;
const all = () => JSON.parse(localStorage.getItem(shelf()) ?? "[]");
const store = (entries) => localStorage.setItem(shelf(), JSON.stringify(entries));
const change = (id, values) => store(all().map((entry) => (entry.client_id === id ? { ...entry, ...values } : entry)));
const drop = (id) => store(all().filter((entry) => entry.client_id !== id));

const SOON = 3000; // milliseconds after which what could not reach the server is tried again

let sending = false;

export function add(entry) {
  store([...all(), { client_id: fresh(), ...entry, state: "waiting" }]);
  draw();
}

/** An id that nobody else uses; by hand, because `randomUUID` exists on secure pages only. */
function fresh() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends what waits, one after the other; `answered` gets each answer of the server. */
export async function flush(answered) {
  if (sending) return;
  sending = true;
  for (let entry; (entry = all().find(({ state }) => state === "waiting")); ) {
    const { client_id, seen_seq, text, files = [], then = "" } = entry;
    const body = new URLSearchParams([...Object.entries({ client_id, seen_seq, text, then }), ...files.map(({ id }) => ["file", id])]);
    try {
      const answer = await ask(entry.action, { method: "POST", body, headers: { "Knock-Brief": "1" } });
      const { status, url } = answer.response;
      if (status >= 500 || status === 403 || new URL(url).pathname === "/login") throw new TypeError("not taken");
      drop(client_id);
      answered(entry, answer); // the bubble waits for the message itself, which takes its place
    } catch (error) {
      const isRefused = error.message === "not taken";
      change(client_id, { state: isRefused ? "failed" : "offline" });
      if (!isRefused) setTimeout(() => { retry(); flush(answered); }, SOON);
      break;
    }
  }
  sending = false;
  draw();
}

/** Lets everything that failed wait again: all of it, or the one whose id is given. */
export function retry(id) {
  for (const entry of all()) if (id ? entry.client_id === id : entry.state === "offline") change(entry.client_id, { state: "waiting" });
}

/** After a reload nothing goes out by itself. */
export function hold() {
  for (const entry of all()) change(entry.client_id, { state: "failed" });
}

const STATES = { waiting: "Sending…", offline: "Waiting for connection", failed: "Not sent" };

export function draw() {
  for (const entry of all()) {
    if (entry.thread === document.body.dataset.thread) bubble(entry);
  }
}

function bubble({ client_id, text, files = [], mode, state }) {
  const item = document.getElementById(`m-${client_id}`) ?? document.createElement("li");
  if (!item.isConnected) document.getElementById("team").append(item);
  item.id = `m-${client_id}`;
  item.dataset.waiting = state;
  item.className = mode === "note" ? "note" : "agent";
  const words = Object.assign(document.createElement("p"), { className: "text", dir: "auto", textContent: [text, ...files.map(({ name }) => name)].filter(Boolean).join("\n") });
  const line = Object.assign(document.createElement("div"), { className: `delivery ${state}`, textContent: STATES[state] });
  if (state === "failed") {
    line.append(Object.assign(document.createElement("button"), { type: "button", className: "link try-again", textContent: "Try again" }));
  }
  item.replaceChildren(words, line);
}
