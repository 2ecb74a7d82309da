// Shared by all tabs of this browser, so that together they keep one stream open: browsers allow six connections.

import { listen } from "./source.js";

const tabs = new Set();
let last = null;

listen((name, data) => {
  last = name;
  for (const tab of tabs) tab.postMessage({ name, data });
});

self.onconnect = ({ ports: [tab] }) => {
  tabs.add(tab);
  tab.onmessage = ({ data }) => (data === "bye" ? tabs.delete(tab) : tabs.add(tab));
  if (last === "down" || last === "refused") tab.postMessage({ name: last });
};
