// What came while the agent looks elsewhere: a count in the title, a dot on the icon, and, as they wish, a notice and a sound.

const AGAIN = 30_000; // milliseconds: one notice of a case in so long, in all tabs together

const form = () => document.getElementById("notices-form");
const unread = () => [...document.querySelectorAll("#rows > li.unread")];

let known = new Map();
let list = "";
let icon = "";

export function startNotices() {
  if (!form()) return;
  icon = document.querySelector("link[rel=icon]").href;
  form().addEventListener("change", keep);
  document.getElementById("notices-try").addEventListener("click", tryIt);
  document.addEventListener("shown", look);
  look();
}

function keep() {
  fetch(form().action, { method: "POST", body: new URLSearchParams(new FormData(form())), redirect: "manual" }).catch(() => {});
}

async function tryIt() {
  if ("Notification" in globalThis && Notification.permission === "default") await Notification.requestPermission();
  tell("This is a notice", "It looks like this when something new comes.", "try");
}

function look() {
  const rows = unread();
  document.title = (rows.length ? `(${rows.length}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  document.querySelector("link[rel=icon]").href = rows.length ? document.getElementById("notices").dataset.dot : icon;
  const isSame = list === location.search;
  list = location.search;
  for (const row of rows) if (isSame && !known.has(row.id) && isWanted(row)) once(row);
  known = new Map(rows.map((row) => [row.id, true]));
}

function isWanted(row) {
  const about = form().elements.about.value;
  return about === "all" || (about === "mine" && row.querySelector(".who").textContent.trim() === "You");
}

function once(row) {
  const place = `noticed:${row.id}`;
  if (Date.now() - Number(localStorage.getItem(place)) < AGAIN) return;
  localStorage.setItem(place, Date.now());
  tell(row.querySelector(".name").textContent, row.querySelector(".what").textContent, row.id);
}

function tell(title, body, tag) {
  if ("Notification" in globalThis && Notification.permission === "granted") new Notification(title, { body, tag });
  if (form().elements.sound.checked) sound();
}

function sound() {
  const air = new AudioContext();
  const tone = new OscillatorNode(air, { frequency: 660 });
  const volume = new GainNode(air, { gain: 0.12 });
  volume.gain.exponentialRampToValueAtTime(0.001, air.currentTime + 0.4);
  tone.connect(volume).connect(air.destination);
  tone.start();
  tone.stop(air.currentTime + 0.4);
  tone.onended = () => air.close();
}
