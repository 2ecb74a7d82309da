// Files that go with a message: they are sent with it at once, and stay in the form, with the words, until they arrived.

import { parse } from "./live.js";

/** Sends the form. Why that was refused, in the page's language; nothing if it arrived. */
async function post(form, id) {
  const { largest, large, lost } = form.elements.files.dataset;
  if ([...form.elements.files.files].some(({ size }) => size > Number(largest))) return drop(form.elements.files, large), large;
  const body = new FormData(form);
  body.set("client_id", id);
  const answer = await fetch(`${location.pathname}/say${location.search}`, { method: "POST", body, redirect: "manual" }).catch(() => null);
  if (answer?.type === "opaqueredirect") return "";
  const page = answer && answer.status < 500 && parse(await answer.text());
  const refused = page && page.getElementById("files")?.dataset.refused;
  const why = page ? page.querySelector("[role=alert]")?.textContent.trim() ?? page.querySelector("main p")?.textContent ?? lost : lost;
  if (refused) drop(form.elements.files, why);
  return why;
}

/** Takes what was refused out of the field, so that the rest, and the words, can go: the files named, or all. */
function drop(field, why) {
  const kept = new DataTransfer();
  const { largest, large } = field.dataset;
  const chosen = [...field.files];
  const bad = chosen.filter(({ name, size }) => (why === large ? size > Number(largest) : why.includes(name)));
  for (const file of chosen) if (bad.length && !bad.includes(file)) kept.items.add(file);
  field.files = kept.files;
}

const signature = (form) => JSON.stringify([form.elements.text.value, ...[...form.elements.files.files].map(({ name, size }) => [name, size])]);

let tried;

/** Whether it arrived. The same words with the same files have one id, however often they are sent. */
export async function sendFiles(form, newId) {
  if (tried?.what !== signature(form)) tried = { what: signature(form), id: newId() };
  const button = form.querySelector("button.main");
  button.disabled = true;
  const why = await post(form, tried.id);
  button.disabled = false;
  form.querySelector("[role=alert]")?.remove();
  if (!why) return form.reset(), true;
  const alert = Object.assign(document.createElement("p"), { className: "alert", textContent: why });
  alert.setAttribute("role", "alert");
  form.prepend(alert);
  return false;
}
