// Shared by all tabs of this browser, so that together they keep one stream open: browsers allow six connections.

import { listen } from "./source.js";

const tabs = new Set();
const present = new Map(); // who is where, for tabs that come later
let last = null;

listen((name, data, moment) => {
  last = name;
  if (name === "resync") present.clear();
  if (name === "presence") present.set(`${data.thread} ${data.who}`, data);
  for (const tab of tabs) tab.postMessage({ name, data, moment });
});

self.onconnect = ({ ports: [tab] }) => {
  tabs.add(tab);
  tab.onmessage = ({ data }) => (data === "bye" ? tabs.delete(tab) : tabs.add(tab));
  for (const data of present.values()) tab.postMessage({ name: "presence", data });
  if (last === "down" || last === "refused") tab.postMessage({ name: last });
};
