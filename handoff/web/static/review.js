// Answers in the review without loading the page anew: the next text has the focus at once.

import { morph } from "./morph.js";
import { ask } from "./page.js";

const part = () => document.getElementById("review");

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-review]")) return;
  event.preventDefault();
  const card = form.closest(".cards > li");
  const after = (card?.nextElementSibling ?? card?.previousElementSibling)?.id;
  const sent = new URLSearchParams(new FormData(form, event.submitter));
  card?.setAttribute("aria-busy", "true");
  const { response, page } = await ask(form.action, { method: "POST", body: sent }).catch(() => ({}));
  card?.removeAttribute("aria-busy");
  const fresh = page?.getElementById("review");
  if (!fresh) return response ? location.assign(response.url) : failed();
  morph(part(), fresh);
  focus(fresh.dataset.back ? `u-${fresh.dataset.back}` : null, response.ok ? after : card?.id);
});

/** On what came back, or else on the next text; when none is left, on the words that say so. */
function focus(back, next) {
  const found = [back, next].map((id) => id && document.getElementById(id)).find(Boolean);
  (found ?? part().querySelector(".cards > li, #nothing"))?.focus();
}

function failed() {
  document.getElementById("progress").textContent = "That did not work. Try again in a moment.";
}
