// Hears the hints of the stream and asks what changed; says when there is no connection.

import { markRead } from "./list.js";
import { hearList, hearOf, loseTrack, refresh } from "./looks.js";
import { at, scriptAddress } from "./page.js";
import { forget, heard } from "./presence.js";
import { listen } from "./source.js";

const OTHERS = 200; // milliseconds between two looks of a page without a list, which are for what it counts
const PATIENCE = 3000; // a connection that is back so soon was never worth a word
const MODELS = "-3"; // the hint that a training or what is at work changed; see handoff/database.py
const LOST = "Connection lost. Trying again… You can go on writing.";

let banner = null;
let planned = null;
let wished = "counts";

export function startLive() {
  if ("SharedWorker" in window) shareWorker();
  else aloneWhileVisible();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh(); // what came meanwhile is before somebody's eyes only now
  });
  setInterval(() => document.hidden || refresh(), 60_000); // waiting times grow by themselves
}

const thread = () => document.body.dataset.thread;

function shareWorker() {
  const worker = new SharedWorker(scriptAddress(document.body.dataset.worker), { type: "module", name: "knock" });
  const say = () => worker.port.postMessage({ at: at() });
  worker.port.onmessage = ({ data }) => hear(data.name, data.data, data.moment);
  document.addEventListener("moved", say);
  const tellRead = () => { if (!document.hidden && thread()) worker.port.postMessage({ read: thread() }); };
  for (const kind of ["shown", "visibilitychange"]) document.addEventListener(kind, tellRead);
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", (event) => { if (event.persisted) { say(); loseTrack(); refresh(); } });
  say();
  tellRead();
}

function aloneWhileVisible() {
  let stream = null;
  const say = () => stream?.follow(at() === null ? [] : [at()]);
  const look = () => {
    stream?.stop();
    stream = document.hidden ? null : listen(hear);
    say();
  };
  document.addEventListener("visibilitychange", look);
  document.addEventListener("moved", say);
  look();
}

function hear(name, data, moment) {
  if (name === "down") return lost();
  if (name === "refused") { lost(); return refresh(); }
  if (name === "read") return markRead(data);
  back();
  if (name === "presence") return heard(data);
  if (name === "list") return hearList(data);
  if (name === "resync") { forget(); loseTrack(); refresh(); }
  if (name !== "changed") return;
  hearOf(moment);
  if (String(data) === thread()) refresh();
  else if (at() === null) plan(document.querySelector("[data-of-models]") && String(data) !== MODELS ? "counts" : "");
}

/** Of several wishes the greatest is fulfilled. */
function plan(part) {
  wished &&= part;
  planned ??= setTimeout(() => { const wish = wished; [planned, wished] = [null, "counts"]; refresh(wish); }, OTHERS);
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
