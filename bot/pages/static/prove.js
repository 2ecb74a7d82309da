// The page of a code: copying it, and going on as soon as it was posted.

import { follow, parse } from "./live.js";

const code = document.getElementById("code");
const copy = document.getElementById("copy");
const form = document.getElementById("enter");

if (code) {
  document.getElementById("waits").hidden = false;
  follow(code.dataset.live, async () => {
    const answer = await fetch(code.dataset.page, { headers: { Accept: "text/html" } });
    if (answer.redirected) return location.assign(answer.url);
    if (answer.ok && parse(await answer.text()).querySelector("[data-proven]")) form.requestSubmit();
  });
}

if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("words").value);
    copy.textContent = copy.dataset.done;
  });
}
document.getElementById("words")?.addEventListener("focus", (event) => event.target.select());
