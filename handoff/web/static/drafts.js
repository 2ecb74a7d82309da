// What was written and not sent, for each thread, kind of text and agent: on this device at each key, on the server soon.

const PAUSE = 1000; // milliseconds after the last key

const name = (mode, thread = document.body.dataset.thread) => `begun:${document.body.dataset.me}:${thread}:${mode}`;
const read = (mode, thread) => JSON.parse(localStorage.getItem(name(mode, thread)) ?? "null");

function write(mode, text, dirty, thread = document.body.dataset.thread) {
  if (text || dirty) localStorage.setItem(name(mode, thread), JSON.stringify({ text, dirty }));
  else localStorage.removeItem(name(mode, thread));
}

export const modeOf = (form) => form.elements.mode.value;

let timer = null;
let saving = Promise.resolve();

export function keep(form) {
  const { thread } = form.dataset;
  write(modeOf(form), form.elements.text.value, true, thread);
  clearTimeout(timer);
  timer = setTimeout(() => save(thread), PAUSE);
}

/** Takes to the server what it does not have yet. What fails stays here and is tried again with the next key or page. */
export function save(thread = document.body.dataset.thread) {
  clearTimeout(timer);
  for (const mode of ["reply", "note"]) {
    const draft = read(mode, thread);
    if (draft?.dirty) saving = saving.then(() => put(thread, mode, draft.text));
  }
  return saving;
}

async function put(thread, mode, text) {
  const body = new URLSearchParams({ mode, text });
  const answer = await fetch(`/inbox/${thread}/draft`, { method: "POST", body, keepalive: body.toString().length < 60_000 }).catch(() => null);
  if (answer?.status === 204 && read(mode, thread)?.text === text) write(mode, text, false, thread);
}

/** What the page brought is true unless something was written here that the server has not seen. */
export function take(form) {
  const { thread } = form.dataset;
  for (const mode of ["reply", "note"]) if (!read(mode, thread)?.dirty) write(mode, form.dataset[mode], false, thread);
}

export function restore(form) {
  form.elements.text.value = read(modeOf(form), form.dataset.thread)?.text ?? "";
}

/** The server forgets it by itself when it takes what is sent; what was on its way there comes first. */
export function drop(mode) {
  clearTimeout(timer);
  write(mode, "", false);
  return Promise.race([saving, new Promise((late) => setTimeout(late, 500))]);
}

/** What the server did not take; a draft that was begun meanwhile stays after it. */
export function giveBack({ thread, mode, text }) {
  const begun = read(mode, thread)?.text;
  write(mode, begun ? `${text}\n${begun}` : text, true, thread);
}
