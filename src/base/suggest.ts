/** A longer word is no slip of the hand, and comparing takes the product of two lengths. */
const MAX_LENGTH = 256;

/**
 * The candidate that `word` is most likely a misspelling of, or `undefined` when none is near.
 *
 * Near means: one edit, or one for every three letters of a longer word. Case does not count, nor does it
 * matter whether words are joined by `-` or `_`.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const wanted = fold(word);
  let best: string | undefined;
  let least = word.length < 2 ? 0 : Math.max(1, Math.floor(word.length / 3));
  for (const candidate of candidates) {
    const other = fold(candidate);
    const edits = isAbbreviation(wanted, other) ? 1 : distance(wanted, other);
    if (edits < least || (edits === least && best === undefined)) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}

/** Whether one word is the other cut short, as "warn" is of "warning"; that counts as one edit. */
function isAbbreviation(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 3 && a !== b && (a.startsWith(b) || b.startsWith(a));
}

/** Edit distance where inserting, deleting, replacing and swapping two neighbours cost one each. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
