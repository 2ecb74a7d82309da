// Says that this page is looked at and written in, and shows who else is there. Only for a tab that is in front.

const AGAIN = 25_000; // milliseconds: whoever looks says so before a minute is over
const KEYS = 3_000; // and whoever types, before five seconds are
const PAUSE = 5_000; // after the last key nobody types any more

const tab = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const others = new Map();

let place = "";
let state = "gone";
let told = 0;
let lastKey = 0;

export function startPresence() {
  if (!("thread" in document.body.dataset)) return;
  document.addEventListener("visibilitychange", look);
  document.addEventListener("shown", look);
  document.addEventListener("shown", draw);
  document.addEventListener("input", (event) => event.target.id === "text" && typed(event.target));
  document.addEventListener("sent", () => { lastKey = 0; look(); });
  addEventListener("pagehide", () => tell("gone"));
  addEventListener("pageshow", look);
  setInterval(look, 1000);
  look();
}

function typed(field) {
  lastKey = field.value ? Date.now() : 0;
  look();
}

function look() {
  const { thread } = document.body.dataset;
  if (place && place !== thread) tell("gone");
  place = thread;
  const types = Date.now() - lastKey < PAUSE;
  const kind = document.getElementById("composer")?.elements.mode.value === "note" ? "noting" : "typing";
  const now = document.hidden ? "gone" : types ? kind : "viewing";
  if (now !== state || (now !== "gone" && Date.now() - told > (types ? KEYS : AGAIN))) tell(now);
}

function tell(now) {
  if (!("answers" in document.body.dataset)) return; // who only reads is not seen
  if (!place || (now === "gone" && state === "gone")) return;
  state = now;
  told = Date.now();
  fetch(`/inbox/${place}/presence`, { method: "POST", body: new URLSearchParams({ tab, state }), keepalive: true, headers: { "Knock-Live": "1" } }).catch(() => {});
}

/** What the stream tells: somebody came, went, or began to write. */
export function heard(somebody) {
  const key = `${somebody.thread} ${somebody.who}`;
  if (somebody.state === "gone") others.delete(key);
  else others.set(key, somebody);
  draw();
}

/** The stream begins anew and tells everybody who is there. */
export function forget() {
  others.clear();
  draw();
}

const DOES = { viewing: "is looking", typing: "is writing a reply", noting: "is writing a note" };

function draw() {
  const here = [...others.values()].filter(({ thread }) => String(thread) === document.body.dataset.thread);
  const line = document.getElementById("present");
  if (line) line.textContent = here.map(({ name, who, state }) => (who || state === "viewing" ? `${name} ${DOES[state]}` : `${name || "The customer"} is typing`)).join(" · ");
  for (const mark of document.querySelectorAll("#rows .present")) mark.remove();
  for (const somebody of others.values()) {
    const row = document.getElementById(`row-${somebody.thread}`)?.querySelector(".where");
    if (!row || !somebody.who) continue;
    const words = Object.assign(document.createElement("span"), { className: `present ${somebody.state}`, textContent: ` · ${somebody.name} ${DOES[somebody.state]}` });
    row.append(words);
  }
}
