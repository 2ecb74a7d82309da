// Hears the hints of the stream and asks what changed; says when there is no connection.

import { hearOf, loseTrack, refresh, scriptAddress } from "./page.js";
import { forget, heard } from "./presence.js";
import { listen } from "./source.js";

const OTHERS = 50; // milliseconds between two looks at the list for the sake of other threads
const PATIENCE = 3000; // a connection that is back so soon was never worth a word
const LOST = "Connection lost. Trying again… You can go on writing.";

let banner = null;
let planned = null;
let spread = 0; // milliseconds over which all pages together look at their lists, so that the server keeps its breath

export function startLive() {
  if ("SharedWorker" in window) shareWorker();
  else aloneWhileVisible();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh(); // what came meanwhile is before somebody's eyes only now
  });
  setInterval(() => document.hidden || refresh(), 60_000); // waiting times grow by themselves
}

function shareWorker() {
  const worker = new SharedWorker(scriptAddress(document.body.dataset.worker), { type: "module", name: "knock" });
  worker.port.onmessage = ({ data }) => hear(data.name, data.data, data.moment);
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", (event) => { if (event.persisted) { worker.port.postMessage("back"); loseTrack(); refresh(); } });
}

function aloneWhileVisible() {
  let stop = listen(hear);
  document.addEventListener("visibilitychange", () => {
    stop();
    if (!document.hidden) stop = listen(hear);
  });
}

function hear(name, id, moment) {
  if (name === "down") return lost();
  if (name === "refused") { lost(); return refresh(); }
  back();
  if (name === "presence") return heard(id);
  if (name === "resync" || name === "ping") spread = id;
  if (name === "resync") { forget(); loseTrack(); refresh(); }
  if (name !== "changed") return;
  hearOf(moment);
  if (String(id) === document.body.dataset.thread) refresh();
  else planned ??= setTimeout(() => { planned = null; refresh("list"); }, OTHERS + Math.random() * spread);
}

function lost() {
  banner ??= setTimeout(() => { document.getElementById("banner").textContent = LOST; }, PATIENCE);
}

function back() {
  if (banner === null) return;
  clearTimeout(banner);
  banner = null;
  document.getElementById("banner").textContent = "";
  document.dispatchEvent(new Event("back-online"));
}
