// Where the reader is in a thread, kept while the thread grows.

import { isAtEnd, toEnd } from "./end.js";

/** Where the reader is in the thread. */
export function place() {
  const log = document.getElementById("log");
  return log && { atEnd: isAtEnd(), seq: Number(log.dataset.lastSeq) };
}

/** The reader stays where they are: at the end if they were there, and else beside a button that says there is more. */
export function keepPlace(before, isOther) {
  const log = document.getElementById("log");
  if (!log) return;
  const hasMore = before && !isOther && Number(log.dataset.lastSeq) > before.seq;
  if (isOther || !before || before.atEnd) toEnd();
  else if (hasMore) document.getElementById("newer").hidden = false;
  if (hasMore) announce(log.querySelector("#team > li:last-child"));
}

/** One line for those who listen to the page: the thread itself would be read aloud again and again. */
function announce(item) {
  const name = item?.matches(".customer") && item.querySelector(".by b").textContent;
  if (name) document.getElementById("said").textContent = `New message from ${name}`;
}
