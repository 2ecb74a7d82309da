// A form whose answer takes long says so from the click on, and is sent once.

document.addEventListener("submit", ({ target }) => tell(target, true));

/** Whoever comes back to the page, by the browser's own button, finds the form as it was. */
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form:has(.waiting)")) tell(form, false);
});

function tell(form, waits) {
  const words = form.querySelector(".waiting");
  if (!words) return;
  words.textContent = waits ? words.dataset.words : "";
  form.querySelector("button").disabled = waits;
}
