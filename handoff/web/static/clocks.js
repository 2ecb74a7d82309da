// Counts down what is due, from the moments that the server gave. Nobody is asked: the words are those of chips.py.

const ICONS = { calm: "clock", soon: "timer", late: "circle-alert" };
const SECOND = 1000;
const MINUTE = 60;
const SIZES = [[86_400, "days"], [3600, "h"]];

export function startClocks() {
  setInterval(() => countDown(document), SECOND);
}

export function countDown(root) {
  for (const chip of root.querySelectorAll("[data-due]")) show(chip);
}

function show(chip) {
  const left = Math.trunc((Date.parse(chip.dataset.due) - Date.now()) / SECOND);
  const state = Date.now() >= Date.parse(chip.dataset.due) ? "late" : Date.now() >= Date.parse(chip.dataset.soon) ? "soon" : "calm";
  const said = words(chip.dataset.clock, state, left);
  const text = chip.querySelector("span");
  if (text.textContent === said) return;
  text.textContent = said;
  chip.className = `chip ${state}`;
  const drawing = chip.querySelector("use");
  drawing.setAttribute("href", drawing.getAttribute("href").replace(/#.*/, `#${ICONS[state]}`));
}

function words(name, state, left) {
  if (state === "late") return `${name} overdue${left <= -MINUTE ? ` by ${lasting(-left, Math.floor)}` : ""}`;
  return `${name}${state === "soon" ? " soon," : ""} in ${lasting(left, Math.ceil)}`;
}

function lasting(seconds, round) {
  const [size, name] = SIZES.find(([size]) => seconds >= 2 * size) ?? [MINUTE, "min"];
  return `${Math.max(1, round(seconds / size))} ${name}`;
}
