// Shows times in the reader's time zone, and tells forms which one that is; the server knows only UTC.

import { countDown } from "./clocks.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export function localise(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.textContent = (moment.toDateString() === today ? clock : day).format(moment);
  }
  countDown(root);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const field of root.querySelectorAll("input[name=zone]")) field.value = zone;
}
