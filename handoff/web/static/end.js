// The end of what was said: whoever reads there stays there, also when a picture arrives and makes the log longer.

const NEAR = 40; // pixels

const log = () => document.getElementById("log");

let reading = true;
let last = 0; // how far the log was scrolled

export function startEnd() {
  toEnd();
  document.addEventListener("scroll", ({ target }) => target.id === "log" && scrolled(target), true);
  document.addEventListener("load", ({ target }) => reading && target.closest?.("#log") && toEnd(), true);
}

export const isAtEnd = () => reading;

export function toEnd() {
  if (!log()) return;
  reading = true;
  log().scrollTop = log().scrollHeight;
  last = log().scrollTop;
  hide();
}

/** Only who scrolls up leaves the end; a log that became longer takes nobody away from it. */
function scrolled({ scrollTop, scrollHeight, clientHeight }) {
  const isThere = scrollHeight - scrollTop - clientHeight < NEAR;
  reading = isThere || (reading && scrollTop >= last);
  last = scrollTop;
  if (isThere) hide();
}

function hide() {
  const button = document.getElementById("newer");
  if (button) button.hidden = true;
}
