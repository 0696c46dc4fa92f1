/**
 * Offsets of the brackets in a text of TOML that nothing closes; those in texts and comments do not count. Ends where
 * more than `most` are open, the last of which is then the one too many.
 */
export function findOpenBrackets(text: string, most = Infinity): number[] {
  const open: number[] = [];
  for (let at = 0; at < text.length; at = skipString(text, at)) {
    const character = text[at]!;
    if (character === "[" || character === "{") {
      if (open.push(at) > most) break;
    } else if (character === "]" || character === "}") open.pop();
  }
  return open;
}

/** The offset after the text or the comment that begins at `at`, else after that one character. */
export function skipString(text: string, at: number): number {
  const first = text[at];
  if (first === "#") return endOfLine(text, at);
  if (first !== '"' && first !== "'") return at + 1;
  const quote = text.startsWith(first.repeat(3), at) ? first.repeat(3) : first;
  for (let end = at + quote.length; end < text.length; end++) {
    if (text.startsWith(quote, end)) return end + quote.length;
    if (text[end] === "\\" && first === '"') end++;
    else if (text[end] === "\n" && quote === first) return end; // a text without its closing quote
  }
  return text.length;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end;
}

/** The offset in a text of TOML after which there are more than `most` values; undefined where there are fewer. */
export function findTooMany(text: string, most: number): number | undefined {
  let count = 0;
  for (let at = 0; at < text.length; at = skipString(text, at)) {
    if ((text[at] === "=" || text[at] === ",") && ++count > most) return at;
  }
  return undefined;
}
