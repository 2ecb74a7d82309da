// Files that go with a message: they are sent with it at once, and stay in the form, with the words, until they arrived.

import { parse } from "./live.js";

/** Sends the form. Why that was refused, in the page's language; nothing if it arrived. */
async function post(form, id) {
  const { largest, large, lost } = form.elements.files.dataset;
  if ([...form.elements.files.files].some(({ size }) => size > Number(largest))) return large;
  const body = new FormData(form);
  body.set("client_id", id);
  const answer = await fetch(`${location.pathname}/say${location.search}`, { method: "POST", body, redirect: "manual" }).catch(() => null);
  if (answer?.type === "opaqueredirect") return "";
  const page = answer && answer.status < 500 && parse(await answer.text());
  return page ? page.querySelector("[role=alert]")?.textContent.trim() ?? page.querySelector("main p")?.textContent ?? lost : lost;
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
