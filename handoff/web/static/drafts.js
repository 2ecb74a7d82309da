// What was written and not sent, kept on this device for each thread, kind of text and agent.

const name = (mode, thread = document.body.dataset.thread) => `draft:${document.body.dataset.me}:${thread}:${mode}`;

export const modeOf = (form) => form.elements.mode.value;

export function keep(form) {
  const text = form.elements.text.value;
  if (text) localStorage.setItem(name(modeOf(form)), text);
  else localStorage.removeItem(name(modeOf(form)));
}

export function restore(form) {
  form.elements.text.value = localStorage.getItem(name(modeOf(form))) ?? "";
}

export function drop(mode) {
  localStorage.removeItem(name(mode));
}

/** What the server did not take; a draft that was begun meanwhile stays after it. */
export function giveBack({ thread, mode, text }) {
  const begun = localStorage.getItem(name(mode, thread));
  localStorage.setItem(name(mode, thread), begun ? `${text}\n${begun}` : text);
}
