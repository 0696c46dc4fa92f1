import { trimBlanks } from "./list.ts";

/**
 * How often a message came by a proxy called `name`, by its Via: each member is `protocol name`, and perhaps a
 * comment (RFC 9110 §7.6.3). Names are compared without case.
 */
export function timesVia(via: string, name: string): number {
  return count(via, (member) => {
    const protocolEnd = endOfWord(member);
    const rest = trimBlanks(member.slice(protocolEnd));
    return rest.slice(0, endOfWord(rest));
  }, name);
}

/** The same by its CDN-Loop (RFC 8586 §2): each member is a name, and perhaps parameters after a semicolon. */
export function timesLooped(cdnLoop: string, name: string): number {
  return count(cdnLoop, (member) => {
    const end = member.indexOf(";");
    return end === -1 ? member : trimBlanks(member.slice(0, end));
  }, name);
}

function count(list: string, nameOf: (member: string) => string, name: string): number {
  const lower = list.toLowerCase();
  const wanted = name.toLowerCase();
  let times = 0;
  for (let from = 0; from < lower.length;) {
    const comma = lower.indexOf(",", from);
    const to = comma === -1 ? lower.length : comma;
    if (to - from >= wanted.length && nameOf(trimBlanks(lower.slice(from, to))) === wanted) times++;
    from = to + 1;
  }
  return times;
}

function endOfWord(text: string): number {
  let at = 0;
  while (at < text.length && text[at] !== " " && text[at] !== "\t") at++;
  return at;
}
