import type { Buffer } from "node:buffer";
import { CLASS } from "./chars.ts";

/** Bytes of letters in lower case, all others as they are. */
export const LOWER: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte,
);

/** Up to this many letters are put together faster here than by a call into the runtime. */
const FEW_LETTERS = 8;

/** The text of `bytes` between `from` and `to`: a character for each byte, in memory of its own. */
export function latin1(bytes: Buffer, from: number, to: number): string {
  if (to - from > FEW_LETTERS) return (bytes as Latin1Buffer).latin1Slice(from, to);
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** What `toString("latin1")` calls at last; called straight, it takes a third of the time. */
interface Latin1Buffer extends Buffer {
  latin1Slice(from: number, to: number): string;
}

/** Whether `text` stands in `bytes` between `from` and `to`. */
export function isTextAt(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let i = from; i < to; i++) if (bytes[i] !== text.charCodeAt(i - from)) return false;
  return true;
}

/** Whether `lower`, which is in lower case, stands there in any case. */
export function isLowerTextAt(lower: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (lower.length !== to - from) return false;
  for (let i = from; i < to; i++) if (LOWER[bytes[i]!] !== lower.charCodeAt(i - from)) return false;
  return true;
}

/** Whether every byte between `from` and `to` has the flag of `CLASS`; false where there is none. */
export function areBytesOf(flag: number, bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((CLASS[bytes[i]!]! & flag) === 0) return false;
  return to > from;
}
