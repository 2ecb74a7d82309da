// How well words answer to what was typed: 0 not at all, more is better.

export function fits(typed, words, { loose = true } = {}) {
  const [query, text] = [typed.trim().toLowerCase(), words.toLowerCase()];
  if (!query) return 1;
  const at = text.indexOf(query);
  if (at === 0) return 5;
  if (at > 0) return /[\s/]/.test(text[at - 1]) ? 4 : 3;
  if (query.split(/\s+/).every((word) => text.includes(word))) return 2;
  return loose && isSpread(query.replace(/\s/g, ""), text) ? 1 : 0;
}

/** Whether the letters are there in this order, each at the start of a word or right after the one before. */
function isSpread(query, text) {
  let from = 0;
  for (const letter of query) {
    const next = text[from] === letter ? from : text.indexOf(` ${letter}`, from) + 1;
    if (!next && text[0] !== letter) return false;
    from = next + 1;
  }
  return true;
}

/** The best first; what does not fit is left out, and what fits as well keeps its order. */
export function best(typed, items, wordsOf, options) {
  const scored = items.map((item) => ({ item, score: fits(typed, wordsOf(item), options) })).filter(({ score }) => score);
  return scored.sort((one, other) => other.score - one.score).map(({ item }) => item);
}
