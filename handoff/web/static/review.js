// Answers in the review without loading the page anew: the next text has the focus at once.

import { morph } from "./morph.js";
import { ask } from "./page.js";

const part = () => document.getElementById("review");

let busy = false; // a key that comes before the answer was meant for a text that is not shown yet

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-review]")) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  const field = form.contains(document.activeElement) && document.activeElement.matches("input[type=text]") ? document.activeElement : null;
  const card = form.closest(".cards > li");
  const after = (card?.nextElementSibling ?? card?.previousElementSibling)?.id;
  const sent = new URLSearchParams(new FormData(form, event.submitter));
  card?.setAttribute("aria-busy", "true");
  const { response, page } = await ask(form.action, { method: "POST", body: sent }).catch(() => ({}));
  card?.removeAttribute("aria-busy");
  busy = false;
  const fresh = page?.getElementById("review");
  if (!fresh) return response && new URL(response.url).pathname === "/login" ? location.assign(response.url) : failed();
  morph(part(), fresh);
  if (!response.ok && field?.isConnected) return putRight(field);
  focus(fresh.dataset.back ? `u-${fresh.dataset.back}` : null, response.ok ? after : card?.id);
});

/** On what came back, or else on the next text; when none is left, on the words that say so. */
function focus(back, next) {
  const found = [back, next].map((id) => id && document.getElementById(id)).find(Boolean);
  (found ?? part().querySelector(".cards > li, #nothing"))?.focus();
}

/** What was typed is put right where it stands, and why is in sight. */
function putRight(field) {
  document.getElementById("problem")?.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", "problem");
  field.focus({ preventScroll: true });
}

function failed() {
  document.getElementById("progress").textContent = "That did not work. Try again in a moment.";
}
