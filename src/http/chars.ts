/** Character classes of HTTP's grammar, as one table of bit flags indexed by byte. */

/** tchar (RFC 9110 §5.6.2). */
export const TOKEN = 1;
/** What a field value may hold besides its ends: VCHAR, SP, HTAB and obs-text (RFC 9110 §5.5). */
export const VALUE = 2;
/** What a request target may hold: any visible byte except `#` (RFC 9112 §3.2), and obs-text, passed on as it is. */
export const TARGET = 4;
/** What a host name may hold: unreserved characters only (RFC 3986 §3.2.2, less escapes and sub-delims). */
export const HOST_NAME = 8;
/** HEXDIG. */
export const HEX = 16;
/** DIGIT. */
export const DIGIT = 32;

/** Bit flags of every byte. */
export const CLASS: Uint8Array = createTable();

/** Whether every character of `text` has the flag; false for the empty string. */
export function consistsOf(text: string, flag: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || (CLASS[code]! & flag) === 0) return false;
  }
  return text.length > 0;
}

/** Whether `text` is a token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return consistsOf(text, TOKEN);
}

function createTable(): Uint8Array {
  const table = new Uint8Array(256);
  const add = (characters: string, flag: number) => {
    for (const character of characters) table[character.charCodeAt(0)]! |= flag;
  };
  const digits = "0123456789";
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  add(`!#$%&'*+-.^_\`|~${digits}${letters}`, TOKEN);
  add(`-._~${digits}${letters}`, HOST_NAME);
  add(`${digits}abcdefABCDEF`, HEX);
  add(digits, DIGIT);
  for (let code = 0x20; code < 0x100; code++) {
    if (code === 0x7f) continue;
    table[code]! |= VALUE;
    if (code !== 0x20 && code !== 0x23) table[code]! |= TARGET;
  }
  table[0x09]! |= VALUE;
  return table;
}
