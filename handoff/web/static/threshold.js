// Moving the threshold says at once what it costs and saves: the table below knows every place where it can stand.

const form = document.getElementById("thresholds");

form?.querySelector("button").remove();
form?.addEventListener("submit", (event) => event.preventDefault());
form?.elements.threshold.addEventListener("input", ({ target }) => {
  const row = document.querySelector(`#every-threshold [data-at="${Number(target.value).toFixed(2)}"]`);
  const figures = document.querySelectorAll("#at-threshold b");
  figures.forEach((figure, column) => (figure.textContent = row.cells[column].textContent.trim()));
  target.setAttribute("aria-valuetext", document.getElementById("at-threshold").textContent);
});
