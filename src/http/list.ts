/** The members of a comma-separated list, in lower case, empty ones left out (RFC 9110 §5.6.1). */
export function listMembers(value: string): string[] {
  return value.toLowerCase().split(",").map(trimBlanks).filter((member) => member !== "");
}

/** Whether a comma-separated list has more than `most` members, empty ones included; looks at no more than those. */
export function hasMoreMembers(list: string, most: number): boolean {
  let comma = -1;
  for (let members = 0; members < most; members++) {
    comma = list.indexOf(",", comma + 1);
    if (comma === -1) return false;
  }
  return true;
}

/**
 * `text` without the blanks and tabs around it (OWS, RFC 9110 §5.6.3). `trim` would take a no-break space away as
 * well, and find a name where others see none; a regular expression takes time that grows with the square.
 */
export function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Whether a character or byte is a blank or a tab. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
