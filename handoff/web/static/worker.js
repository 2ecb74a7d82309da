// Shared by all tabs of this browser, so that together they keep one stream open: browsers allow six connections.

import { listen } from "./source.js";

const MOST = 40; // places that the server tells one stream of; a tab beyond them looks by itself once a minute

const tabs = new Map(); // each with the place of its list; `null`: it shows none
const present = new Map(); // who is where, for tabs that come later
let last = null;

const stream = listen((name, data, moment) => {
  last = name;
  if (name === "resync") present.clear();
  if (name === "presence") present.set(`${data.thread} ${data.who}`, data);
  for (const tab of tabs.keys()) tab.postMessage({ name, data, moment });
});

self.onconnect = ({ ports: [tab] }) => {
  tabs.set(tab, null);
  tab.onmessage = ({ data }) => {
    if (data.read) return [...tabs.keys()].forEach((other) => other === tab || other.postMessage({ name: "read", data: data.read }));
    if (data === "bye") tabs.delete(tab);
    else tabs.set(tab, data.at);
    stream.follow([...new Set(tabs.values())].filter((place) => place !== null).slice(0, MOST).sort());
  };
  for (const data of present.values()) tab.postMessage({ name: "presence", data });
  if (last === "down" || last === "refused") tab.postMessage({ name: last });
};
