// Whoever watches a training to its end is brought to where its version is compared.

const training = document.getElementById("training");
let then = training.dataset.then;
let runs = training.hasAttribute("data-runs");

document.addEventListener("shown", () => {
  const now = training.dataset.then;
  if (now && now !== then && runs) location.assign(now); // its training has ended, and not only what is at work changed
  then = now;
  runs = training.hasAttribute("data-runs");
});
