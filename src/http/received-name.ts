import type { Buffer } from "node:buffer";
import { type FieldName, fieldName, WELL_KNOWN_NAMES } from "./field-name.ts";
import { isLowerTextAt, latin1, LOWER } from "./latin1.ts";

/** Places for names; half of them are filled at most, so that most searches end at the first. */
const SLOTS = 4096, MAX_NAMES = SLOTS / 2;
/** Places that one name may stand in. Clients choose the names, and could choose many for one place. */
const MAX_PROBES = 4;
/** A longer name is not remembered, and not looked for. */
const MAX_NAME_BYTES = 64;

const slots: (FieldName | undefined)[] = new Array(SLOTS).fill(undefined);
let held = 0;
for (const name of WELL_KNOWN_NAMES) put(fieldName(name)); // first, so that no client can take their places

/**
 * What is known of the field whose name stands in `bytes` between `from` and `to`, in any case. A name that was seen
 * before is told by its bytes; text is made only of one that was not, or that finds no place.
 */
export function receivedName(bytes: Buffer, from: number, to: number): FieldName {
  if (to - from > MAX_NAME_BYTES) return fieldName(latin1(bytes, from, to));
  let hash = to - from;
  for (let i = from; i < to; i++) hash = mixed(hash, LOWER[bytes[i]!]!);
  const first = placeOf(hash);
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const found = slots[(first + probe) % SLOTS];
    if (found === undefined) break;
    if (isLowerTextAt(found.lower, bytes, from, to)) return found;
  }
  const name = fieldName(latin1(bytes, from, to));
  if (held < MAX_NAMES) put(name);
  return name;
}

/** Remembers `name` where one of its places is free. */
function put(name: FieldName): void {
  const { lower } = name;
  let hash = lower.length;
  for (let i = 0; i < lower.length; i++) hash = mixed(hash, lower.charCodeAt(i));
  const first = placeOf(hash);
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const slot = (first + probe) % SLOTS;
    if (slots[slot] !== undefined) continue;
    slots[slot] = name;
    held++;
    return;
  }
}

function mixed(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

function placeOf(hash: number): number {
  return (hash ^ (hash >>> 12)) & (SLOTS - 1);
}
