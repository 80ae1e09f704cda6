/**
 * The word that somebody most likely meant: the nearest of `words`, letter case ignored, when fewer than half of its letters
 * and at most three differ; the first of equally near ones. `undefined` where none is near.
 */
export function nearest(word: string, words: readonly string[]): string | undefined {
  // Longer than any of ours: not a slip of the pen, and the distance would be costly.
  if (word.length > 64) return undefined;
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of words) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    const isNear = distance <= Math.min(3, Math.max(1, Math.floor((candidate.length - 1) / 2)));
    if (isNear && (best === undefined || distance < best.distance)) best = { word: candidate, distance };
  }
  return best?.word;
}

/** Levenshtein's distance: how many letters must be added, taken away or replaced. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    above = line;
  }
  return above[to.length] ?? 0;
}
