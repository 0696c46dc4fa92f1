import { z } from "zod";
import { DURATION_FORM, parseDuration } from "../base/units.ts";

/** The longest time that a timer holds: 596 hours, as in the config. */
const MAX_TTL_MS = parseDuration("596h");
const TTL_FORM = `${DURATION_FORM}, from 1ms to 596h`;

/** How long something holds, in ms; written as in the config. */
export const ttl = z.string({ error: TTL_FORM }).transform((text, context) => {
  const ms = read(text);
  if (ms !== undefined && ms >= 1 && ms <= MAX_TTL_MS) return ms;
  context.addIssue(TTL_FORM);
  return z.NEVER;
}).describe('How long it holds, as "10m"; then the config\'s value returns. Without it, for good.');

function read(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch {
    return undefined; // said by the issue
  }
}
