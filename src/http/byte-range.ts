/** A part of a representation: from its byte `from` up to, without, `to`. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

const RANGE = /^bytes[ \t]*=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i;

/**
 * The one range that a Range field asks for of `length` bytes (RFC 9110 §14.1.2): undefined where it is not of bytes, is
 * none, or asks for several, which a server may answer with everything; `"none"` where no byte is in it.
 */
export function parseByteRange(value: string, length: number): ByteRange | "none" | undefined {
  const match = RANGE.exec(value);
  if (match === null) return undefined;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    const bytes = Math.min(Number(suffix), length);
    return bytes === 0 ? "none" : { from: length - bytes, to: length };
  }
  const from = Number(first);
  const to = last === "" ? length : Math.min(Number(last) + 1, length);
  if (last !== "" && Number(last) < from) return undefined;
  return from >= length ? "none" : { from, to };
}

/** Whether a Range field asks for more than one range of bytes. */
export function asksForSeveral(value: string): boolean {
  return /^bytes[ \t]*=.*,/i.test(value);
}
